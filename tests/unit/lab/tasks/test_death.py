"""Units that no gradient reaches."""

from __future__ import annotations

import pytest
import torch

from actlab.lab.arm import Arm, Init
from actlab.lab.models.perceptron import Perceptron
from actlab.lab.models.slopes import steepest_slopes
from actlab.lab.models.start import Start
from actlab.lab.task import Batch, Run
from actlab.lab.tasks.death import (
    TASK,
    arm_named,
    dead_share,
    faint_share,
    shift_biases,
    swap,
)

RELU, ELU = arm_named("relu"), arm_named("elu")


def net_of(arm: Arm, runs: int = 2, depth: int = 3) -> Perceptron:
    return Perceptron(Start(arm, tuple(range(runs))), 2, 1, width=4, depth=depth)


def inputs(runs: int = 2) -> torch.Tensor:
    return torch.randn(runs, 60, 2, generator=torch.Generator().manual_seed(0))


def run_of(arm: Arm, rate: float = 1e-3, **settings) -> list[Run]:
    return list(TASK.run(Batch(arm, TASK.settings(width=32, **settings), (0, 1), (rate,))))


def test_a_unit_below_zero_at_every_example_is_dead_with_relu():
    net = net_of(RELU)
    with torch.no_grad():
        for linear in net.linears:
            linear.weight.abs_()
            linear.bias.fill_(50.0)
        net.linears[0].bias[0, 0, :3] = -100.0
        net.linears[1].weight[1, :, 0], net.linears[1].bias[1, 0, 0] = 0.0, -1.0
    steep = steepest_slopes(net, inputs())
    assert steep.shape == (2, 8)
    assert dead_share(steep).tolist() == [3 / 8, 1 / 8]
    assert steep.amax().item() == 1.0


def test_one_example_is_enough_to_live():
    net = net_of(RELU, runs=1, depth=2)
    x = torch.zeros(1, 10, 2)
    with torch.no_grad():
        net.linears[0].weight.fill_(1.0)
        net.linears[0].bias.fill_(-1.0)
    assert dead_share(steepest_slopes(net, x)).tolist() == [1.0]
    x[0, 3] = 2.0
    assert dead_share(steepest_slopes(net, x)).tolist() == [0.0]


@pytest.mark.parametrize(("bias", "dead", "faint"), [(-3.0, 0.0, 0.0), (-50.0, 0.0, 1.0),
                                                     (-200.0, 1.0, 1.0)])  # fmt: skip
def test_elu_is_faint_far_below_and_dead_where_float32_rounds_its_slope_to_zero(bias, dead, faint):
    net = net_of(ELU, runs=1, depth=2)
    with torch.no_grad():
        net.linears[0].weight.fill_(0.0)
        net.linears[0].bias.fill_(bias)
    steep = steepest_slopes(net, inputs(1))
    assert dead_share(steep).tolist() == [dead]
    assert faint_share(steep).tolist() == [faint]


def test_a_slope_that_is_not_a_number_is_no_death():
    net = net_of(RELU, runs=1, depth=2)
    x = inputs(1)
    x[0, 0] = float("nan")
    assert not torch.isnan(steepest_slopes(net, x)).any()


def test_only_hidden_biases_are_shifted():
    net, other = net_of(RELU), net_of(RELU)
    shift_biases(net, -1.0)
    for linear, before in zip(net.linears[:-1], other.linears[:-1], strict=True):
        assert torch.allclose(linear.bias, before.bias - 1.0)
    assert torch.equal(net.linears[-1].bias, other.linears[-1].bias)


def test_a_swapped_network_computes_with_the_other_function():
    net, other = net_of(RELU), net_of(ELU)
    swap(net, ELU)
    assert torch.equal(net(inputs()), other(inputs()))


def test_low_biases_kill_relu_and_not_elu():
    for run in run_of(RELU, bias_shift=-1.0, steps=60):
        assert run.metrics["dead"] > 50.0
        assert run.metrics["half_dead"] == 1.0
    for run in run_of(ELU, bias_shift=-1.0, steps=60):
        assert run.metrics["dead"] == 0.0
        assert run.metrics["half_dead"] == 0.0


def test_elu_wakes_what_relu_left_dead_and_learning_begins():
    for run in run_of(RELU, 3e-3, bias_shift=-1.0, steps=120, swap_to="elu", swap_at=60):
        steps, dead = run.curves["dead"]
        at = dict(zip(steps.tolist(), dead.tolist(), strict=True))
        assert at[60.0] > 50.0
        assert at[120.0] == run.metrics["dead"] == 0.0
        assert run.metrics["accuracy"] > 60.0
    for run in run_of(RELU, 3e-3, bias_shift=-1.0, steps=120):
        assert run.metrics["accuracy"] < 30.0


def test_before_the_swap_nothing_is_different():
    plain = run_of(RELU, steps=40)
    swapped = run_of(RELU, steps=40, swap_to="elu", swap_at=20)
    for one, other in zip(plain, swapped, strict=True):
        assert one.curves["loss"][1][:20].tolist() == other.curves["loss"][1][:20].tolist()
        assert one.curves["loss"][1][20] != other.curves["loss"][1][20]


def test_learned_parameters_do_not_hinder_the_swap():
    arm = Arm("ralu", {"alpha": 2.0}, init=Init("he", 2**0.5), learn="unit")
    for run in run_of(arm, steps=10, swap_to="elu", swap_at=5):
        assert run.metrics["dead"] == 0.0


def test_an_unknown_function_to_swap_to_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match="did you mean 'elu'"):
        TASK.settings(swap_to="eluu")
