"""Modular addition: a small transformer learns a + b modulo a prime from a part of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from actlab.lab.models.fit import Order, fit, gather_own
from actlab.lab.models.measure import accuracy, capped, cross_entropy, log_area, thinned
from actlab.lab.models.start import Start
from actlab.lab.models.transformer import Transformer
from actlab.lab.task import Batch, Curve, Metric, Run, Settings, Task

PRIME = 31
CHANCE = math.log(PRIME)
HEADS = 4


class ModularSettings(Settings):
    train: float = Field(default=0.5, gt=0.0, lt=1.0)
    width: int = Field(default=64, ge=4, le=1024, multiple_of=HEADS)
    depth: int = Field(default=2, ge=1, le=100)
    steps: int = Field(default=600, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=961)
    weight_decay: float = Field(default=1.0, ge=0.0, le=100.0)


def table() -> tuple[Tensor, Tensor]:
    left, right = torch.meshgrid(torch.arange(PRIME), torch.arange(PRIME), indexing="ij")
    left, right = left.reshape(-1), right.reshape(-1)
    return torch.stack([left, right, torch.full_like(left, PRIME)], 1), (left + right) % PRIME


def run(batch: Batch) -> Sequence[Run]:
    settings: ModularSettings = batch.settings
    start = Start.of(batch)
    x, y = table()
    orders = start.repeated([start.generator(s, "split").permutation(len(y)) for s in start.seeds])
    cut = round(settings.train * len(y))
    train_x, train_y, test_x, test_y = x[orders[:, :cut]], y[orders[:, :cut]], x[orders[:, cut:]], y[orders[:, cut:]]
    net = Transformer(start, tokens=PRIME + 1, length=3, outputs=PRIME, width=settings.width, heads=HEADS, depth=settings.depth)
    order = Order(start, cut, settings.batch)

    def loss_of(step: int) -> Tensor:
        index = order.at(step)
        return cross_entropy(net(gather_own(train_x, index), 1)[:, :, 0], gather_own(train_y, index))
    tests = np.full((start.runs, settings.steps), np.nan, np.float32)
    def after(n):
        if n % 50 == 0:
            with torch.no_grad(): 
                print(n, losses0[0] if 0 else "", accuracy(net(test_x,1)[:,:,0],test_y).numpy().round(2), cross_entropy(net(train_x,1)[:,:,0],train_y).numpy().round(3))
    losses0=[0]
    losses = fit(loss_of, net.parameters(), batch, settings.steps, optimiser="adamw", weight_decay=settings.weight_decay, schedule=lambda s: min(1.0, (s+1)/20, (1 - s/settings.steps)/0.3), after=after if DEBUG else None)
    with torch.no_grad():
        logits = net(test_x, 1)[:, :, 0]
        tested, loss = accuracy(logits, test_y).numpy(), cross_entropy(logits, test_y).numpy()
    return [Run(metrics={"accuracy": 100*tested[i], "test_loss": loss[i]}) for i in range(start.runs)]
DEBUG=True
TASK = Task(name="modular-addition", title="", about="", version=1, settings=ModularSettings, metrics=(Metric("accuracy","","higher",100/PRIME),Metric("test_loss","","lower",CHANCE,capped=False)),run=run)
