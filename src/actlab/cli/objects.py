"""Models and data named on the command line."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actlab.core import UnknownNameError

if TYPE_CHECKING:
    from torch import nn

FILES = (".npy", ".npz", ".pt", ".safetensors")


def named(text: str, option: str) -> Any:
    """The object that ``module:object`` names.

    Raises:
        ValueError: it is not written so, or the module has no such object.
        ImportError: the module cannot be imported.
    """
    module_name, colon, path = text.partition(":")
    if not colon or not module_name or not path:
        raise ValueError(f"{option} must be module:object, such as my_model:build, got {text!r}")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not module_name.startswith(error.name):
            raise  # a package that the user's module needs
        raise ImportError(
            f"{option} {text!r}: no module {error.name!r} in the current folder or installed"
        ) from None
    for part in path.split("."):
        if not hasattr(found, part):
            known = [name for name in vars(found) if not name.startswith("_")]
            raise UnknownNameError(f"object in {module_name}", part, known)
        found = getattr(found, part)
    return found


def model_of(text: str) -> nn.Module:
    """The model that ``module:object`` names: a module, or a function that builds one.

    Raises:
        TypeError: it is neither.
    """
    from torch import nn

    found = named(text, "MODEL")
    if isinstance(found, nn.Module):
        return found
    if callable(found):
        built = found()
        if isinstance(built, nn.Module):
            return built
        raise TypeError(f"{text} must build a torch.nn.Module, it returned {type(built).__name__}")
    raise TypeError(
        f"{text} must be a torch.nn.Module or a function that builds one, got "
        f"{type(found).__name__}"
    )


def data_of(text: str, seed: int) -> Any:
    """Data by ``module:object``, a file, or the shape of normally distributed numbers.

    Args:
        text: ``my_data:batches`` (data, or a function without arguments that makes it),
            ``inputs.pt``, ``inputs.npy``, or ``64x3x32x32``.
        seed: of random numbers.

    Raises:
        ValueError: it is none of these.
    """
    if (shape := _shape(text)) is not None:
        import torch

        return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    path = Path(text)
    if path.suffix in FILES:
        return _file(path)
    if ":" not in text:
        raise ValueError(
            f"--data must be a shape such as 64x3x32x32, a file ({', '.join(FILES)}) or "
            f"module:object, got {text!r}"
        )
    found = named(text, "--data")
    return found() if callable(found) and not hasattr(found, "__iter__") else found


def _shape(text: str) -> tuple[int, ...] | None:
    sizes = text.split("x")
    if not all(size.isdecimal() for size in sizes):
        return None
    shape = tuple(int(size) for size in sizes)
    if 0 in shape:
        raise ValueError(f"--data: every size must be at least 1, got {text}")
    return shape


def _file(path: Path) -> Any:
    """What a file holds; code in it is not run."""
    import torch

    if not path.is_file():
        raise ValueError(f"--data: there is no file {path}")
    if path.suffix == ".pt":
        return torch.load(path, weights_only=True)
    if path.suffix == ".safetensors":
        try:
            from safetensors.torch import load_file
        except ImportError:
            raise ImportError(f"{path} needs safetensors: pip install safetensors") from None
        return load_file(path)
    import numpy as np

    held = np.load(path, allow_pickle=False)
    if path.suffix == ".npy":
        return torch.from_numpy(held)
    return {name: torch.from_numpy(held[name]) for name in held.files}
