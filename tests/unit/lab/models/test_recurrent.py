"""Recurrent networks of stacks: what they compute and how they start."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from actlab.lab.arm import Arm, Init
from actlab.lab.models.recurrent import Lstm, Recurrent, StackedLstm, recurrent_weight
from actlab.lab.models.start import Start

TANH = Arm("tanh", {}, "tanh", Init("own", 1.5, 0.1))


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_an_orthogonal_start_keeps_lengths_times_the_gain():
    weight = recurrent_weight(Start(TANH, (0, 1)), "w", 16, "orthogonal")
    expected = 1.5**2 * torch.eye(16).expand(2, 16, 16)
    torch.testing.assert_close(weight @ weight.transpose(1, 2), expected, atol=1e-5, rtol=0)
    assert not torch.equal(weight[0], weight[1])


def test_an_orthogonal_start_has_gain_one_under_pytorchs_scheme():
    plain = recurrent_weight(Start(Arm("tanh"), (0,)), "w", 16, "orthogonal")
    scaled = recurrent_weight(Start(TANH, (0,)), "w", 16, "orthogonal")
    torch.testing.assert_close(scaled, 1.5 * plain)


def test_an_identity_start_is_the_same_for_every_arm_with_biases_of_zero():
    net = Recurrent(Start(TANH, (0, 1)), 2, 1, width=4, recurrence="identity")
    assert torch.equal(net.weight, torch.eye(4).expand(2, 4, 4))
    assert not net.bias.any()


@pytest.mark.parametrize("recurrence", ["random", "orthogonal"])
def test_a_plain_network_is_pytorchs(recurrence):
    net = Recurrent(Start(TANH, (0, 1)), 3, 2, width=5, recurrence=recurrence)
    x = numbers(2, 4, 6, 3)
    for run in range(2):
        single = nn.RNN(3, 5, batch_first=True)
        with torch.no_grad():
            single.weight_ih_l0.copy_(net.enter.weight[run].t())
            single.weight_hh_l0.copy_(net.weight[run].t())
            single.bias_ih_l0.copy_(net.bias[run, 0])
            single.bias_hh_l0.zero_()
        states = torch.stack(net.states(x), dim=2)
        torch.testing.assert_close(states[run], single(x[run])[0])
        torch.testing.assert_close(net(x, last=3), net.leave(states[:, :, -3:]))


def test_the_order_of_steps_matters():
    net = Recurrent(Start(TANH, (0,)), 3, 2, width=5, recurrence="orthogonal")
    x = numbers(1, 4, 6, 3)
    assert not torch.allclose(net(x), net(x.flip(2)))


def test_an_lstm_is_pytorchs():
    stack = Lstm(Start(TANH, (0, 1)), "lstm", 3, 5, shaped=False)
    x = numbers(2, 6, 4, 3)
    # PyTorch's gates: write, keep, candidate, read; ours: keep, write, read, candidate.
    order = torch.cat([torch.arange(5) + 5 * gate for gate in (1, 0, 3, 2)])
    for run in range(2):
        single = nn.LSTM(3, 5)
        with torch.no_grad():
            single.weight_ih_l0.copy_(stack.enter[run].t()[order])
            single.weight_hh_l0.copy_(stack.weight[run].t()[order])
            single.bias_ih_l0.copy_(stack.bias[run, 0][order])
            single.bias_hh_l0.zero_()
        torch.testing.assert_close(stack(x)[run], single(x[run])[0])


def test_stacked_lstms_have_the_function_between_them_and_nowhere_else():
    start = Start(Arm("relu"), (0,))
    net = StackedLstm(start, 3, 2, width=5, depth=3)
    assert len(net.layers) == 3
    assert len(net.functions) == 2
    x = numbers(1, 4, 6, 3)
    first = net.layers[0](x.transpose(1, 2))
    last = net.layers[2](net.layers[1](first.relu()).relu())
    torch.testing.assert_close(net(x), net.leave(last[:, -1]))


def test_a_scheme_scales_what_the_function_gives_and_nothing_else_of_an_lstm():
    plain = StackedLstm(Start(Arm("tanh"), (0,)), 3, 2, width=5, depth=2)
    scaled = StackedLstm(Start(TANH, (0,)), 3, 2, width=5, depth=2)
    same = {
        name for name, p in plain.named_parameters() if torch.equal(p, dict(
            scaled.named_parameters())[name])
    }  # fmt: skip
    changed = {"layers.1.enter", "leave.weight", "leave.bias"}
    assert same == {name for name, _ in plain.named_parameters()} - changed
