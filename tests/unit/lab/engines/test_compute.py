"""A cell's outcome depends neither on the engine nor on what its process did before."""

from __future__ import annotations

import pytest
import torch

from actlab.lab.engines import CellError, Job
from actlab.lab.engines.compute import Computer, GoneError, versions
from unit.lab.engines.cheap import cheap_key


@pytest.fixture
def computer():
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
    )
    yield Computer(0.0)
    torch.set_num_threads(before[0])
    torch.use_deterministic_algorithms(before[1])
    torch.set_default_dtype(before[2])


def job(seed=0, **settings):
    return Job("cell", cheap_key(seed, **settings), {}, 60.0)


def silent(share):
    pass


def test_every_cell_finds_the_same_settings_of_torch(computer):
    computer.compute(job(deed="meddle"), silent)
    assert torch.get_default_dtype() == torch.float64
    computer.compute(job(), silent)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_an_exception_is_told_in_one_line(computer):
    with pytest.raises(CellError) as caught:
        computer.compute(job(deed="raise"), silent)
    assert str(caught.value).startswith("RuntimeError: out of luck (in deed, line ")


def test_a_task_that_calls_exit_ends_only_its_cell(computer):
    with pytest.raises(CellError, match="SystemExit: 3"):
        computer.compute(job(deed="exit"), silent)


def test_shares_are_reported(computer):
    shares = []
    computer.compute(job(seconds=0.1), shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_nobody_left_to_report_to_is_no_failure_of_the_cell(computer):
    def gone(share):
        raise GoneError

    with pytest.raises(GoneError):
        computer.compute(job(seconds=5.0), gone)


def test_versions_name_what_decides_about_bits():
    assert set(versions()) == {"Python", "actlab", "torch", "numpy"}
    assert versions()["torch"] == torch.__version__
