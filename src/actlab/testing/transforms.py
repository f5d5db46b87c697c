"""Every way torch has of differentiating: each result compared with the oracle."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils.checkpoint import checkpoint

from actlab.testing.accuracy import need_parameters, traced_ulp
from actlab.testing.comparison import compare, expect_same_bits
from actlab.testing.inputs import joint_places, ordinary_inputs
from actlab.testing.parameters import few_sets, storable_sets
from actlab.testing.special import saving_forms
from actlab.testing.subject import Subject
from actlab.testing.ulp import FORMATS, steps

EAGER = frozenset(
    {
        "transforms.backward",
        "transforms.retain_graph",
        "transforms.checkpoint",
        "transforms.checkpoint_reentrant",
        "transforms.saved_tensor_hooks",
        "transforms.batched_backward",
        "transforms.reverse_over_reverse",
    }
)
"""Checks in the groups of compilers and transforms in which only plain tensors are seen."""

Function = Callable[[Tensor], Tensor]

SIZES = (1e-30, 1e-20, 1e-12, 1e-8, 1e-6, 1e-3, 9.0, 14.0, 30.0)
"""Compilers bring their own elementary functions: where those cancel, and their tails."""

CURVATURE_ULP = 4096.0
"""Second derivatives are promised no ulp; this is a relative 1e-12 in double."""


def _reverse(f: Function, x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    return torch.autograd.grad(f(leaf).sum(), leaf)[0]


def _retained(f: Function, x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    y = f(leaf).sum()
    (first,) = torch.autograd.grad(y, leaf, retain_graph=True)
    (second,) = torch.autograd.grad(y, leaf)
    expect_same_bits(first, second, "second backward through a retained graph")
    return second


def _present(result: Tensor | None) -> Tensor:
    if result is None:
        raise AssertionError("a derivative is missing altogether")
    return result


def _checkpointed(reentrant: bool) -> Callable[[Function, Tensor], Tensor]:
    def run(f: Function, x: Tensor) -> Tensor:
        leaf = x.clone().requires_grad_()
        checkpoint(f, leaf, use_reentrant=reentrant).sum().backward()
        return _present(leaf.grad)

    return run


def _offloaded(f: Function, x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t.clone())
    with hooks:
        y = f(leaf)
    return torch.autograd.grad(y.sum(), leaf)[0]


def _forward_mode(f: Function, x: Tensor) -> Tensor:
    with forward_ad.dual_level():
        y = f(forward_ad.make_dual(x, torch.ones_like(x)))
        return _present(forward_ad.unpack_dual(y).tangent)


def _jvp(f: Function, x: Tensor) -> Tensor:
    return torch.func.jvp(f, (x,), (torch.ones_like(x),))[1]


def _vjp(f: Function, x: Tensor) -> Tensor:
    return torch.func.vjp(f, x)[1](torch.ones_like(x))[0]


def _diagonal(jacobian: Tensor) -> Tensor:
    if not torch.compiler.is_compiling():
        elsewhere = ~torch.eye(len(jacobian), dtype=torch.bool, device=jacobian.device)
        # Torch's rules multiply the other tangents or cotangents, 0, by an infinite slope.
        steep = jacobian.diagonal().isinf()
        elsewhere &= ~(steep | steep[:, None])
        if bool((jacobian[elsewhere] != 0).any()):
            raise AssertionError("the Jacobian of an elementwise function is not diagonal")
    return jacobian.diagonal()


def _total(f: Function) -> Function:
    return lambda x: f(x).sum()


SLOPES: Mapping[str, Callable[[Function, Tensor], Tensor]] = MappingProxyType(
    {
        "backward": _reverse,
        "retain_graph": _retained,
        "checkpoint": _checkpointed(False),
        "checkpoint_reentrant": _checkpointed(True),
        "saved_tensor_hooks": _offloaded,
        "forward_mode": _forward_mode,
        "func_grad": lambda f, x: torch.func.grad(_total(f))(x),
        "func_vjp": _vjp,
        "func_jvp": _jvp,
        "func_linearize": lambda f, x: torch.func.linearize(f, x)[1](torch.ones_like(x)),
        "func_jacrev": lambda f, x: _diagonal(torch.func.jacrev(f)(x)),
        "func_jacfwd": lambda f, x: _diagonal(torch.func.jacfwd(f)(x)),
        "per_sample": lambda f, x: torch.func.vmap(torch.func.grad(f))(x),
        "vmap_of_jvp": lambda f, x: torch.func.vmap(functools.partial(_jvp, f))(x),
        "batched_backward": lambda f, x: torch.autograd.functional.jacobian(
            f, x, vectorize=True
        ).diagonal(),
    }
)
"""Ways to get a slope at every element."""


def _twice(f: Function, x: Tensor) -> Tensor:
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(leaf).sum(), leaf, create_graph=True)
    if not slope.requires_grad:
        return torch.zeros_like(x)
    (curvature,) = torch.autograd.grad(slope.sum(), leaf, allow_unused=True)
    return torch.zeros_like(x) if curvature is None else curvature


def _forward_over_reverse(f: Function, x: Tensor) -> Tensor:
    with forward_ad.dual_level():
        leaf = forward_ad.make_dual(x.clone().requires_grad_(), torch.ones_like(x))
        (slope,) = torch.autograd.grad(f(leaf).sum(), leaf, create_graph=True)
        tangent = forward_ad.unpack_dual(slope).tangent
        return torch.zeros_like(x) if tangent is None else tangent.detach()


CURVATURES: Mapping[str, Callable[[Function, Tensor], Tensor]] = MappingProxyType(
    {
        "reverse_over_reverse": _twice,
        "forward_over_reverse": _forward_over_reverse,
        "func_hessian": lambda f, x: _diagonal(torch.func.hessian(_total(f))(x)),
        "func_jvp_of_grad": lambda f, x: _jvp(torch.func.grad(_total(f)), x),
        "func_grad_of_grad": lambda f, x: torch.func.grad(_total(torch.func.grad(_total(f))))(x),
        "func_jacfwd_of_jacfwd": lambda f, x: torch.func.vmap(
            torch.func.jacfwd(torch.func.jacfwd(f))
        )(x),
    }
)
"""Ways to get a second derivative at every element."""


def slope_by(name: str) -> Callable[[Subject, torch.dtype], None]:
    """The check that one transform gives the oracle's slope, joints included."""

    def check(subject: Subject, dtype: torch.dtype) -> None:
        for params in few_sets(subject.activation):
            inputs = places(subject, params, dtype)
            x = subject.tensor(inputs, dtype)
            function = functools.partial(subject, params=params, save="input")
            got = SLOPES[name](function, x)
            compare(subject, "slope", inputs, got, params, how=f"by {name}")
            if "output" in saving_forms(subject, params):
                # The same bits as plain backward from the output, which has its own check.
                kept = functools.partial(subject, params=params, save="output")
                if name in ("retain_graph", "checkpoint", "saved_tensor_hooks"):
                    heading = f"{subject.label(params)} {dtype} {name} from the output"
                    expect_same_bits(SLOPES[name](kept, x), _reverse(kept, x), heading)

    return check


def curvature_by(name: str) -> Callable[[Subject], None]:
    """The check that one transform gives the oracle's second derivative, off the joints."""

    def check(subject: Subject) -> None:
        for params in few_sets(subject.activation, 5):
            inputs = ordinary_inputs(subject.activation, params, torch.float64, away=0.01)
            x = subject.tensor(inputs, torch.float64)
            for save in saving_forms(subject, params):
                function = functools.partial(subject, params=params, save=save)
                got = CURVATURES[name](function, x)
                got = torch.where(got.abs() < 1e-13, 0.0, got)
                how = f"by {name}, save={save!r}"
                if save == "input" or subject.activation.name != "ralu":
                    compare(subject, "curvature", inputs, got, params, how=how, limit=CURVATURE_ULP)

    return check


def vmap_values(subject: Subject, dtype: torch.dtype) -> None:
    """torch.func.vmap over the input, in either dimension, and over an empty batch."""
    for params in few_sets(subject.activation):
        inputs = places(subject, params, dtype)
        x = subject.tensor(inputs, dtype)
        function = functools.partial(subject, params=params)
        for dim in (0, 1):
            pair = torch.stack([x, x], dim=dim)
            got = torch.func.vmap(function, in_dims=dim, out_dims=dim)(pair).select(dim, 0)
            compare(subject, "value", inputs, got, params, how=f"by vmap over dimension {dim}")


def vmap_over_parameter(subject: Subject, dtype: torch.dtype) -> None:
    """torch.func.vmap over parameters, alone and with gradients in them."""
    need_parameters(subject)
    sets = storable_sets(subject.activation, dtype)[:4]
    names = list(sets[0])
    columns = [torch.tensor([one[name] for one in sets], dtype=dtype) for name in names]
    inputs = places(subject, sets[0], dtype)
    x = subject.tensor(inputs, dtype)

    def apply(*values: Tensor) -> Tensor:
        return subject(x, dict(zip(names, values, strict=True)))

    batch = torch.func.vmap(apply)(*columns)
    every = tuple(range(len(names)))
    slopes = torch.func.vmap(torch.func.jacfwd(apply, argnums=every))(*columns)
    for k, params in enumerate(sets):
        compare(subject, "value", inputs, batch[k], params, how="by vmap over parameters")
        for name, slope in zip(names, slopes, strict=True):
            how = "by vmap of jacfwd over parameters"
            limit = traced_ulp(subject, dtype, through_float32=True)
            compare(subject, f"d/d{name}", inputs, slope[k], params, how=how, limit=limit)


def places(subject: Subject, params: Mapping[str, float], dtype: torch.dtype) -> list[float]:
    """Joints, their neighbours, zeros, far points and ordinary ones."""
    form = FORMATS[dtype]
    joints = [torch.tensor(j, dtype=dtype).item() for j in joint_places(subject.activation, params)]
    near = [steps(joint, k, form) for joint in joints for k in (-1, 0, 1)]
    sizes = torch.tensor([*SIZES, form.smallest, form.largest], dtype=dtype).tolist()
    ordinary = ordinary_inputs(subject.activation, params, dtype, count=12)
    return sorted({*near, 0.0, *sizes, *(-size for size in sizes), *ordinary})
