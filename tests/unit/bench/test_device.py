"""Which device is measured, and what is said where it cannot be."""

from __future__ import annotations

import re

import pytest
import torch

from actlab.bench import device as module
from actlab.bench.device import Host, find, resolve
from actlab.bench.settings import (
    DEVICE_PARTS,
    DEVICE_SIZES,
    PARTS,
    QUICK_DEVICE_SIZES,
    make_settings,
)
from actlab.kernels.gpu import backend

ALONE = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def refused(text: str) -> str:
    with pytest.raises(ValueError, match="device") as caught:
        resolve(text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@ALONE
@pytest.mark.parametrize("text", ["cuda", "cuda:1"])
def test_without_a_gpu_it_says_what_is_there(text):
    message = refused(text)
    assert message.startswith(f"device: {text!r} asked for, but torch sees no GPU (torch ")
    assert torch.__version__ in message


@pytest.mark.parametrize(
    ("text", "near"),
    [("cude", "'cuda'"), ("CUDA", "'cuda'"), ("cuda0", "'cuda:0'"), ("CPU", "'cpu'")],
)
def test_a_device_that_is_misspelled_has_a_neighbour(text, near):
    message = refused(text)
    assert message == (f"device must be cpu, cuda or cuda:N, got {text!r}; did you mean {near}?")


@pytest.mark.parametrize("text", ["", "tpu", "mps", "cuda:", "cuda:-1", "cuda:1000", "xla:0"])
def test_any_other_device_is_refused(text):
    assert refused(text).startswith(f"device must be cpu, cuda or cuda:N, got {text!r}")


@pytest.fixture
def two_gpus(monkeypatch):
    """Two GPUs as far as torch tells."""
    import contextlib

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda k: f"Model {k}")
    monkeypatch.setattr(torch.cuda, "device", lambda k: contextlib.nullcontext())
    monkeypatch.setattr(backend, "interpreting", lambda: False)
    monkeypatch.setattr(backend, "problem", lambda: "")


def test_the_first_gpu_has_one_name(two_gpus):
    assert resolve("cuda") == resolve("cuda:0") == "cuda:0"
    assert resolve("cuda:1") == "cuda:1"
    assert resolve("cpu") == "cpu"


def test_a_gpu_too_many_is_told_which_there_are(two_gpus):
    assert refused("cuda:2") == (
        "device: 'cuda:2' asked for, but torch sees cuda:0 (Model 0), cuda:1 (Model 1)"
    )


def test_kernels_that_cannot_run_are_no_measurement(two_gpus, monkeypatch):
    monkeypatch.setattr(backend, "problem", lambda: "Triton is not installed")
    assert refused("cuda") == "device: 'cuda' asked for, but Triton is not installed"
    monkeypatch.setenv(backend.INTERPRETER, "1")
    monkeypatch.setattr(backend, "interpreting", lambda: True)
    assert "with TRITON_INTERPRET=1 in the environment kernels run on the CPU" in refused("cuda")


@pytest.mark.usefixtures("gpu")
def test_a_gpu_has_defaults_of_its_own():
    made = make_settings(device="cuda")
    assert (made.device, made.on_gpu, made.threads) == ("cuda:0", True, (0,))
    assert made.sizes == DEVICE_SIZES == tuple(2**k for k in range(10, 29, 2))
    assert made.dtypes == ("float32", "bfloat16")
    assert made.parts == DEVICE_PARTS
    quick = make_settings(device="cuda", quick=True)
    assert quick.sizes == QUICK_DEVICE_SIZES
    assert quick.parts == tuple(part for part in DEVICE_PARTS if part != "baselines")
    assert make_settings(device="cpu") == make_settings()
    assert make_settings().parts == PARTS


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"threads": "2"}, "threads: '2' asked for together with device 'cuda'"),
        ({"parts": "threads"}, "parts must be of pointwise, learned"),
        ({"sizes": "2^31"}, "sizes must be whole numbers or 2^k in [1, 2^30], got '2^31'"),
        ({"dtypes": "int8"}, "dtypes must be of float64"),
    ],
)
def test_bad_values_are_named_on_a_gpu_too(words, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_settings(device="cuda", **words)


@pytest.mark.parametrize("part", ["overhead", "gated"])
def test_parts_of_a_gpu_are_none_of_the_cpu(part):
    with pytest.raises(ValueError, match=f"parts must be of pointwise.*got '{part}'"):
        make_settings(parts=part)


def test_the_host_says_nothing_that_records_would_keep():
    host = find("cpu")
    assert host == Host()
    assert (host.facts(), host.free(), host.backend, host.shares) == ({}, None, None, False)
    call, peak = host.footprint(lambda: lambda: 7)
    assert (call(), peak) == (7, None)


def test_a_gpu_is_found_by_its_number():
    from actlab.bench.gpu import Gpu

    found = find("cuda:1")
    assert isinstance(found, Gpu)
    assert (found.place, found.backend, found.shares) == (torch.device("cuda:1"), "triton", True)


def test_against_stays_on_the_cpu(monkeypatch):
    from actlab.cli.bench import bench

    monkeypatch.setattr(module, "unusable", lambda index: "")
    with pytest.raises(ValueError, match="against compares revisions on the CPU only"):
        bench(device="cuda", against="HEAD")
