"""The conformance suite as pytest tests; pytest is imported only when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from actlab import registry
from actlab.core import Activation
from actlab.testing.subject import NotApplicableError, Subject
from actlab.testing.suite import Case, Tier, cases


def conformance(
    *activations: str | Activation,
    backends: Sequence[str] = ("formula",),
    device: str = "cpu",
    tiers: Iterable[Tier] = ("default",),
    groups: Iterable[str] | None = None,
) -> Callable[..., None]:
    """A parametrised pytest test that runs the whole suite over activations.

    Cases of the tiers ``"slow"`` and ``"full"`` carry the mark ``full``, slow ones ``slow`` too;
    a project that asks for these tiers registers the marks, and chooses by ``pytest -m full``.

    Args:
        *activations: names, ``"module:object"`` or definitions.
        backends: the backends to test. Default: ``("formula",)``.
        device: where to test. Default: ``"cpu"``.
        tiers: the tiers to include. Default: ``("default",)``.
        groups: the groups of checks to include, such as ``"accuracy"``. Default: all.

    Returns:
        A test function; assign it to a name that begins with ``test_``.

    Example:
        >>> from actlab.testing import conformance
        >>> test_relu = conformance("relu", groups=["definition"])
    """
    import pytest

    chosen = [
        pytest.param(name, backend, case, marks=_marks(case), id=_id(name, backend, case))
        for name in activations
        for backend in backends
        for case in cases(tiers, groups)
    ]

    @pytest.mark.parametrize(("activation", "backend", "case"), chosen)
    def test(activation: str | Activation, backend: str, case: Case) -> None:
        subject = Subject(registry.get(activation), backend, device)
        try:
            case.run(subject)
        except NotApplicableError as reason:
            pytest.skip(str(reason))

    return test


def _marks(case: Case) -> list[Any]:
    import pytest

    names = {"default": (), "slow": ("slow", "full"), "full": ("full",)}
    return [getattr(pytest.mark, name) for name in names[case.check.tier]]


def _id(activation: str | Activation, backend: str, case: Case) -> str:
    name = activation if isinstance(activation, str) else activation.name
    return f"{name.replace(':', '.')}-{backend}-{case.name}"
