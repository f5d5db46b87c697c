"""``actlab bench``: how fast, gated by the conformance suite."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from actlab.cli.whole import WholeNumber

if TYPE_CHECKING:
    from rich.console import Console

    from actlab.bench.progress import Board
    from actlab.bench.settings import Settings


def bench(
    *,
    quick: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    activations: str | None = None,
    sizes: str | None = None,
    dtypes: str | None = None,
    threads: str | None = None,
    device: str | None = None,
    parts: str | None = None,
    rounds: WholeNumber | None = None,
    results: Path | None = None,
    against: str | None = None,
) -> int:
    """Time activations against torch.relu and the rest, and write a report.

    First the conformance suite examines what is to be timed; where a check fails nothing is
    timed. Then every comparison is made in rounds in which each contender is timed once. The
    machine should be idle meanwhile. Ctrl-C keeps what was measured; the same command goes on.

    Args:
        quick: three sizes, fewer rounds, no large models: about a minute.
        activations: names separated by commas, module:object for your own, or all.
            Default: powerlu,expolu,ralu,elu,gelu,silu.
        sizes: elements of the tensors, such as 2^10,2^20. Default: 2^8 to 2^24, on a GPU 2^10 to
            2^28.
        dtypes: of float64, float32, float16, bfloat16. Default: float32,bfloat16.
        threads: thread counts. Default: 1,2. Not on a GPU, which uses none.
        device: cpu, cuda, or cuda:1 for the second GPU. On a GPU sizes go up to 2^28, device time
            is measured, and tables show GB/s. Default: cpu.
        parts: of pointwise, baselines, learned, channels, threads, steps, memory; on a GPU
            overhead and gated instead of threads. Default: all; with --quick all but baselines.
        rounds: rounds of a comparison, fewer where that would take too long. Default: 15, with
            --quick 7.
        results: folder for records and report. Default: results/bench/DATE-TIME, or the last
            one of the same configuration that was stopped.
        against: compare with a git revision instead, such as HEAD~1 or a tag, built in a
            worktree that is removed afterwards.

    Returns:
        0 when all was measured, 1 when a check failed or a comparison has no result, 130 after
        Ctrl-C.
    """
    from actlab.bench.settings import make_settings

    settings = make_settings(
        quick=quick,
        activations=activations,
        sizes=sizes,
        dtypes=dtypes,
        threads=threads,
        parts=parts,
        rounds=rounds,
        device="cpu" if device is None else device,
    )
    given: dict[str, object] = {
        "activations": activations, "sizes": sizes, "dtypes": dtypes, "threads": threads,
        "device": device, "parts": parts, "rounds": rounds, "results": results,
        "against": against,
    }  # fmt: skip
    command = _command(quick, given)
    if against is not None and parts is not None:
        raise ValueError("against compares functions by size only; leave parts out")
    if against is not None and settings.on_gpu:
        raise ValueError(f"against compares revisions on the CPU only, got device {device!r}")
    return _conduct(settings, against, sizes is None, results, command)


def _conduct(
    settings: Settings,
    against: str | None,
    usual_sizes: bool,
    results: Path | None,
    command: str,
) -> int:
    """Measure and report; what stopped it is said in a line."""
    from rich.console import Console

    from actlab.bench import conduct
    from actlab.bench.against import compare, narrowed
    from actlab.bench.device import DeviceLostError
    from actlab.bench.progress import Board

    console = Console()
    board = Board(console)
    try:
        with board:
            if against is None:
                folder = conduct.conduct(settings, results, command, board)
            else:
                few = narrowed(settings, usual_sizes=usual_sizes)
                folder = compare(few, against, results, command, board)
    except conduct.GateError as error:
        for line in (*error.failures, f"actlab: {error}"):
            print(line, file=sys.stderr)
        return 1
    except DeviceLostError as error:
        print(f"actlab: {error}{_kept(board)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"stopped{_kept(board)}", file=sys.stderr)
        return 130
    return 1 if show(folder, None, console) else 0


def _kept(board: Board) -> str:
    """What is left of a run that was stopped."""
    if not board.measured:
        return "; nothing was measured yet"
    return (
        f"; what is measured is kept in {board.folder}: the same command goes on, "
        f"actlab report shows it"
    )


def show(folder: Path, output: Path | None, console: Console) -> int:
    """Print the tables, write the page and its files, say where they are.

    Returns:
        How many comparisons have no usable result.
    """
    from actlab.bench.summary import collect
    from actlab.records import StoreError
    from actlab.report.bench_page import PAGE, PLOT, write_files, write_page
    from actlab.report.bench_terminal import print_bench

    target = folder / PAGE if output is None else output
    found = collect(folder)
    print_bench(found, console)
    try:
        write_page(found, target)
        if output is None:
            write_files(found, folder)
    except OSError as error:
        raise StoreError(f"cannot write {target}: {error.strerror}") from error
    plot = [f"Plot: {folder / PLOT}"] if (folder / PLOT).is_file() else []
    for line in (f"Report: {target}", *plot):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return found.planned - sum(bool(one.timings or one.memory) for one in found.outcomes)


def _command(quick: bool, given: Mapping[str, object]) -> str:
    """What to type to measure the same again."""
    words = ["actlab", "bench", *(["--quick"] if quick else [])]
    for name, value in given.items():
        if value is not None:
            words += [f"--{name}", value.as_posix() if isinstance(value, Path) else str(value)]
    return shlex.join(words)
