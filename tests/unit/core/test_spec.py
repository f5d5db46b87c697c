"""Definitions, domains and parameters as values."""

import copy
import math
import pickle

import pytest

import actlab
from actlab.core import Activation, Domain, Param, Traits


@pytest.mark.parametrize(
    ("domain", "inside", "outside", "text"),
    [
        (Domain(), [0, -1e308, 5e-324], [math.inf, -math.inf, math.nan], "(-inf, inf)"),
        (Domain(0.0), [5e-324, 1], [0.0, -0.0, -1, math.inf, math.nan], "(0, inf)"),
        (Domain(0.0, closed_low=True), [0.0, -0.0, 3], [-5e-324, math.nan], "[0, inf)"),
        (Domain(0.0, 9.0, closed_low=True, closed_high=True), [0, 9], [9.000000001], "[0, 9]"),
        (Domain(1.0, 2.0, closed_high=True), [2.0, 1.5], [1.0, 2.1], "(1, 2]"),
    ],
)
def test_domains(domain, inside, outside, text):
    assert all(domain.contains(value) for value in inside)
    assert not any(domain.contains(value) for value in outside)
    assert str(domain) == text


def test_a_parameter_names_itself_its_value_and_its_domain():
    param = Param("p", 2.0, Domain(0.0))
    assert param.check("powerlu", 3) == 3.0
    with pytest.raises(
        ValueError, match=r"powerlu: p must be a finite number in \(0, inf\), got 0"
    ):
        param.check("powerlu", 0)
    for value in (True, "2", None, 2j, [2.0]):
        with pytest.raises(TypeError, match="powerlu: p must be a real number"):
            param.check("powerlu", value)


@pytest.mark.parametrize("name", actlab.names())
def test_definitions_copy_as_themselves_and_pickle_by_where_they_are_written(name):
    definition = actlab.get(name)
    assert copy.copy(definition) is definition
    assert copy.deepcopy([definition])[0] is definition
    assert pickle.loads(pickle.dumps(definition)) is definition
    assert definition.references
    assert all(param.domain.contains(param.default) for param in definition.params)


def identity(m, x):
    return x


def one(m, x):
    return m.where(x <= 0, 1, 1)


def traits(**changes):
    facts = {
        "monotone": True,
        "convex": True,
        "odd": True,
        "smoothness": math.inf,
        "low": -math.inf,
        "high": math.inf,
        "lipschitz": 1.0,
    }
    return Traits(**facts | changes)


def test_a_definition_without_a_home_cannot_be_pickled():
    homeless = Activation("plain", "plain", identity, one, traits(), ())
    with pytest.raises(pickle.PicklingError, match="top level of the module"):
        pickle.dumps(homeless)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Plain"}, "lower-case identifier, got 'Plain'"),
        ({"name": "two words"}, "lower-case identifier"),
        ({"saves": "both"}, "saves must be 'input' or 'output', got 'both'"),
        ({"saves": "output"}, "needs from_output"),
        ({"params": (Param("p", -1.0, Domain(0.0)),)}, r"p must be a finite number in \(0, inf\)"),
    ],
)
def test_bad_definitions_are_refused(changes, message):
    facts = {
        "name": "plain",
        "title": "plain",
        "forward": identity,
        "derivative": one,
        "traits": traits(),
        "references": (),
    }
    with pytest.raises(ValueError, match=message):
        Activation(**facts | changes)


def test_binding():
    expolu = actlab.get("expolu")
    assert expolu.bind((2,), {"p": 3}) == {"a": 2, "b": 1.0, "p": 3}
    assert expolu.defaults == {"a": 1.0, "b": 1.0, "p": 2.0}
    with pytest.raises(TypeError, match=r"takes 3 parameter\(s\), got 4"):
        expolu.bind((1, 2, 3, 4))
    with pytest.raises(TypeError, match="expolu has no parameter 'c'; its parameters: a, b, p"):
        expolu.bind((), {"c": 1})
