"""Compilers, exporters and tensors without data: each result compared with the oracle."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from actlab.testing.accuracy import traced_ulp
from actlab.testing.comparison import HALF_TYPES, THROUGH_FLOAT32, compare
from actlab.testing.parameters import stored_in
from actlab.testing.subject import NotApplicableError, Subject
from actlab.testing.transforms import CURVATURES, SLOPES, places

COMPILED = frozenset(
    {
        "tracing.compile",
        "tracing.compile_parameters",
        "tracing.inductor",
        "tracing.inductor_parameters",
    }
)
"""Checks of torch.compile, which can be given kernels for the CPU."""


class _Layer(torch.nn.Module):
    """The function as a module without parameters, for exporters."""

    def __init__(self, subject: Subject, params: Mapping[str, float]) -> None:
        super().__init__()
        self.subject, self.params = subject, dict(params)

    def forward(self, x: Tensor) -> Tensor:
        return self.subject(x, self.params)


def compiled(backend: str) -> Callable[[Subject, torch.dtype], None]:
    """The check of torch.compile(fullgraph=True, dynamic=True), forward and backward."""

    def check(subject: Subject, dtype: torch.dtype) -> None:
        params = subject.activation.defaults
        function = functools.partial(subject, params=params, save="input")
        with _fresh_compiler():
            run = torch.compile(function, fullgraph=True, dynamic=True, backend=backend)
            inputs = places(subject, params, dtype)
            for count in (len(inputs), 7, 12):
                x = subject.tensor(inputs[:count], dtype).requires_grad_()
                y = run(x)
                how = f"by torch.compile(backend={backend!r})"
                limit = graph_ulp(dtype)
                compare(subject, "value", inputs[:count], y, params, how=how, limit=limit)
                (slope,) = torch.autograd.grad(y.sum(), x)
                limit = limit or traced_ulp(subject, dtype)
                compare(subject, "slope", inputs[:count], slope, params, how=how, limit=limit)

    return check


def compiled_parameters(backend: str) -> Callable[[Subject, torch.dtype], None]:
    """The check of torch.compile with learned parameters, a value per channel."""

    def check(subject: Subject, dtype: torch.dtype) -> None:
        params = stored_in(subject.activation.defaults, dtype)
        if not params:
            raise NotApplicableError("it has no parameters")
        with _fresh_compiler():
            function = functools.partial(subject, save="input")
            run = torch.compile(function, fullgraph=True, dynamic=True, backend=backend)
            inputs = places(subject, params, dtype)
            x = subject.tensor(inputs, dtype)[None].requires_grad_()
            leaves = {k: torch.full_like(x[0], v).requires_grad_() for k, v in params.items()}
            y = run(x, leaves)
            how, limit = f"compiled ({backend})", graph_ulp(dtype)
            compare(subject, "value", inputs, y, params, how=how, limit=limit)
            limit = limit or traced_ulp(subject, dtype)
            grads = torch.autograd.grad(y.sum(), [x, *leaves.values()])
            for what, grad in zip(["slope", *(f"d/d{k}" for k in leaves)], grads, strict=True):
                compare(subject, what, inputs, grad, params, how=how, limit=limit)

    return check


def compiled_transform(name: str) -> Callable[[Subject, torch.dtype], None]:
    """The check of torch.compile(fullgraph=True, dynamic=True) of one torch.func transform."""

    def check(subject: Subject, dtype: torch.dtype) -> None:
        params = subject.activation.defaults
        ways = {**SLOPES, **CURVATURES}

        def function(x: Tensor) -> Tensor:
            return subject(x, params)

        with _fresh_compiler():
            run = torch.compile(
                functools.partial(ways[name], function),
                fullgraph=True,
                dynamic=True,
                backend="aot_eager",
            )
            inputs = [x for x in places(subject, params, dtype) if 0.01 < abs(x) < 8]
            inputs = [x for x in inputs if abs(abs(x) - 1) > 1e-3]
            for count in (len(inputs), 7):
                got = run(subject.tensor(inputs[:count], dtype))
                what = "slope" if name in SLOPES else "curvature"
                limit = None if what == "slope" else 4096.0
                got = torch.where(got.abs() < 1e-13, 0.0, got) if what == "curvature" else got
                how = f"by torch.compile of {name}"
                compare(subject, what, inputs[:count], got, params, how=how, limit=limit)

    return check


def exported(subject: Subject, dtype: torch.dtype) -> None:
    """torch.export with a dynamic length."""
    params = subject.activation.defaults
    inputs = places(subject, params, dtype)
    x = subject.tensor(inputs, dtype)
    length = torch.export.Dim("length", min=2)
    program = torch.export.export(_Layer(subject, params), (x,), dynamic_shapes=({0: length},))
    for count in (len(inputs), 5):
        got = program.module()(x[:count])
        limit = graph_ulp(dtype)
        compare(subject, "value", inputs[:count], got, params, how="by torch.export", limit=limit)


def made_fx(subject: Subject, dtype: torch.dtype) -> None:
    """make_fx of the function and of its gradient, with real and with fake tensors."""
    params = subject.activation.defaults
    inputs = places(subject, params, dtype)
    x = subject.tensor(inputs, dtype)
    function = functools.partial(subject, params=params)
    for mode in ("real", "fake", "symbolic"):
        graph = make_fx(function, tracing_mode=mode)(x.clone())
        compare(subject, "value", inputs, graph(x), params, how=f"by make_fx({mode})")
        slopes = torch.func.grad(lambda x: function(x).sum())
        graph = make_fx(slopes, tracing_mode=mode)(x.clone())
        compare(subject, "slope", inputs, graph(x), params, how=f"by make_fx({mode}) of grad")


def without_data(subject: Subject, dtype: torch.dtype) -> None:
    """Fake and meta tensors: right shape, dtype and strides, forward and backward."""
    params = subject.activation.defaults
    for shape in ((2, 3, 4), (0, 3), ()):
        on_meta = torch.empty(shape, dtype=dtype, device="meta")
        fakes = FakeTensorMode()
        for kind, x, mode in (
            ("meta", on_meta, contextlib.nullcontext()),
            ("fake", fakes.from_tensor(torch.empty(shape, dtype=dtype)), fakes),
        ):
            with mode:
                x = x.requires_grad_()
                y = subject(x, params)
                (grad,) = torch.autograd.grad(y, x, torch.ones_like(y))
            for name, got in (("output", y), ("gradient", grad)):
                facts = (got.shape, got.dtype, got.device, got.stride())
                if facts != (x.shape, x.dtype, x.device, x.stride()):
                    raise AssertionError(f"{subject.label()} on {kind} {shape}: {name} is {facts}")


def onnx(subject: Subject, dtype: torch.dtype) -> None:
    """ONNX export, run by ONNX's own reference evaluator."""
    for package in ("onnx", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            raise NotApplicableError(f"{package} is not installed")
    from onnx.reference import ReferenceEvaluator

    params = subject.activation.defaults
    inputs = [x for x in places(subject, params, dtype) if abs(x) < 1e4]
    x = subject.tensor(inputs, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        layer = _Layer(subject, params).eval()
        program = torch.onnx.export(layer, (x,), dynamo=True, verbose=False)
    assert program is not None
    (got,) = ReferenceEvaluator(program.model_proto).run(
        None, {program.model_proto.graph.input[0].name: x.numpy()}
    )
    compare(subject, "value", inputs, torch.from_numpy(got), params, how="by ONNX", limit=4.0)


def graph_ulp(dtype: torch.dtype) -> float | None:
    """The error allowed in graphs, which convert to half types through float32; None elsewhere."""
    return THROUGH_FLOAT32 if dtype in HALF_TYPES else None


@contextlib.contextmanager
def _fresh_compiler() -> Iterator[None]:
    """A compiler without memory of earlier checks, and without its deprecation warnings."""
    import torch._dynamo as dynamo

    dynamo.reset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        dynamo.reset()
