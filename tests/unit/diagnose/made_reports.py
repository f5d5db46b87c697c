"""Reports made by hand, as a diagnosis would find them; seeded, so the same every time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from actlab.diagnose.report import Report, SiteReport, Verdict

EVIL = "<script>alert(1)</script>\"'&\u202e\x1b[31m $a_b$ {{x}} [red]\n"
"""A name with everything that some reader could obey."""

DEAD = Verdict(
    "alarm",
    "dead",
    "61 of 512 units are dead: their slope was exactly 0 for all 8192 samples, so nothing before "
    "them learns through them.",
    "Lower the learning rate, or use a function whose slope is nowhere 0 on a whole side.",
    'actlab.swap(model, "leaky_relu", at="features.3")',
)
NOTE = Verdict("note", "shift", "The output lies to one side of zero: its average is 0.62 RMS.")


def make_site(name: str = "features.1", units: int = 64, **changed: Any) -> SiteReport:
    """A healthy ReLU, unless something is changed."""
    random = np.random.default_rng(units)
    zero = tuple(random.normal(0.5, 0.08, units).clip(0.02, 0.98).tolist())
    site = SiteReport(
        name=name, function="relu", kind="activation", how="module", owner="features",
        producer="features.0", shape=(32, units), channel_dim=1, units=units, dtype="float32",
        device="cpu", calls=8, samples=8192, mean=0.399, std=0.584, input_mean=0.0,
        input_std=1.0, shift=0.564, zero_slope=0.5, small_slope=0.5, dead=0, saturated=0,
        always_on=0, dead_units=(), saturated_units=(), unit_zero_slope=zero,
        unit_small_slope=zero, unit_mean=tuple(random.normal(0.4, 0.05, units).tolist()),
        unit_std=tuple(random.normal(0.58, 0.03, units).tolist()), flat=True, gain=0.707,
        predicted_gain=0.7071, slope_gain=0.707, predicted_slope_gain=0.7071,
        gradient_norm=0.031, gradient_rms=6.8e-4, nonfinite_input=0, nonfinite_output=0,
        nonfinite_gradient=0, nonfinite_step=None,
        underflow={"float16": 0.0012, "bfloat16": 0.0}, subnormal={"float16": 0.031},
        zero_gradient=0.5,
    )  # fmt: skip
    return replace(site, **changed)


def make_dead(name: str = "features.3", units: int = 512, dead: int = 61) -> SiteReport:
    """A ReLU some of whose units died, others nearly."""
    random = np.random.default_rng(7)
    zero = random.beta(4, 2.5, units)
    gone = np.sort(random.choice(units, dead, replace=False))
    zero[gone] = 1.0
    mean = np.where(zero == 1, 0.0, 0.4 * (1 - zero))
    return make_site(
        name, units, dead=dead, dead_units=tuple(gone.tolist()), verdicts=(DEAD, NOTE),
        unit_zero_slope=tuple(zero.tolist()), unit_small_slope=tuple(zero.tolist()),
        unit_mean=tuple(mean.tolist()), mean=0.143, std=0.302, zero_slope=0.66, small_slope=0.66,
    )  # fmt: skip


def make_saturated(name: str = "head.tanh", units: int = 256, saturated: int = 40) -> SiteReport:
    """A tanh whose input is too large."""
    random = np.random.default_rng(5)
    small = random.beta(3, 2, units)
    small[:saturated] = 1.0
    alarm = Verdict(
        "alarm", "saturated", f"{saturated} of {units} units are saturated.",
        "Normalise the input of this site.", f'actlab.diagnose.scale(model, "{name}")',
    )  # fmt: skip
    return make_site(
        name, units, function="tanh", flat=False, saturated=saturated,
        saturated_units=tuple(range(saturated)), unit_small_slope=tuple(small.tolist()),
        unit_zero_slope=(0.0,) * units, unit_mean=tuple(random.normal(0, 0.6, units).tolist()),
        mean=0.01, std=0.93, shift=0.011, gain=0.21, predicted_gain=0.22, zero_slope=0.0,
        small_slope=0.61, verdicts=(alarm,),
    )  # fmt: skip


def make_report(sites: tuple[SiteReport, ...], **changed: Any) -> Report:
    """A report of these sites."""
    report = Report(
        model="ConvNet", sites=sites, verdicts=(), left_out=(), steps=1200, observed=12,
        every=100, gradient_decades=0.3, signal_decades=-0.2, overhead=0.013,
        step_seconds=0.021, observed_seconds=0.049,
        environment={"actlab": "0.9", "torch": "2.13.0", "device": "cpu"},
    )  # fmt: skip
    return replace(report, **changed)


def healthy() -> Report:
    """Six sites and nothing to say."""
    sites = tuple(
        make_site(
            f"features.{3 * k + 1}", 32 * 2**k, gradient_norm=0.03 * 1.2**k, mean=0.4 - k / 50
        )
        for k in range(6)
    )
    fine = Verdict("ok", "", "Gradients keep their size from the last site to the first.")
    return make_report(sites, verdicts=(fine,))


def dying() -> Report:
    """61 of 512 units dead, and a saturated head."""
    sites = (make_site("features.1", 64), make_dead(), make_site("features.5", 512),
             make_saturated())  # fmt: skip
    return make_report(sites, left_out=(("rnn", "compiled code shows no single calls"),))


def exploding(depth: int = 24) -> Report:
    """Gradients that grow tenfold with every two layers on their way back."""
    sites = tuple(
        make_site(
            f"blocks.{k}.act", 128, gradient_norm=10 ** ((depth - k) / 2 - 4), std=0.4 * 1.6**k,
            gain=1.6, predicted_gain=1.58,
        )
        for k in range(depth)
    )  # fmt: skip
    grow = Verdict(
        "alarm", "exploding", "Gradients grow 12 decades from the last site to the first.",
        "Initialise for the function that is used.", "actlab.init.init_(model, example)",
    )  # fmt: skip
    return make_report(sites, verdicts=(grow,), gradient_decades=11.5, signal_decades=4.7)


def broken() -> Report:
    """NaN at the fourth of eight sites, and at all that follow."""
    nan = float("nan")
    first = Verdict("alarm", "nonfinite", "NaN appeared at stage.3.act first, in step 7.",
                    "Look at what comes before it: a division or logarithm of 0.")  # fmt: skip
    sites = []
    for k in range(8):
        site = make_site(f"stage.{k}.act", 96)
        if k >= 3:
            site = replace(
                site, mean=nan, std=nan, gain=nan, shift=nan, slope_gain=nan, zero_slope=nan,
                small_slope=nan, input_mean=nan if k > 3 else 0.1, input_std=float("inf"),
                unit_mean=(nan,) * 96, unit_std=(nan,) * 96, unit_zero_slope=(nan,) * 96,
                unit_small_slope=(nan,) * 96, nonfinite_output=3145, nonfinite_step=7,
                nonfinite_input=0 if k == 3 else 3145, gradient_norm=nan, gradient_rms=nan,
                nonfinite_gradient=3145, zero_gradient=nan, underflow={"float16": nan},
                verdicts=(replace(first, text=f"3145 values are NaN, first in step {7}."),),
            )  # fmt: skip
        sites.append(site)
    return make_report(tuple(sites), verdicts=(first,), gradient_decades=None, overhead=None)


def large(sites: int = 150, units: int = 4096) -> Report:
    """A deep transformer, some of whose late sites die."""
    made = []
    for k in range(sites):
        name = f"model.layers.{k}.mlp.feed_forward.act_fn"
        site = make_site(name, units, gradient_norm=0.02 * 0.97**k, std=0.6 + 0.004 * k)
        if k % 17 == 11:
            dead = make_dead(name, units, units * k // 600)
            site = replace(dead, gradient_norm=0.02 * 0.97**k, std=0.5)
        made.append(site)
    return make_report(tuple(made), model="TransformerForCausalLM")


def hostile() -> Report:
    """Markup, control characters and mathematics wherever a text can stand."""
    verdict = Verdict("alarm", EVIL, EVIL, EVIL, EVIL)
    site = make_site(EVIL, 3, function=EVIL, kind=EVIL, how=EVIL, owner=EVIL, producer=EVIL,
                     dtype=EVIL, device=EVIL, underflow={EVIL: 0.5}, subnormal={EVIL: 0.1},
                     verdicts=(verdict,))  # fmt: skip
    return make_report((site, make_site("fine")), model=EVIL, verdicts=(verdict,),
                       left_out=((EVIL, EVIL),), environment={EVIL: EVIL})  # fmt: skip


def without_gradients() -> Report:
    """Forward passes only; functions that the catalogue does not know."""
    sites = tuple(
        make_site(f"act{k}", 8, gradient_norm=None, gradient_rms=None, predicted_gain=None,
                  predicted_slope_gain=None, underflow={}, subnormal={}, zero_gradient=None)
        for k in range(3)
    )  # fmt: skip
    return make_report(sites, gradient_decades=None, signal_decades=None, overhead=None,
                       step_seconds=None, observed_seconds=None)  # fmt: skip


def empty() -> Report:
    """Nothing ran."""
    return make_report((), steps=0, observed=0, gradient_decades=None, signal_decades=None,
                       overhead=None, environment={})  # fmt: skip


EVERY = (healthy, dying, exploding, broken, hostile, without_gradients, empty)
