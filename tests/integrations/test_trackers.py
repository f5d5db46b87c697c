"""The numbers of a report reach trackers under their names."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import math
import subprocess
import sys

import pytest

from actlab.core import MissingExtraError
from actlab.diagnose import huggingface, lightning, trackers
from actlab.diagnose.report import Report, SiteReport, Verdict

SITE = SiteReport(
    name="body.act", function="relu", kind="module", how="module", owner="", producer="body.lin",
    shape=(16, 4), channel_dim=1, units=4, dtype="float32", device="cpu", calls=2, samples=32,
    mean=0.4, std=0.6, input_mean=0.0, input_std=1.0, shift=0.5, zero_slope=0.5, small_slope=0.5,
    dead=1, saturated=0, always_on=0, dead_units=(3,), saturated_units=(),
    unit_zero_slope=(0.25, 0.25, 0.5, 1.0), unit_small_slope=(0.25, 0.25, 0.5, 1.0),
    unit_mean=(0.5, 0.5, 0.5, 0.0), unit_std=(0.5, 0.5, 0.5, 0.0), flat=True, gain=0.7,
    predicted_gain=None, slope_gain=0.7, predicted_slope_gain=None, gradient_norm=None,
    gradient_rms=None, nonfinite_input=1, nonfinite_output=2, nonfinite_gradient=4,
    nonfinite_step=7, verdicts=(Verdict("alarm", "nonfinite", "3 values are NaN or infinite"),),
)  # fmt: skip

REPORT = Report(
    model="Net", sites=(SITE,), verdicts=(), left_out=(), steps=20, observed=2, every=10,
    gradient_decades=1.5, signal_decades=math.nan,
)  # fmt: skip


class Watching:
    """What the adapters want of a monitor."""

    def report(self) -> Report:
        return REPORT


class Kept:
    """A run that keeps what it is given."""

    def __init__(self) -> None:
        self.logged: list[tuple[dict[str, float], int | None]] = []

    def log(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.logged.append((metrics, step))


def test_nothing_optional_is_imported_before_it_is_asked_for() -> None:
    script = (
        "import sys; from actlab.diagnose import huggingface, lightning, trackers\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    brought = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    optional = {"lightning", "pytorch_lightning", "tensorboard", "trackio", "transformers", "wandb"}
    assert "actlab" in brought
    assert not optional & set(brought)


@pytest.mark.parametrize(("module", "extra"), [(lightning, "lightning"), (huggingface, "hf")])
def test_missing_trainers_are_named(module, extra: str, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    module._callback.cache_clear()
    with pytest.raises(MissingExtraError, match=rf"pip install 'actlab\[{extra}\]'"):
        _ = module.MonitorCallback
    with pytest.raises(AttributeError, match="has no attribute 'Monitor'"):
        _ = module.Monitor


def test_numbers_have_names_and_what_is_not_known_has_none() -> None:
    found = trackers.numbers(REPORT)
    assert found["actlab/body.act/dead"] == 1.0
    assert found["actlab/body.act/nonfinite"] == 7.0
    assert found["actlab/gradient_decades"] == 1.5
    assert found["actlab/alarms"] == 1.0
    assert "actlab/body.act/gradient_norm" not in found
    assert "actlab/signal_decades" not in found
    assert all(isinstance(value, float) for value in found.values())


def test_infinities_are_kept() -> None:
    loud = dataclasses.replace(SITE, gradient_norm=math.inf)
    report = dataclasses.replace(REPORT, sites=(loud,))
    assert trackers.numbers(report)["actlab/body.act/gradient_norm"] == math.inf


@pytest.mark.parametrize("source", [REPORT, Watching()], ids=["report", "monitor"])
def test_a_run_gets_one_dictionary(source) -> None:
    run = Kept()
    trackers.to_run(source, run, step=30, prefix="net")
    trackers.to_trackio(source, run)
    assert run.logged == [(trackers.numbers(REPORT, "net"), 30), (trackers.numbers(REPORT), None)]


def test_what_has_no_report_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a monitor or a Report, got dict"):
        trackers.to_run({}, Kept())


def test_missing_trackio_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'actlab\[track\]'"):
        trackers.to_trackio(REPORT)


def test_tensorboard_has_scalars_and_histograms(tmp_path) -> None:
    pytest.importorskip("tensorboard", reason="needs tensorboard, extra 'track'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        trackers.to_tensorboard(REPORT, writer, step=3)
        trackers.to_tensorboard(Watching(), writer, step=4)
    events = EventAccumulator(str(tmp_path)).Reload()
    expected = trackers.numbers(REPORT)
    assert set(events.Tags()["scalars"]) == set(expected)
    for name, value in expected.items():
        points = events.Scalars(name)
        assert [point.step for point in points] == [3, 4]
        # TensorBoard keeps float32.
        assert points[0].value == pytest.approx(value, rel=1e-6)
    histogram = events.Histograms("actlab/body.act/unit_zero_slope")[0].histogram_value
    assert (histogram.num, histogram.min, histogram.max) == (4.0, 0.25, 1.0)


def test_trackio_keeps_them(tmp_path, monkeypatch) -> None:
    # Both are read when trackio is imported, which nothing else in the suite does.
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    trackio = pytest.importorskip("trackio", reason="needs trackio, extra 'track'")
    storage = importlib.import_module("trackio.sqlite_storage").SQLiteStorage
    trackio.init(project="actlab", name="tiny", embed=False, auto_log_gpu=False, auto_log_cpu=False)
    trackers.to_trackio(REPORT, step=3)
    trackio.finish()
    row = storage.get_logs("actlab", "tiny")[0]
    assert row["step"] == 3
    assert {name: row[name] for name in trackers.numbers(REPORT)} == trackers.numbers(REPORT)


def test_trackio_without_a_run_says_so(monkeypatch) -> None:
    trackio = pytest.importorskip("trackio", reason="needs trackio, extra 'track'")
    trackio.context_vars.current_run.set(None)
    with pytest.raises(RuntimeError, match="trackio.init()"):
        trackers.to_trackio(REPORT)
