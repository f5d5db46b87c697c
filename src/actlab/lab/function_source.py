"""What decides a training function's results, as a hash: its source and all that it reaches.

Followed are the function, the functions and classes of one's own that it names, the values that
it closes over, and the globals that it reads. Installed libraries count by name: their versions
stand in every record's environment.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from actlab.lab.fingerprint import code_hash
from actlab.records.identity import canonical_json

PLAIN = (bool, int, float, complex, str, bytes, type(None), Path, range, slice)


class UnidentifiedError(ValueError):
    """Something decides a function's results and cannot be told from another version of it."""


def identity_of(train: Callable[..., Any], version: str | None = None) -> str:
    """Hash of what a function does; another version of it has another.

    Args:
        train: the function.
        version: a text that stands for all data that the function closes over or reads; only
            sources, numbers and texts count besides. Default: None: the data count themselves.

    Raises:
        UnidentifiedError: the source of something cannot be read, or the content of an object.

    Example:
        >>> from actlab.lab.function_source import identity_of
        >>> identity_of(lambda x: x, version="1") == identity_of(lambda x: x, version="2")
        False
    """
    found = _Found(data=version is None)
    found.visit(train, "train_fn")
    text = canonical_json({"version": version or "", "parts": found.parts})
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class _Found:
    """What has been reached so far, part by part, each object once."""

    def __init__(self, data: bool) -> None:
        self.parts: list[list[str]] = []
        self._data = data
        self._seen: dict[int, Any] = {}  # the objects as well, so that no id is used again

    def visit(self, thing: Any, path: str) -> None:
        if isinstance(thing, PLAIN):
            self._add(path, f"{type(thing).__name__} {thing!r}")
        elif id(thing) not in self._seen:
            self._seen[id(thing)] = thing
            self._reach(thing, path)
        else:
            self._add(path, "seen")

    def _add(self, path: str, text: str) -> None:
        self.parts.append([path, text])

    def _reach(self, thing: Any, path: str) -> None:
        if isinstance(thing, ModuleType):
            self._module(thing, path)
        elif isinstance(thing, functools.partial):
            for name, part in (("", thing.func), ("args", thing.args), ("kw", thing.keywords)):
                self.visit(part, f"{path}.{name}")
        elif isinstance(thing, MethodType):
            self.visit(thing.__func__, path)
            self.visit(thing.__self__, f"{path}.self")
        elif _is_installed(thing):
            self._add(path, f"{thing.__module__}.{getattr(thing, '__qualname__', thing)}")
        elif isinstance(thing, FunctionType):
            self._function(thing, path)
        elif isinstance(thing, type):
            self._class(thing, path)
        elif isinstance(thing, Mapping | list | tuple | set | frozenset):
            self._collection(thing, path)
        elif self._data:
            self._object(thing, path)

    def _collection(self, thing: Any, path: str) -> None:
        if isinstance(thing, Mapping):
            places = [(f"[{key!r}]", value) for key, value in thing.items()]
        elif isinstance(thing, set | frozenset):
            places = [
                (f"{{{place}}}", value) for place, value in enumerate(sorted(thing, key=repr))
            ]
        else:
            places = [(f"[{place}]", value) for place, value in enumerate(thing)]
        if not self._data:
            # Functions and classes in it are code; what else it holds is data.
            places = [(name, value) for name, value in places if callable(value)]
        self._add(path, f"{type(thing).__name__} of {len(places)}")
        for name, value in places:
            self.visit(value, path + name)

    def _module(self, module: ModuleType, path: str) -> None:
        file = getattr(module, "__file__", None)
        if file is None or _installed(file):
            self._add(path, module.__name__)
            return
        self._add(path, code_hash(Path(file).read_text(encoding="utf-8")))

    def _function(self, function: FunctionType, path: str) -> None:
        self._add(path, self._source(function, path))
        self.visit([function.__defaults__, function.__kwdefaults__], f"{path} defaults")
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            try:
                self.visit(cell.cell_contents, f"{path}, {name}")
            except ValueError as error:
                if isinstance(error, UnidentifiedError):
                    raise
                self._add(path, f"{name} is empty")
        for name in dict.fromkeys(_global_names(function.__code__)):
            if name in function.__globals__:
                self.visit(function.__globals__[name], f"{path}, {name}")

    def _class(self, kind: type, path: str) -> None:
        self._add(path, self._source(kind, path))
        for base in kind.__bases__:
            self.visit(base, f"{path} base")
        for name, member in vars(kind).items():
            inner = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(inner, FunctionType) and inner.__module__ == kind.__module__:
                self.visit(inner, f"{path}.{name}")

    def _source(self, thing: Any, path: str) -> str:
        try:
            text = textwrap.dedent(inspect.getsource(thing))
        except (OSError, TypeError):
            self._unidentified(thing, path, "its source cannot be read")
            return "unread"
        try:
            return code_hash(text)
        except SyntaxError:
            return text.strip()  # a lambda inside a longer statement

    def _object(self, thing: Any, path: str) -> None:
        import numpy as np
        import torch

        kind = type(thing)
        if isinstance(thing, torch.Tensor):
            thing = thing.detach().cpu()
            self._add(path, f"tensor {thing.dtype} {tuple(thing.shape)}")
            held = thing.contiguous().view(-1).view(torch.uint8).numpy()
            self._add(path, hashlib.sha256(held.tobytes()).hexdigest())
        elif isinstance(thing, np.ndarray | np.generic) and thing.dtype.kind != "O":
            self._add(path, f"array {thing.dtype} {thing.shape}")
            self._add(path, hashlib.sha256(thing.tobytes()).hexdigest())
        elif isinstance(thing, torch.dtype | torch.device | np.dtype):
            self._add(path, repr(thing))
        elif hasattr(thing, "__dict__") and not _is_installed(kind):
            self.visit(kind, f"{path} class")
            self.visit(vars(thing), path)
        else:
            self._unidentified(thing, path, "its content cannot be told from another's")

    def _unidentified(self, thing: Any, path: str, why: str) -> None:
        if self._data:
            kind = getattr(thing, "__qualname__", None) or type(thing).__qualname__
            raise UnidentifiedError(
                f"{path} ({kind}): {why}, so records of another version could not be kept apart; "
                "make it inside train_fn, or give version=, a text that you change with it"
            )


def _global_names(code: CodeType) -> Iterator[str]:
    """The globals that a function reads, those of functions inside it included."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _is_installed(thing: Any) -> bool:
    """Whether a function or a class comes from Python or an installed package."""
    name = getattr(thing, "__module__", None)
    if (not isinstance(thing, type) and not callable(thing)) or not isinstance(name, str):
        return False
    if not isinstance(thing, type) and not hasattr(thing, "__qualname__"):
        return False
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return name != "__main__"
    return _installed(file)


def _installed(file: str) -> bool:
    return Path(file).resolve().is_relative_to(_own_package()) or any(
        Path(file).resolve().is_relative_to(root) for root in _library_roots()
    )


@functools.cache
def _library_roots() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in names})


@functools.cache
def _own_package() -> Path:
    return Path(__file__).resolve().parents[1]
