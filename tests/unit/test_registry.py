"""Names to definitions: aliases, near misses, objects in modules, entry points, filters."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import actlab
from actlab import registry
from actlab.core import Activation, UnknownNameError
from actlab.defs.relu import RELU

FOUR = ["elu", "expolu", "powerlu", "ralu"]


def test_what_is_shipped() -> None:
    assert actlab.names() == sorted(actlab.names())
    assert set(actlab.names()) >= {
        *FOUR,
        *("relu", "leaky_relu", "selu", "gelu", "gelu_tanh", "silu", "mish"),
        *("softplus", "tanh", "sigmoid"),
    }


@pytest.mark.parametrize("name", actlab.names())
def test_every_name_and_alias_finds_its_definition(name: str) -> None:
    definition = actlab.get(name)
    assert definition.name == name
    assert actlab.get(definition) is definition
    assert [actlab.get(alias) for alias in definition.aliases] == [definition] * len(
        definition.aliases
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [("swish", "silu"), ("PowerLU", "powerlu"), ("leaky-relu", "leaky_relu"), ("ReLU", "relu")],
)
def test_other_ways_to_write_a_name(written: str, name: str) -> None:
    assert actlab.get(written).name == name


@pytest.mark.parametrize(
    ("written", "suggested"),
    [("powrlu", "powerlu"), ("rallu", "ralu"), ("glu", "gelu"), ("Softpuls", "softplus")],
)
def test_a_near_miss_is_answered_with_the_nearest(written: str, suggested: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"unknown activation '{written}'; did you mean"
    ) as e:
        actlab.get(written)
    assert suggested in e.value.suggestions
    assert repr(suggested) in str(e.value)


def test_a_far_miss_is_answered_with_some_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"known: absolute, .*, and \d+ more"):
        actlab.get("zzzzzz")


@pytest.mark.parametrize("wrong", [None, 3, b"relu", ["relu"]])
def test_what_is_no_name_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="named by a string or a definition, got"):
        actlab.get(wrong)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A user's module with a definition, a thing that is none, and a broken neighbour."""
    (tmp_path / "users_own.py").write_text(
        "from dataclasses import replace\n"
        "from actlab.defs.relu import RELU\n"
        "def forward(m, x):\n"
        "    return m.where(x <= 0, 0, x)\n"
        'MINE = replace(RELU, name="mine", forward=forward)\n'
        "NUMBER = 3\n"
    )
    (tmp_path / "users_broken.py").write_text("import no_such_package_anywhere\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "users_own"
    for name in ("users_own", "users_broken"):
        sys.modules.pop(name, None)


def test_an_object_in_a_module(module: str) -> None:
    mine = actlab.get(f"{module}:MINE")
    assert mine.name == "mine"
    assert registry.address(mine) == f"{module}:MINE"
    assert actlab.get(registry.address(mine)) is mine


def test_an_object_that_is_missing_is_answered_with_those_there(module: str) -> None:
    with pytest.raises(UnknownNameError, match=r"in module users_own 'MINN'; .*MINE"):
        actlab.get(f"{module}:MINN")


def test_an_object_that_is_no_activation(module: str) -> None:
    with pytest.raises(TypeError, match="'users_own:NUMBER' is a int, not an Activation"):
        actlab.get(f"{module}:NUMBER")


def test_a_module_that_is_missing() -> None:
    with pytest.raises(UnknownNameError, match="no module 'no_such_module' on the Python path"):
        actlab.get("no_such_module:X")


def test_a_module_that_does_not_import_says_what_it_lacks(module: str) -> None:
    # Not "no such module": the module is there, and what it needs is not.
    with pytest.raises(ModuleNotFoundError, match="no_such_package_anywhere"):
        actlab.get("users_broken:X")


def test_a_definition_without_a_place_has_no_address() -> None:
    with pytest.raises(ValueError, match="cannot be found by name; assign it at the top level"):
        registry.address(replace(RELU, name="nowhere"))


Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Pretend that packages with these entry points are installed."""
    real = importlib.metadata.entry_points

    def pretend(**found: Any) -> None:
        entries = [
            SimpleNamespace(name=name, value=f"some_package:{name}", load=lambda value=value: value)
            for name, value in found.items()
        ]
        monkeypatch.setattr(
            importlib.metadata,
            "entry_points",
            lambda **asked: entries if asked == {"group": registry.ENTRY_POINTS} else real(**asked),
        )
        forget()

    def forget() -> None:
        registry._catalogue.cache_clear()
        registry._aliases.cache_clear()

    yield pretend
    monkeypatch.undo()
    forget()


def test_an_installed_package_adds_to_the_registry(install: Install) -> None:
    mine = replace(RELU, name="from_a_package", aliases=("fap",))
    install(from_a_package=mine)
    assert "from_a_package" in actlab.names()
    assert actlab.get("fap") is mine
    assert registry.address(mine) == "from_a_package"


def test_two_definitions_of_one_name_are_refused(install: Install) -> None:
    install(relu=replace(RELU, title="another ReLU"))
    with pytest.raises(ValueError, match="two definitions are named 'relu'; the second: some_pack"):
        actlab.names()


def test_an_entry_point_that_is_no_activation_is_refused(install: Install) -> None:
    install(wrong="a string")
    with pytest.raises(TypeError, match=r"'wrong' of actlab\.activations must name an"):
        actlab.names()


FILTERS: dict[str, Callable[[Activation], bool]] = {
    "monotone": lambda a: a.traits.monotone,
    "convex": lambda a: a.traits.convex,
    "odd": lambda a: a.traits.odd,
    "smooth": lambda a: a.traits.smoothness == float("inf"),
    "bounded": lambda a: abs(a.traits.low) + abs(a.traits.high) < float("inf"),
    "learnable": lambda a: any(p.learnable for p in a.params),
    "dead": lambda a: a.traits.dead is not None,
}


@pytest.mark.parametrize("fact", FILTERS)
def test_a_filter_divides_all_names_in_two(fact: str) -> None:
    yes, no = actlab.names(**{fact: True}), actlab.names(**{fact: False})
    assert sorted(yes + no) == actlab.names()
    assert yes
    assert no
    assert all(FILTERS[fact](actlab.get(name)) for name in yes)
    assert not any(FILTERS[fact](actlab.get(name)) for name in no)


def test_filters_combine() -> None:
    everything = set(actlab.names())
    assert {"ralu", "tanh"} <= set(actlab.names(odd=True))
    assert "ralu" in actlab.names(odd=True, learnable=True, bounded=False)
    assert "tanh" not in actlab.names(odd=True, bounded=False)
    assert set(actlab.names(odd=True)) | set(actlab.names(odd=False)) == everything
    both = set(actlab.names(smooth=True)) & set(actlab.names(monotone=True))
    assert set(actlab.names(smooth=True, monotone=True)) == both


def test_filters_of_years_and_families() -> None:
    assert {"powerlu", "expolu", "ralu"} <= set(actlab.names(since=2025))
    assert not set(actlab.names(since=2025)) & set(actlab.names(until=2024))
    assert set(actlab.names(since=2025)) | set(actlab.names(until=2024)) == set(actlab.names())
    assert actlab.names(family="power", until=1900) == []
    with pytest.raises(ValueError, match="family must be one of rectifier, .*; got 'nosuch'"):
        actlab.names(family="nosuch")
    with pytest.raises(TypeError, match="since must be a year, got '2020'"):
        actlab.names(since="2020")


def test_facts_are_what_names_filters_by() -> None:
    assert set(registry.facts(RELU)) == set(FILTERS)
