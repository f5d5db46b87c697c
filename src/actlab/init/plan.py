"""Deciding what to do with every layer, from what its output runs into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from torch import nn

from actlab.init.gain import GainMode, InitMode, gain, gate_gain, recommended, scales
from actlab.init.graph import (
    Follower,
    Graph,
    Node,
    followers,
    residual_depths,
    residual_joins,
)
from actlab.init.layers import Layer
from actlab.init.nonlinearity import Nonlinearity

Residual: TypeAlias = Literal["scale", "zero", "keep"]
Untraced: TypeAlias = Literal["error", "leave"]

EMBEDDINGS = frozenset({"embedding", "embedding_bag"})

UNCERTAIN = "what follows is not known without example_inputs"

GROWTH = 3.0
"""How many times the variance may grow or shrink by instability before that is worth a warning."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do with one layer.

    Attributes:
        layer: the layer. followed_by, mode, gain, scale, sigma_b, note: as in a row.
        left: why it is left alone, or an empty string.
        norm: the norm whose weight takes a branch's scale in place of the layer's.
        norm_scale: that scale.
        steep: slope of the variance map, where nothing normalises.
    """

    layer: Layer
    followed_by: str
    mode: str = "-"
    gain: float = 1.0
    scale: float = 1.0
    sigma_b: float = 0.0
    note: str = ""
    left: str = ""
    norm: Node | None = None
    norm_scale: float = 1.0
    steep: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller of ``init_`` asked for."""

    act: Nonlinearity | None
    mode: InitMode
    residual: Residual
    untraced: Untraced


def plan(graph: Graph, settings: Settings, tied: frozenset[int]) -> list[Choice]:
    """A choice for every layer of a graph, in the order of their first use.

    Args:
        graph: of a run, or of the tree of modules.
        settings: what was asked for.
        tied: the ids of weights that are embeddings too.

    Raises:
        ValueError: what follows a layer is not known and ``untraced`` is ``"error"``, or the
            mode is ``"critical"`` and an activation has no critical point.
    """
    joins = residual_joins(graph)
    depths = residual_depths(graph, joins)
    uses: dict[int, list[Node]] = {}
    for node in graph.layers():
        if node.layer is not None:
            uses.setdefault(id(node.layer.owner or node.layer.weight), []).append(node)
    choices = []
    unknown = []
    for nodes in uses.values():
        found = list(dict.fromkeys(f for node in nodes for f in followers(node, joins)))
        layer = nodes[0].layer
        if layer is None:
            continue
        left = "it is an embedding too" if id(layer.weight) in tied else _untouchable(layer)
        choice = _choose(Choice(layer, _words(found), left=left), found, depths, settings)
        if choice.left == UNCERTAIN and settings.untraced == "error":
            unknown.append(choice.layer.name)
        choices.append(choice)
    if unknown:
        raise ValueError(
            f"what follows {', '.join(unknown)} cannot be read off the order of modules: pass "
            "example_inputs= to see it in a run, act= to say it, or untraced='leave' to leave "
            "such layers alone"
        )
    return choices


def _choose(
    blank: Choice, found: list[Follower], depths: dict[Node, int], settings: Settings
) -> Choice:
    if blank.left:
        return blank
    kinds = {f.kind: f for f in reversed(found)}
    if "unknown" in kinds and settings.act is None:
        return replace(blank, left=UNCERTAIN)
    shares = max((f.shares for f in found), default=1)
    blank = replace(blank, scale=1 / math.sqrt(shares), mode="unit")
    if shares > 1:
        blank = replace(blank, note=f"one of {shares} values that are summed")
    if "stream" in kinds:
        return replace(blank, note="feeds the residual stream, which has no activation")
    if "residual" in kinds:
        return _branch_end(blank, kinds["residual"], depths, settings.residual)
    active = [f for f in found if f.kind in ("activation", "gate", "unknown")]
    if not active:
        return blank
    options = [_scaled(blank, f, settings) for f in active]
    choice = min(options, key=lambda option: option.gain)
    if len({option.gain for option in options}) > 1:
        choice = replace(choice, note=_joined(choice.note, "the smallest of several gains"))
    return choice


def _words(found: list[Follower]) -> str:
    return "; ".join(dict.fromkeys(f.what for f in found)) or "nothing (unused)"


def _scaled(blank: Choice, follower: Follower, settings: Settings) -> Choice:
    """The gain of one activation that follows."""
    function = settings.act or follower.function
    if function is None:
        return blank
    notes = [blank.note]
    if settings.act is not None and follower.function is None:
        notes.append(f"told to expect {function}")
    elif settings.act is not None and str(function) != str(follower.function):
        notes.append(f"told to use the gain of {function}")
    if function.learned:
        notes.append(f"{', '.join(function.learned)} at the present value")
    mode: str = settings.mode
    steep = 1.0
    if follower.kind == "gate":
        mode, sigma_w, sigma_b = "gate", gate_gain(function), 0.0
    elif mode == "auto" and follower.norm is not None:
        plain: GainMode = "centred" if follower.norm.over == "batch" else "forward"
        mode, sigma_w, sigma_b = plain, gain(function, plain), 0.0
        notes.append("normalised: its scale does not reach the activation")
    elif mode == "auto":
        found = recommended(function)
        mode, steep = found.mode, found.variance_slope
        sigma_w, sigma_b = found.sigma_w, found.sigma_b
        notes.append("" if found.stable else found.why)
    else:
        sigma_w, sigma_b = scales(function, settings.mode)
    return replace(
        blank, mode=mode, gain=sigma_w, sigma_b=sigma_b, note=_joined(*notes), steep=steep
    )


def _branch_end(
    blank: Choice, end: Follower, depths: dict[Node, int], residual: Residual
) -> Choice:
    count = depths[end.join] if end.join is not None else 1
    scale = {"scale": 1 / math.sqrt(count), "zero": 0.0, "keep": 1.0}[residual]
    words = {"scale": f"1 / sqrt({count} branches)", "zero": "zero", "keep": "not scaled"}[residual]
    if end.norm is None:
        return replace(blank, scale=blank.scale * scale, note=_joined(blank.note, words))
    note = "normalised before the branch ends"
    note = _joined(blank.note, note, f"the norm's weight carries the scale: {words}")
    return replace(blank, note=note, norm=end.norm, norm_scale=scale)


def _untouchable(layer: Layer) -> str:
    """Why a layer is left alone whatever follows it, or an empty string."""
    if layer.problem:
        return layer.problem
    if not layer.weight.is_floating_point():
        return f"its weight is {layer.weight.dtype}"
    if not any(parameter.requires_grad for parameter in layer.parameters()):
        return "frozen: its weight needs no gradient"
    return ""


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def embedding_weights(model: nn.Module, graph: Graph) -> frozenset[int]:
    """The ids of parameters that are looked up in."""
    found = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    used = graph.used_by or {}
    found |= {id(model.get_parameter(n)) for n, users in used.items() if EMBEDDINGS & set(users)}
    return frozenset(found)


def instability(choices: Sequence[Choice], graph: Graph) -> list[str]:
    """A warning where deviations of the variance grow large over the depth of a plain network."""
    if any(node.kind == "norm" for node in graph.nodes) or residual_joins(graph):
        return []
    growth = math.prod(choice.steep for choice in choices if not choice.left and choice.steep > 1)
    if growth <= GROWTH:
        return []
    return [
        f"the variance map is unstable: a deviation of the input's variance grows {growth:.3g} "
        "times through the network; add normalisation or residual branches, or choose an "
        "activation with a stable critical point (actlab.init.recommended(...).stable)"
    ]
