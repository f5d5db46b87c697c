"""Residual blocks, blocks used again, and code that depends on the mode."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.checkpoint import checkpoint

from models.seeding import normal, seeded
from models.shape import Shape


class BasicBlock(nn.Module):
    """As in torchvision's ResNet: one ReLU, called twice."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += x
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(4), BasicBlock(4))
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer1(self.conv(x)).mean((2, 3)))


class PreActivation(nn.Module):
    """The shortcut sees what the ReLU has overwritten."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.relu(x)) + x


class Around(nn.Module):
    """A first layer, a block used some times, a last layer."""

    def __init__(self, block: nn.Module, times: int = 1) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.block = block
        self.last = nn.Linear(8, 3)
        self.times = times

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for _ in range(self.times):
            x = self.block(x)
        return self.last(x)


class FunctionalBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.relu(self.linear(x))


class ModuleBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.relu(self.linear(x))


class Recursive(nn.Module):
    """A module that calls itself."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor, depth: int = 2) -> Tensor:
        x = F.relu(self.linear(x))
        return self(x, depth - 1) if depth else x


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.block = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), FunctionalBlock())
        self.last = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(checkpoint(self.block, self.first(x), use_reentrant=False))


class Auxiliary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 5)
        self.out = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.linear(x)))


class GoogLeNet(nn.Module):
    """A second head, in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
        self.aux = Auxiliary()
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.stem(x)
        if self.training:
            return self.head(x), self.aux(x)
        return self.head(x)


class ProbabilitiesInEval(nn.Module):
    """Logits for the loss; probabilities for whoever uses the model."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.net(x)
        return x if self.training else torch.sigmoid(x)


class ManyModes(nn.Module):
    """Noise, another function and another order in training."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(6, 6)
        self.b = nn.Linear(6, 6)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            x = self.a(x) + 0.1 * torch.randn_like(x)
            x = F.leaky_relu(x) if x.shape[0] > 1 else F.elu(x)
        else:
            x = F.elu(self.a(x))
        for step, layer in enumerate((self.b, self.a)):
            if step and not self.training:
                break
            x = self.relu(layer(x))
        return F.relu(self.b(x))


def pre_activation() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), PreActivation(4), PreActivation(4))


def normed() -> nn.Sequential:
    return nn.Sequential(
        weight_norm(nn.Linear(6, 8)), nn.ReLU(), weight_norm(nn.Linear(8, 8)), FunctionalBlock()
    )


def rows() -> Tensor:
    return normal(5, 6)


def images() -> Tensor:
    return normal(3, 3, 6, 6)


RESNET = tuple(f"layer1.{block}.relu#{call}" for block in (0, 1) for call in (1, 2))

BLOCKS = (
    Shape(
        "one relu called twice in a ResNet block",
        seeded(ResNet),
        images,
        RESNET,
        RESNET,
        in_place=RESNET,
        channels=(("layer1.0.relu#1", 1, 4), ("layer1.1.relu#2", 1, 4)),
    ),
    Shape(
        "in-place relu before a residual add",
        seeded(pre_activation),
        images,
        ("1.relu", "2.relu"),
        ("1.relu", "2.relu"),
        in_place=("1.relu", "2.relu"),
        needs_in_place=("1.relu", "2.relu"),
    ),
    Shape(
        "one block called twice, functional relu inside",
        seeded(lambda: Around(FunctionalBlock(), 2)),
        rows,
        ("block:relu",),
        ("block:relu",),
        calls=(("block:relu", 2),),
        note="a suffix counts within one pass through the block's code, so there is none",
    ),
    Shape(
        "one block called four times, relu module inside",
        seeded(lambda: Around(ModuleBlock(), 4)),
        rows,
        ("block.relu",),
        ("block.relu",),
        calls=(("block.relu", 4),),
        note="likewise",
    ),
    Shape(
        "a module that calls itself",
        seeded(Recursive),
        rows,
        (":relu",),
        (":relu",),
        calls=((":relu", 3),),
        note="three passes through the same code, one inside the other",
    ),
    Shape(
        "checkpointed block",
        seeded(Checkpointed),
        rows,
        ("block.1", "block.2:relu"),
        ("block.1", "block.2:relu"),
        note="both run a second time in backward, which must not count as a call",
    ),
    Shape(
        "auxiliary head in training",
        seeded(GoogLeNet),
        rows,
        ("stem.1", "aux:relu"),
        ("stem.1", "aux:relu"),
        train_only=("aux:relu",),
    ),
    Shape(
        "sigmoid in evaluation",
        seeded(ProbabilitiesInEval),
        rows,
        ("net.1", ":sigmoid"),
        ("net.1",),
        eval_only=(":sigmoid",),
    ),
    Shape(
        "control flow by mode",
        seeded(ManyModes),
        rows,
        (":leaky_relu", ":elu", "relu#1", "relu#2", ":relu"),
        ("relu#1", "relu#2", ":relu"),
        train_only=(":leaky_relu", "relu#2"),
        eval_only=(":elu",),
        note="in evaluation the module is called once only and might be named relu there",
    ),
    Shape("weight norm", seeded(normed), rows, ("1", "3:relu"), ("1", "3:relu")),
)
