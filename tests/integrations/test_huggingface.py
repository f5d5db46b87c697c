"""The callback of the transformers Trainer: what reaches its trackers, and what is left behind."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch

transformers = pytest.importorskip("transformers", reason="needs transformers, extra 'hf'")
pytest.importorskip("accelerate", reason="the Trainer needs accelerate, extra 'hf'")

from actlab.diagnose import huggingface  # noqa: E402

SAMPLES, BATCH = 32, 4


class Model(torch.nn.Module):
    """Any module will do for the Trainer that returns a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.Tanh()
        )
        self.head = torch.nn.Linear(8, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None):
        output = self.head(self.body(x)).squeeze(-1)
        loss = (output - labels).square().mean() if labels is not None else None
        return {"loss": loss, "logits": output}


class Samples(torch.utils.data.Dataset):
    """Random numbers, one of them possibly infinite."""

    def __init__(self, bad: bool = False) -> None:
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(SAMPLES, 4, generator=generator)
        if bad:
            self.x[::4] = torch.inf

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"x": self.x[index], "labels": self.x[index].sum().nan_to_num(0, 0, 0)}


def trainer(folder, model=None, bad=False, callbacks=None, **options):
    options = {
        "num_train_epochs": 2, "logging_steps": 4, "report_to": "none", "save_strategy": "no",
        "per_device_train_batch_size": BATCH, "use_cpu": True, "disable_tqdm": True,
    } | options  # fmt: skip
    return transformers.Trainer(
        model or Model(),
        transformers.TrainingArguments(str(folder), **options),
        train_dataset=Samples(bad), eval_dataset=Samples(), callbacks=callbacks,
    )  # fmt: skip


def logged(run) -> list[int]:
    """Steps at which numbers of actlab stand beside the loss."""
    ours = [row for row in run.state.log_history if "actlab/alarms" in row]
    assert all("loss" in row for row in ours)
    return [row["step"] for row in ours]


def hooks(model: torch.nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


def test_numbers_join_the_history_and_the_trackers(tmp_path, monkeypatch) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard, extra 'track'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "events"))
    run = trainer(tmp_path, report_to="tensorboard", eval_strategy="steps", eval_steps=4)
    callback = huggingface.MonitorCallback(every=2).attach(run)
    run.train()
    assert logged(run) == [4, 8, 12, 16]
    # A window, and nothing of the evaluation between.
    assert (callback.report.steps, callback.report.observed) == (4, 2)
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    points = events.Scalars("train/actlab/alarms")
    assert [point.step for point in points] == [4, 8, 12, 16]
    dead = {name for name in events.Tags()["scalars"] if name.endswith("/dead")}
    assert dead == {
        f"train/{name}" for name in run.state.log_history[0] if name.endswith("/dead")
    }  # fmt: skip
    assert dead


def test_model_and_checkpoint_are_what_they_are_without_it(tmp_path) -> None:
    def trained(folder, watch):
        torch.manual_seed(0)
        model = Model()
        run = trainer(folder, model, save_strategy="steps", save_steps=16)
        if watch:
            huggingface.MonitorCallback(every=2).attach(run)
        run.train()
        return model, {path.name for path in (folder / "checkpoint-16").iterdir()}

    plain, expected = trained(tmp_path / "a", watch=False)
    watched, files = trained(tmp_path / "b", watch=True)
    assert hooks(watched) == hooks(plain) == 0
    assert set(vars(watched)) == set(vars(plain))
    assert files == expected
    for name, value in watched.state_dict().items():
        assert torch.equal(value, plain.state_dict()[name])
    state = json.loads((tmp_path / "b/checkpoint-16/trainer_state.json").read_text())
    assert "MonitorCallback" not in state["stateful_callbacks"]


def test_an_interval_of_its_own_and_summed_gradients(tmp_path) -> None:
    run = trainer(tmp_path, logging_steps=1, gradient_accumulation_steps=2)
    callback = huggingface.MonitorCallback(every=1, log_every_n_steps=3).attach(run)
    run.train()
    # 16 batches make 8 steps; a window of 3 steps has 6 forward passes.
    assert logged(run) == [3, 6]
    assert callback.report.steps == 6


def test_a_callback_that_would_come_too_late_is_refused(tmp_path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard, extra 'track'")
    callback = huggingface.MonitorCallback(every=2)
    run = trainer(tmp_path, callbacks=[callback], report_to="tensorboard")
    with pytest.raises(ValueError, match="after those that report to tensorboard: leave it out"):
        run.train()
    # Moved to the front, it is there once.
    callback.attach(run)
    assert run.callback_handler.callbacks.count(callback) == 1
    run.train()
    assert logged(run) == [4, 8, 12, 16]


def test_without_trackers_it_may_be_one_of_the_callbacks(tmp_path) -> None:
    run = trainer(tmp_path, callbacks=[huggingface.MonitorCallback(every=2)])
    run.train()
    assert logged(run) == [4, 8, 12, 16]


def test_an_error_leaves_no_hooks_and_a_page(tmp_path) -> None:
    class Broken(Model):
        calls = 0

        def forward(self, x, labels=None):
            self.calls += 1
            if self.calls == 5:
                raise RuntimeError("out of memory")
            return super().forward(x, labels)

    model, page = Broken(), tmp_path / "page.html"
    run = trainer(tmp_path, model)
    callback = huggingface.MonitorCallback(every=1, html=page)
    with pytest.raises(RuntimeError, match="out of memory"), callback.attach(run):
        run.train()
    assert hooks(model) == 0
    assert callback.report.observed == 1
    assert page.exists()


@pytest.mark.parametrize("stop", [True, False])
def test_training_stops_at_nan_where_it_is_to(tmp_path, stop: bool) -> None:
    run = trainer(tmp_path, bad=True, logging_steps=2, logging_nan_inf_filter=False)
    huggingface.MonitorCallback(every=1, stop_on_nonfinite=stop).attach(run)
    if stop:
        with pytest.warns(
            RuntimeWarning, match="actlab stops training at step 2: of 2 forward passes, "
        ):
            run.train()
    else:
        run.train()
    assert run.state.global_step == (2 if stop else 16)


def test_a_module_is_watched_by_its_name(tmp_path) -> None:
    run = trainer(tmp_path)
    callback = huggingface.MonitorCallback(every=2, module="body").attach(run)
    run.train()
    assert callback.report.steps == 4
    run = trainer(tmp_path)
    huggingface.MonitorCallback(module="encoder").attach(run)
    with pytest.raises(ValueError, match="module: Model has no 'encoder'; its modules: body, head"):
        run.train()


def test_other_logs_are_left_alone() -> None:
    callback = huggingface.MonitorCallback()
    for logs in ({"eval_loss": 1.0}, {"train_runtime": 1.0, "train_loss": 1.0}, None):
        before = None if logs is None else dict(logs)
        callback.on_log(None, SimpleNamespace(global_step=100), None, logs=logs)
        assert logs == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"log_every_n_steps": -1}, "log_every_n_steps must be at least 1, got -1"),
        ({"html": "no/such/folder/page.html"}, "html: the folder 'no/such/folder' does not exist"),
        ({"html": "/"}, "html must be a file, and '/' is a folder"),
    ],
)
def test_bad_options_are_refused_before_the_run(options, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        huggingface.MonitorCallback(**options)
    with pytest.raises(TypeError, match="every must be an integer, got 2.5"):
        huggingface.MonitorCallback(every=2.5)
