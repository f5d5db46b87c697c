"""The Lightning callback in short trainings: what is logged, when, and what is left behind."""

from __future__ import annotations

import csv
import pickle

import pytest
import torch

pl = pytest.importorskip("pytorch_lightning", reason="needs pytorch-lightning, extra 'lightning'")

from actlab.diagnose import lightning  # noqa: E402

pytestmark = [
    # Lightning 2.6 with torch 2.13, and its advice about loaders, which depends on the machine.
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is:FutureWarning"),
    pytest.mark.filterwarnings("ignore:(Checkpoint|Experiment logs) directory .* not empty"),
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
]

BATCH, BATCHES = 8, 12


class Net(pl.LightningModule):
    """Calls itself, as the documentation of Lightning does."""

    def __init__(self, bad_at: int | None = None) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.Tanh()
        )
        self.head = torch.nn.Linear(8, 1)
        self.bad_at = bad_at

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))

    def training_step(self, batch, batch_idx):
        (x,) = batch
        if batch_idx == self.bad_at:
            x = x / 0.0
        loss = self(x).square().mean()
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Validated(Net):
    """Has a second use for the model between steps."""

    def validation_step(self, batch, batch_idx):
        self.log("val", self(batch[0]).mean())


class Parts(Net):
    """Calls its parts, never itself."""

    def training_step(self, batch, batch_idx):
        return self.head(self.body(batch[0])).square().mean()


def data() -> torch.utils.data.DataLoader:
    torch.manual_seed(0)
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.randn(BATCH * BATCHES, 4)), batch_size=BATCH
    )


def trainer(folder, *callbacks, **options):
    options = {"max_epochs": 1, "log_every_n_steps": 4, "enable_checkpointing": False} | options
    return pl.Trainer(
        accelerator="cpu", default_root_dir=folder, callbacks=list(callbacks),
        logger=pl.loggers.CSVLogger(folder, name="", version=""), enable_progress_bar=False,
        enable_model_summary=False, **options,
    )  # fmt: skip


def logged(folder) -> dict[int, dict[str, float]]:
    """Numbers of actlab by step; other numbers of a step have a line of their own."""
    found = {}
    with (folder / "metrics.csv").open() as file:
        for row in csv.DictReader(file):
            ours = {k: float(v) for k, v in row.items() if k.startswith("actlab/") and v}
            if ours:
                found[int(row["step"])] = ours
    return found


def hooks(model: torch.nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


def test_numbers_come_when_the_trainer_logs(tmp_path) -> None:
    model, callback = Validated(), lightning.MonitorCallback(every=2)
    run = trainer(tmp_path, callback, max_epochs=2)
    run.fit(model, data(), data())
    found = logged(tmp_path)
    # As the loss, whose first step is 0.
    assert list(found) == [3, 7, 11, 15, 19, 23]
    assert all("actlab/alarms" in values for values in found.values())
    assert any(name.endswith("/dead") for name in found[3])
    # A window, and nothing of the validation between.
    assert (callback.report.steps, callback.report.observed) == (4, 2)


def test_model_and_checkpoint_are_what_they_are_without_it(tmp_path) -> None:
    def trained(*callbacks):
        torch.manual_seed(0)
        model = Validated()
        run = trainer(tmp_path, *callbacks, enable_checkpointing=True)
        run.fit(model, data(), data())
        return model, torch.load(run.checkpoint_callback.best_model_path, weights_only=True)

    (plain, expected), (watched, checkpoint) = (
        trained(),
        trained(lightning.MonitorCallback(every=2)),
    )
    assert hooks(watched) == hooks(plain) == 0
    assert set(vars(watched)) == set(vars(plain))
    assert checkpoint.keys() == expected.keys()
    assert checkpoint["callbacks"].keys() == expected["callbacks"].keys()
    assert checkpoint["state_dict"].keys() == expected["state_dict"].keys()
    for name, value in checkpoint["state_dict"].items():
        assert torch.equal(value, expected["state_dict"][name])


def test_an_interval_of_its_own_and_summed_gradients(tmp_path) -> None:
    callback = lightning.MonitorCallback(every=1, log_every_n_steps=2)
    trainer(tmp_path, callback, accumulate_grad_batches=2).fit(Net(), data())
    # 12 batches make 6 steps; a window of 2 steps has 4 forward passes.
    assert list(logged(tmp_path)) == [1, 3, 5]
    assert callback.report.steps == 4


def test_frequent_logs_do_not_make_looks_more_frequent(tmp_path) -> None:
    callback = lightning.MonitorCallback(every=5)
    trainer(tmp_path, callback, log_every_n_steps=1).fit(Net(), data())
    assert list(logged(tmp_path)) == [4, 9]
    assert (callback.report.steps, callback.report.observed) == (5, 1)


def test_a_trainer_that_never_logs_still_gets_its_page(tmp_path) -> None:
    page = tmp_path / "page.html"
    callback = lightning.MonitorCallback(every=3, html=page)
    trainer(tmp_path, callback, log_every_n_steps=0).fit(Net(), data())
    assert (callback.report.steps, callback.report.observed) == (12, 4)
    assert page.read_text(encoding="utf-8").lstrip().startswith("<!")


def test_an_error_leaves_no_hooks_and_a_page(tmp_path) -> None:
    class Broken(Net):
        def training_step(self, batch, batch_idx):
            if batch_idx == 6:
                raise RuntimeError("out of memory")
            return super().training_step(batch, batch_idx)

    model, page = Broken(), tmp_path / "page.html"
    callback = lightning.MonitorCallback(every=1, html=page)
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer(tmp_path, callback).fit(model, data())
    assert hooks(model) == 0
    assert callback.report.steps == 2
    assert page.exists()


def test_training_stops_at_nan(tmp_path) -> None:
    callback = lightning.MonitorCallback(every=1, log_every_n_steps=2, stop_on_nonfinite=True)
    run = trainer(tmp_path, callback)
    with pytest.warns(
        RuntimeWarning, match="actlab stops training at step 6: of 2 forward passes, "
    ):
        run.fit(Net(bad_at=5), data())
    assert run.global_step == 6


def test_training_goes_on_where_it_was_not_to_stop(tmp_path) -> None:
    run = trainer(tmp_path, lightning.MonitorCallback(every=1))
    run.fit(Net(bad_at=5), data())
    assert run.global_step == BATCHES


def test_a_module_is_watched_by_its_name(tmp_path) -> None:
    callback = lightning.MonitorCallback(every=2, module="body")
    trainer(tmp_path, callback).fit(Parts(), data())
    assert callback.report.steps == 4


def test_an_unknown_module_is_refused(tmp_path) -> None:
    callback = lightning.MonitorCallback(module="model")
    with pytest.raises(ValueError, match="module: Net has no 'model'; its modules: body, head"):
        trainer(tmp_path, callback).fit(Net(), data())


def test_a_module_that_the_training_goes_past_is_refused(tmp_path) -> None:
    class Past(Net):
        def training_step(self, batch, batch_idx):
            return self.head(batch[0].repeat(1, 2)).square().mean()

    model = Past()
    with pytest.raises(ValueError, match=r"name what it calls.*modules of Past: body, head"):
        trainer(tmp_path, lightning.MonitorCallback(module="body")).fit(model, data())
    assert hooks(model) == 0


def test_a_callback_serves_one_training_after_another(tmp_path) -> None:
    callback = lightning.MonitorCallback(every=1)
    for name in ("a", "b"):
        trainer(tmp_path / name, callback).fit(Net(), data())
        assert list(logged(tmp_path / name)) == [3, 7, 11]


def test_the_callback_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(lightning.MonitorCallback(every=7)))
    assert isinstance(copy, lightning.MonitorCallback)
    assert isinstance(copy, pl.Callback)
