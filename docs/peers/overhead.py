"""What watching costs: training steps with and without each tool, interleaved.

    python docs/peers/overhead.py --rounds 9 --write

One thread. A small ResNet-18 (width 32) is trained with SGD on random images, 32 of 3x32x32 at a
time. Every configuration has its own model; they take turns step by step, in another order each
time. A round is ten steps of each; its time is divided by that of the ten steps without a tool of
the same round. "nothing, again" is a second model without a tool: its spread is the noise. Wall
time counts, so run it alone; processor time, which other work disturbs less, is given beside it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from watches import CONFIGURATIONS, Watch, X

HERE = Path(__file__).parent
STEPS = 10
Y = torch.arange(len(X)) % 10


class Block(nn.Module):
    """The basic block, with two ReLU modules."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1, self.relu1 = nn.BatchNorm2d(outside), nn.ReLU()
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2, self.relu2 = nn.BatchNorm2d(outside), nn.ReLU()
        self.down: nn.Module = nn.Identity()
        if stride != 1 or inside != outside:
            conv = nn.Conv2d(inside, outside, 1, stride, bias=False)
            self.down = nn.Sequential(conv, nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + self.down(x))


def resnet(width: int = 32) -> nn.Module:
    """ResNet-18 for small images."""
    torch.manual_seed(0)
    stem = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    blocks, inside = [], width
    for stage in range(4):
        for number in range(2):
            outside = width * 2**stage
            blocks.append(Block(inside, outside, 2 if stage and not number else 1))
            inside = outside
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inside, 10)]
    return nn.Sequential(*stem, *blocks, *head)


class Training:
    """A model, its optimiser and whatever watches it."""

    def __init__(self, attach: Callable[[nn.Module], Watch]) -> None:
        self.model, self.step = resnet().train(), 0
        self.watch = attach(self.model)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 1e-3, momentum=0.9)

    def run(self) -> tuple[float, float]:
        """Seconds for one step: by the clock, and of the processor."""
        clock, processor = time.perf_counter(), time.process_time()
        self.watch.before(self.step)
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(X), Y).backward()
        self.watch.after_backward(self.step)
        self.optimizer.step()
        self.watch.end(self.step)
        self.step += 1
        return time.perf_counter() - clock, time.process_time() - processor


def measure(runs: dict[str, Training], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Both times of every round, for ten steps."""
    names, seconds = list(runs), {name: [] for name in runs}
    for number in range(rounds):
        total = dict.fromkeys(names, (0.0, 0.0))
        for step in range(STEPS):
            first = (number * STEPS + step) % len(names)
            for name in names[first:] + names[:first]:
                clock, processor = runs[name].run()
                total[name] = (total[name][0] + clock, total[name][1] + processor)
        for name in names:
            seconds[name].append(total[name])
        print(f"round {number + 1} of {rounds}", flush=True)
    return seconds


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write overhead.json")
    parser.add_argument("--preliminary", action="store_true", help="say that it ran beside others")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    runs, skipped = {}, {}
    for name, (_, attach, _) in CONFIGURATIONS.items():
        try:
            runs[name] = Training(attach)
            for _ in range(STEPS):  # warm up
                runs[name].run()
        except Exception as error:
            skipped[name] = f"{type(error).__name__}: {error}"
            runs.pop(name, None)
            print(f"{name}: skipped, {skipped[name]}")
    seconds, rows = measure(runs, options.rounds), {}
    for name, times in seconds.items():
        other = CONFIGURATIONS[name][2]
        pairs = list(zip(times, seconds[other], strict=True))
        rows[name] = {
            "compared with": other,
            "step ms": spread([1000 * clock / STEPS for clock, _ in times]),
            "overhead %": spread([100 * (a[0] / b[0] - 1) for a, b in pairs]),
            "processor %": spread([100 * (a[1] / b[1] - 1) for a, b in pairs]),
        }
        print(f"{name:45} {rows[name]}")
    if options.write:
        packages = sorted({package for package, _, _ in CONFIGURATIONS.values()})
        found = {p: v for p in packages if (v := version(p))}
        result = {
            "date": "2026-11-30",
            "preliminary": options.preliminary,
            "python": platform.python_version(),
            "versions": found,
            "rounds": options.rounds,
            "rows": rows,
            "skipped": skipped,
        }
        text = json.dumps(result, indent=1, ensure_ascii=False)
        (HERE / "overhead.json").write_text(text + "\n", encoding="utf-8")


def spread(values: list[float]) -> list[float]:
    """Least, median and largest, to three digits or so."""
    return [round(f(values), 1) for f in (min, statistics.median, max)]


def version(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
