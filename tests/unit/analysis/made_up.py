"""Definitions that are in no catalogue, and harder than those that are."""

from __future__ import annotations

import math

from actlab.core import Activation, Reference, Traits

REFERENCE = Reference("nobody", 2026, "made up", "here")


def made_up(forward, derivative) -> Activation:
    traits = Traits(
        monotone=False,
        convex=False,
        odd=False,
        smoothness=math.inf,
        low=-math.inf,
        high=math.inf,
        lipschitz=math.inf,
    )
    return Activation(
        name="made_up",
        title="Made up",
        forward=forward,
        derivative=derivative,
        traits=traits,
        references=(REFERENCE,),
    )


def gate(beta: float) -> Activation:
    """x sigmoid(beta x), whose bend at 0 is as narrow as one likes."""

    def forward(m, x):
        return x * m.sigmoid(beta * x)

    def derivative(m, x):
        weight = m.sigmoid(beta * x)
        return weight + beta * x * weight * m.sigmoid(-beta * x)

    return made_up(forward, derivative)


def wave(rate: float) -> Activation:
    """sin(rate x), with all its moments in closed form."""
    return made_up(lambda m, x: m.sin(x, rate), lambda m, x: rate * m.cos(x, rate))
