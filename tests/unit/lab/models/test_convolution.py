"""Convolutions of stacks: PyTorch's own, run by run."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from actlab.lab.arm import Arm, Init
from actlab.lab.models.convolution import ConvolutionalNet, Filters, windows
from actlab.lab.models.fit import StackOptimiser
from actlab.lab.models.measure import cross_entropy
from actlab.lab.models.start import Start

RELU = Arm("relu", {}, "relu", Init("he", 2**0.5, 0.1))
CASES = [
    ((3, 3), (1, 1), (1, 1), 1),
    ((3, 3), (2, 2), (1, 1), 4),
    ((1, 5), (1, 2), (0, 1), 1),
    ((2, 3), (3, 2), (0, 2), 3),
]


def images(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def filters_of(weight: torch.Tensor, kernel: tuple[int, int]) -> torch.Tensor:
    """A run's weights as PyTorch wants them: outputs, channels, rows, columns."""
    return weight.t().reshape(weight.shape[1], *kernel, -1).permute(0, 3, 1, 2)


@pytest.mark.parametrize(("kernel", "stride", "padding", "channels"), CASES)
def test_windows_times_weights_are_a_convolution_forwards_and_backwards(
    kernel, stride, padding, channels
):
    x = images(2, 3, 8, 9, channels).requires_grad_()
    weight = images(2, kernel[0] * kernel[1] * channels, 5).requires_grad_()
    seen = windows(x, kernel, stride, padding)
    given = torch.matmul(seen.flatten(1, 3), weight)
    expected = torch.stack(
        [
            functional.conv2d(
                x[run].permute(0, 3, 1, 2), filters_of(weight[run], kernel), None, stride, padding
            )
            .permute(0, 2, 3, 1)
            .reshape(-1, 5)
            for run in range(2)
        ]
    )
    torch.testing.assert_close(given, expected)
    pull = images(*given.shape)
    mine = torch.autograd.grad(given, (x, weight), pull)
    torch.testing.assert_close(mine, torch.autograd.grad(expected, (x, weight), pull))
    assert seen.shape[2:4] == Filters(5, kernel, stride, padding).size(8, 9)


def test_windows_have_second_gradients():
    x = images(1, 1, 4, 5, 2).double().requires_grad_()

    def seen(x: torch.Tensor) -> torch.Tensor:
        return windows(x, (3, 2), (1, 2), (1, 0)).square()

    assert torch.autograd.gradcheck(seen, x)
    assert torch.autograd.gradgradcheck(seen, x)


def layers(channels: int) -> list[Filters]:
    return [
        Filters(channels, (3, 3), padding=(1, 1)),
        Filters(2 * channels, (3, 3), (2, 2), (1, 1)),
    ]


def alone(parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """What one network of a stack gives, by PyTorch's convolutions."""
    first, first_bias, second, second_bias, last, last_bias = parameters
    x = x.reshape(-1, 1, 8, 8)
    x = functional.conv2d(x, filters_of(first, (3, 3)), first_bias[0], padding=1).relu()
    x = functional.conv2d(x, filters_of(second, (3, 3)), second_bias[0], 2, 1).relu()
    return x.permute(0, 2, 3, 1).flatten(1) @ last + last_bias


def test_a_network_is_one_of_pytorchs_layers():
    net = ConvolutionalNet(Start(RELU, (0, 1)), (8, 8, 1), layers(3), 10)
    x = images(2, 6, 64)
    for run in range(2):
        parameters = [p[run] for p in net.parameters()]
        torch.testing.assert_close(net(x)[run], alone(parameters, x[run]))


def test_a_stack_trains_as_each_network_does_alone():
    """Gradients of small products come transposed; fused optimisers must not misread them."""
    net = ConvolutionalNet(Start(RELU, (0, 1)), (8, 8, 1), layers(4), 10)
    x, labels = images(2, 16, 64), torch.arange(32).reshape(2, 16) % 10
    singles = [[p[run].detach().clone().requires_grad_() for p in net.parameters()]
               for run in range(2)]  # fmt: skip
    stack = StackOptimiser(net.parameters(), [1e-2])
    others = [torch.optim.Adam(single, 1e-2, fused=False) for single in singles]
    for _ in range(10):
        stack.step(cross_entropy(net(x), labels))
        for run, (single, other) in enumerate(zip(singles, others, strict=True)):
            other.zero_grad()
            functional.cross_entropy(alone(single, x[run]), labels[run]).backward()
            other.step()
    for place, together in enumerate(net.parameters()):
        for run, single in enumerate(singles):
            torch.testing.assert_close(together[run], single[place], rtol=1e-3, atol=1e-4)


def test_normalisation_comes_before_the_function():
    net = ConvolutionalNet(Start(RELU, (0, 1)), (8, 8, 1), layers(2), 10, norm="batch")
    x = images(2, 50, 64)
    linear = net.maps[0](windows(x.reshape(2, 50, 8, 8, 1), (3, 3), (1, 1), (1, 1)))
    before = net.norms[0](linear)
    torch.testing.assert_close(before.mean((1, 2, 3)), torch.zeros(2, 2), atol=1e-5, rtol=0)
    assert net(x).shape == (2, 50, 10)


def test_a_hidden_layer_comes_between_convolutions_and_outputs():
    net = ConvolutionalNet(Start(RELU, (0, 1)), (8, 8, 1), layers(2), 4, hidden=7)
    assert net.leave.weight.shape == (2, 7, 4)
    assert net.hidden is not None
    assert net.hidden.weight.shape == (2, 4 * 4 * 4, 7)
