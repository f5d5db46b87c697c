"""What is searched, by default and when told."""

from __future__ import annotations

import math

import pytest

import actlab
from actlab.core import Domain, Param
from actlab.lab.tuning.space import RATE, Range, default_range, space_of

EVERY = [(name, param) for name in actlab.names() for param in actlab.get(name).params]


@pytest.mark.parametrize(("name", "param"), EVERY, ids=lambda thing: getattr(thing, "name", thing))
def test_every_parameter_has_a_range_inside_its_domain_with_its_default(name, param):
    found = default_range(param)
    assert found.low < found.high
    for end in (found.low, found.high):
        assert (param.learned_in or param.domain).contains(end)
    assert found.contains(param.default)
    assert not found.is_near_end(found.middle)


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        (Param("a", 1.0, Domain(0.0)), Range("a", 0.125, 8.0, True)),
        (Param("a", 3.0), Range("a", -3.0, 9.0)),
        (Param("a", 0.0), Range("a", -1.0, 1.0)),
        (Param("a", 0.25, Domain(0.0, 1.0, closed_high=True)), Range("a", 0.02, 1.0)),
        (Param("a", 3.0, Domain(2.0, closed_low=True)), Range("a", 2.0, 6.0)),
        (Param("a", -1.0, Domain(high=0.0, closed_high=True)), Range("a", -4.0, 0.0)),
        (Param("a", 0.0, Domain(0.0, closed_low=True)), Range("a", 0.0, 4.0)),
        (Param("a", 2.0, Domain(0.0), learned_in=Domain(1.0, closed_low=True)),
         Range("a", 1.0, 5.0)),
    ],
    ids=str,
)  # fmt: skip
def test_ranges_follow_from_domain_and_default(param, expected):
    assert default_range(param) == expected


def elu(given, takes_rate=True):
    return space_of(actlab.get("elu"), given, takes_rate)


def test_texts_and_values_say_the_same():
    ranges = (Range("alpha", 0.5, 2.0), Range(RATE, 1e-4, 1e-2, True))
    assert elu(["alpha=0.5:2", "learning_rate=1e-4:1e-2:log"]).everything == ranges
    assert elu({"alpha": (0.5, 2.0), RATE: (1e-4, 1e-2, "log")}).everything == ranges
    assert elu({"alpha": "0.5:2", RATE: "1e-4:1e-2:log"}).everything == ranges


def test_what_is_not_mentioned_is_searched_where_it_usually_is():
    assert [str(one) for one in elu(()).everything] == [
        "alpha in [0.125, 8] (log)", "learning_rate in [0.0001, 0.1] (log)",
    ]  # fmt: skip
    assert elu((), takes_rate=False).rate is None


def test_a_single_number_stays():
    found = space_of(actlab.get("expolu"), ["a=2", "learning_rate=0.01"], True)
    assert [one.name for one in found.everything] == ["b", "p"]
    assert found.fixed == {"a": 2.0}
    assert found.fixed_rate == 0.01


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["alhpa=1:2"], "unknown parameter to search of elu 'alhpa'; did you mean 'alpha'"),
        (["lerning_rate=1:2"], "did you mean 'learning_rate'"),
        (["alpha=2:1"], "alpha: the range is empty: 2 is not below 1"),
        (["alpha=1:1"], "the range is empty"),
        (["alpha=0:1:log"], "must begin above 0, got 0"),
        (["alpha=-1:1"], r"elu: alpha must be a finite number in \(0, inf\), got -1"),
        (["alpha=0:1"], r"\(0, inf\)"),
        (["alpha=-1"], r"\(0, inf\)"),
        (["alpha=1:2:lgo"], "third word can only be log, got 'lgo'"),
        (["alpha=1:2:log:3"], "must be low:high"),
        (["alpha=one:2"], "'one' is no number"),
        (["alpha=1:inf"], "'inf' is not finite"),
        (["alpha"], "write name=low:high"),
        (["alpha="], "write name=low:high"),
        ({"alpha": None}, "must be low:high"),
        (["alpha=1"], "has none left to search"),
        (["learning_rate=0:1"], r"learning_rate must lie in \(0, 100\], got 0"),
        (["learning_rate=1:1000"], "got 1000"),
    ],
    ids=str,
)
def test_mistakes_are_named(given, message):
    with pytest.raises(ValueError, match=message):
        elu(given)


def test_a_function_without_parameters_has_nothing_to_search():
    with pytest.raises(ValueError, match="relu has no parameters; .*compare"):
        space_of(actlab.get("relu"), (), True)


def test_a_learning_rate_that_nobody_takes_cannot_be_searched():
    with pytest.raises(ValueError, match="no learning_rate to search"):
        elu(["learning_rate=1e-3:1e-2"], takes_rate=False)


def test_the_end_of_a_range_is_seen_on_its_scale():
    logarithmic = Range("a", 1e-4, 1.0, True)
    assert logarithmic.middle == pytest.approx(1e-2)
    assert logarithmic.is_near_end(1.1e-4)
    assert not logarithmic.is_near_end(1e-3)
    assert Range("a", 0.0, 1.0).is_near_end(0.99)
    assert math.isclose(Range("a", 0.0, 1.0).middle, 0.5)
