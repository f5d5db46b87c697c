"""What tells one version of a training function from another."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from actlab.lab.function_source import UnidentifiedError, identity_of

STEPS = 10


def reads_a_global(activation, seed):
    return STEPS + len(np.zeros(seed))


def calls_another(activation, seed):
    return reads_a_global(activation, seed)


class Net(torch.nn.Module):
    def width(self):
        return STEPS


def builds_a_class(activation, seed):
    return Net().width()


@pytest.mark.parametrize("train", [reads_a_global, calls_another, builds_a_class])
def test_a_global_number_counts_wherever_it_is_read(train, monkeypatch):
    before = identity_of(train)
    assert identity_of(train) == before
    monkeypatch.setitem(train.__globals__, "STEPS", 11)
    assert identity_of(train) != before


def make(data, gain=1.0):
    def train(activation, seed):
        return gain * float(data[seed])

    return train


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0, 2.0], [1.0, 3.0]),
        ({0: 1.0}, {0: 2.0}),
        (np.arange(3.0), np.arange(3.0) + 1),
        (torch.arange(3.0), torch.arange(3.0) + 1),
        (torch.arange(3.0), torch.arange(3.0).bfloat16()),
        (((1.0,), 2.0), ((1.5,), 2.0)),
        ({1.0, 2.0}, {1.0, 3.0}),
    ],
    ids=str,
)
def test_data_that_are_closed_over_count(one, other):
    assert identity_of(make(one)) == identity_of(make(one))
    assert identity_of(make(one)) != identity_of(make(other))
    assert identity_of(make(one), "1") == identity_of(make(other), "1")
    assert identity_of(make(one), "1") != identity_of(make(one), "2")


def test_numbers_count_even_where_a_version_stands_for_the_data():
    assert identity_of(make([1.0], 1.0), "1") != identity_of(make([1.0], 2.0), "1")


def test_arguments_of_a_partial_count():
    def train(activation, seed, depth):
        return depth

    one, other = (functools.partial(train, depth=depth) for depth in (1, 2))
    assert identity_of(one) != identity_of(other)


def test_comments_do_not_count():
    def train(activation, seed):
        return 1.0

    first = identity_of(train)

    def train(activation, seed):
        # the same again
        return 1.0

    assert identity_of(train) == first


def test_an_object_of_ones_own_counts_by_its_class_and_content():
    class Data:
        def __init__(self, size):
            self.size = size

    assert identity_of(make(Data(3))) == identity_of(make(Data(3)))
    assert identity_of(make(Data(3))) != identity_of(make(Data(4)))


@pytest.mark.parametrize(
    "data", [iter([]), np.random.default_rng(0), object()], ids=["iterator", "generator", "object"]
)
def test_what_cannot_be_told_apart_is_refused_by_name(data):
    with pytest.raises(UnidentifiedError, match="train_fn, data .*version="):
        identity_of(make(data))
    assert identity_of(make(data), "1")


def test_a_function_that_holds_itself_is_no_endless_loop():
    def train(activation, seed):
        return train if seed < 0 else 1.0

    assert identity_of(train)
