"""The activation as a training function is given it: a factory, a module or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from actlab.core.errors import UnknownNameError
from actlab.init.report import InitReport
from actlab.lab.arm import SCHEMES, Arm
from actlab.lab.seeds import derive


class GivenActivation:
    """What a training function makes its network's activations from.

    ``activation()`` makes a new module, so the object itself stands wherever a model wants a
    class: ``Net(act_layer=activation)``. Where a model wants a module, pass ``activation()``;
    where it wants a function of a tensor, ``activation.function``.

    Args:
        arm: the function, its parameters, and whether they are learned.
        seed: what ``init_`` draws from.
        scheme: what ``init_`` does: one of ``SCHEMES``, or empty for what its own arguments say.
            Default: empty.

    Example:
        >>> import torch
        >>> from actlab.lab import Arm
        >>> from actlab.lab.given import GivenActivation
        >>> activation = GivenActivation(Arm("ralu", {"alpha": 2.0}))
        >>> activation()
        Activation('ralu', alpha=2)
        >>> torch.equal(activation.function(torch.ones(3)), activation()(torch.ones(3)))
        True
    """

    def __init__(self, arm: Arm, seed: int = 0, scheme: str = "") -> None:
        if scheme and scheme not in SCHEMES:
            raise UnknownNameError("initialisation", scheme, SCHEMES)
        self._arm = arm
        self._seed = seed
        self._scheme = scheme
        self._calls = 0
        self.__name__ = arm.name
        """For models that print the name of their ``act_layer``."""

    @property
    def name(self) -> str:
        """What ``actlab.get`` is called with."""
        return self._arm.name

    @property
    def params(self) -> Mapping[str, float]:
        """Every parameter by name; where they are learned, the values they start from."""
        return self._arm.params

    @property
    def label(self) -> str:
        """How tables call it."""
        return self._arm.label or self._arm.name

    @property
    def initialised(self) -> bool:
        """Whether ``init_`` has been called."""
        return self._calls > 0

    def __call__(
        self, channels: int | None = None, *, channel_dim: int = 1, inplace: bool = False
    ) -> Any:
        """A new module of the function.

        Args:
            channels: units of the layer, needed where parameters are learned one per unit;
                anything else takes no notice of it.
            channel_dim: the input's dimension along which units lie. Default: 1.
            inplace: taken and not heeded, for models that call ``act_layer(inplace=True)``.

        Raises:
            TypeError: ``channels`` is a tensor: this makes a module, it does not apply one.
            ValueError: parameters are learned one per unit, and there is no number of units.
        """
        if isinstance(channels, Tensor):
            raise TypeError(
                "activation() makes a module and takes no tensor; apply it with "
                "activation.function(x), or with activation()(x)"
            )
        if not self._arm.learn:
            return self._arm.module()
        if self._arm.learn == "shared":
            return self._arm.learned_module(1, channel_dim)
        if channels is None:
            raise ValueError(f"{self.label}: say how many units the layer has: activation(units)")
        return self._arm.learned_module(channels, channel_dim)

    @property
    def function(self) -> Callable[[Tensor], Tensor]:
        """The function with its parameters fixed, for tensors of any shape.

        Raises:
            ValueError: the parameters are to be learned, which takes a module.
        """
        if self._arm.learn:
            raise ValueError(
                f"{self.label}: learned parameters belong to a module: use activation()"
            )
        return self._arm.function()

    def gain(self, mode: str = "forward") -> float:
        """The weight gain: weights are ``N(0, gain^2 / fan_in)``; see ``actlab.init.gain``.

        Args:
            mode: ``forward``, ``centred``, ``backward`` or ``auto``. Default: ``forward``.
        """
        from actlab import init

        chosen: Any = mode
        return init.gain(self.name, chosen, **self.params)

    def init_(
        self, model: nn.Module, example_inputs: Any = None, **options: Any
    ) -> InitReport | None:
        """Initialise a model for this function: ``actlab.init.init_`` with draws of its own.

        The draws depend on the seed and not on the function, and leave torch's generators alone.
        In a study the regime decides what is done: nothing where it says ``default``, which is
        PyTorch's own initialisation.

        Args:
            model: the model, built.
            example_inputs: what to run it on, to see what follows what.
            options: of ``actlab.init.init_``; where a scheme is set, ``mode`` and ``act`` are its.

        Returns:
            The report, or None where nothing is done.
        """
        from actlab import init

        self._calls += 1
        if self._scheme == "default":
            return None
        draws = derive("init_", self._seed, self._calls) % 2**63
        chosen = {**options, **self._mode()}
        return init.init_(model, example_inputs=example_inputs, generator=draws, **chosen)

    def _mode(self) -> dict[str, Any]:
        """The options of ``actlab.init.init_`` that draw as the scheme says."""
        from actlab import init

        if not self._scheme:
            return {}
        if self._scheme == "own":
            point = init.critical(self.name, **self.params)
            return {"mode": "forward" if point is None else "critical"}
        if self._scheme == "he":
            return {"mode": "forward", "act": nn.ReLU()}
        if self._scheme == "lecun":
            return {"mode": "forward", "act": _unchanged}
        return {"mode": self._scheme}

    def __repr__(self) -> str:
        return f"<activation {self.label}>"


def _unchanged(x: Tensor) -> Tensor:
    """The function of gain 1."""
    return x
