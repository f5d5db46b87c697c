"""Committees, and the stacks with several networks per seed that they are made of."""

from __future__ import annotations

import pytest
import torch

from actlab.lab.arm import Arm
from actlab.lab.models.members import (
    disagreement,
    gather_of_run,
    members_of,
    per_run,
    spread,
)
from actlab.lab.models.start import Start
from actlab.lab.task import Batch
from actlab.lab.tasks.ensemble import TASK, bags

RELU = Arm("relu")


def batch_of(seeds=(0, 4), rates=(1e-3,), arm: Arm = RELU, **settings) -> Batch:
    return Batch(arm, TASK.settings(**settings), tuple(seeds), tuple(rates))


def test_members_are_neighbours_in_the_order_of_runs():
    batch = batch_of(seeds=(0, 4), rates=(1e-3, 1e-2))
    assert spread(batch, 3).seeds == (0, 1, 2, 12, 13, 14)
    drawn = per_run(members_of(batch, 3).normal("x", 5), 3)
    assert drawn.shape == (4, 3, 5)
    assert torch.equal(drawn[0], drawn[2])
    assert torch.equal(drawn[1], drawn[3])
    assert len({tuple(row.tolist()) for row in drawn[:2].flatten(0, 1)}) == 6


def test_member_zero_draws_what_a_network_alone_draws():
    batch = batch_of(seeds=(7,))
    alone = Start.of(batch).normal("x", 5)
    assert torch.equal(members_of(batch, 3).normal("x", 5)[:1], alone)
    assert torch.equal(members_of(batch, 3, alike=True).normal("x", 5), alone.expand(3, 5))


def test_members_see_the_examples_of_their_run():
    data = torch.arange(6.0).reshape(2, 3)
    index = torch.tensor([[0], [1], [2], [0]])
    assert gather_of_run(data, index).flatten().tolist() == [0.0, 1.0, 5.0, 3.0]


def test_bags_are_drawn_with_replacement_and_do_not_depend_on_the_rate():
    drawn = per_run(bags(batch_of(seeds=(0,), rates=(1e-3, 1e-2)), 2, 1000), 2)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0, 0], drawn[0, 1])
    distinct = len(drawn[0, 0].unique())
    assert 580 < distinct < 690  # 1 - 1/e of them


def test_disagreement_is_the_mean_over_pairs():
    answers = torch.tensor([[[0, 1, 2, 2], [0, 1, 2, 1], [0, 0, 2, 0]]])
    chances = torch.nn.functional.one_hot(answers, 3).double()
    # Of four examples the pairs answer 1, 2 and 2 differently.
    assert disagreement(chances).tolist() == pytest.approx([5 / 12])


def test_equal_members_agree_and_gain_nothing():
    runs = TASK.run(batch_of(seeds=(0,), rates=(1e-9,), width=8, steps=1, members=2))
    [run] = runs
    # Members of different draws that have learned nothing disagree about most examples.
    assert run.metrics["disagreement"] > 50.0
    chances = torch.rand(1, 1, 20, 4, generator=torch.Generator().manual_seed(0))
    assert disagreement(chances.expand(1, 3, 20, 4)).tolist() == [0.0]


def test_a_committee_of_trained_members_is_better_than_they_are():
    runs = TASK.run(batch_of(seeds=(0, 1), rates=(3e-3,), width=24, steps=120, members=4))
    for run in runs:
        assert run.metrics["accuracy"] > 85.0
        assert run.metrics["gain"] > 0.0
        assert 0.0 < run.metrics["disagreement"] < 30.0
        total = run.metrics["accuracy"] + run.metrics["gain"]
        assert run.metrics["together"] == pytest.approx(total)
