"""Where trials are kept: Optuna's journal in one file, safe from kill -9 and between processes."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from actlab.core.errors import MissingExtraError
from actlab.lab.seeds import derive

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

FILE = "search.journal"
CLAIM = "search.claim"
PROCESS = "process"
START = "start"
P_PRUNE = 0.1
"""A trial ends early when a Wilcoxon test against the best one gives less than this."""

LONGEST = timedelta(hours=1)
"""A trial on another machine that has taken longer is given up."""

MOMENT = timedelta(seconds=10)
"""So long may a process take to put its name on a trial."""

RANDOM_TRIALS = 10
"""Trials drawn at random before the model of the sampler takes over."""


def optuna_or_error() -> Any:
    """The module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("tuning", "tune") from None
    return optuna


@contextmanager
def quiet() -> Iterator[None]:
    """No log lines, and no warning that the Wilcoxon pruner is experimental; nothing else."""
    optuna = optuna_or_error()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore",
                message="WilcoxonPruner is experimental",
                category=optuna.exceptions.ExperimentalWarning,
            )
            yield
    finally:
        optuna.logging.set_verbosity(before)


def open_storage(folder: Path | None) -> BaseStorage:
    """The storage in a folder that exists, or one in memory.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: the file is damaged; the message says what to do.
    """
    optuna = optuna_or_error()
    if folder is None:
        return optuna.storages.InMemoryStorage()
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    path = (folder / FILE).resolve()
    lock = FileLock(f"{path}.lock")
    _drop_torn_line(path, lock)
    try:
        held: Any = _SystemLock(lock)
        return JournalStorage(JournalFileBackend(str(path), lock_obj=held))
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}); move it away and the search begins anew"
        ) from error


class _SystemLock:
    """The lock of the journal: the system's own, which goes with a process however it ends."""

    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def acquire(self) -> bool:
        """Wait for it."""
        self._lock.acquire()
        return True

    def release(self) -> None:
        """Let go of it."""
        self._lock.release()


def _drop_torn_line(path: Path, lock: FileLock) -> None:
    """Cut off a last line that was never finished: the next one would be written onto it."""
    if not path.exists():
        return
    with lock, path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)


def claiming(folder: Path | None) -> AbstractContextManager[Any]:
    """What a process holds while it takes a trial of a search in a folder."""
    return nullcontext() if folder is None else FileLock(folder / CLAIM)


def open_study(storage: BaseStorage, name: str, seed: int) -> Study:
    """A search by name, begun or gone on with.

    Args:
        storage: from :func:`open_storage`.
        name: of the search.
        seed: what its trials are drawn from.
    """
    optuna = optuna_or_error()
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=_repeatable(seed),
        pruner=optuna.pruners.WilcoxonPruner(p_threshold=P_PRUNE),
        direction="maximize",
        load_if_exists=True,
    )
    bury(study)
    return study


def finished(study: Study) -> list[FrozenTrial]:
    """The trials that have a value."""
    states = optuna_or_error().trial.TrialState
    return study.get_trials(deepcopy=False, states=(states.COMPLETE,))


def this_process() -> str:
    """This process, as others can look for it."""
    return f"{socket.gethostname()} {os.getpid()}"


def bury(study: Study) -> int:
    """Give up the trials of processes that are gone; how many there were."""
    states = optuna_or_error().trial.TrialState
    gone = [trial for trial in _running(study) if not _is_alive(trial)]
    for trial in gone:
        study.tell(trial.number, state=states.FAIL)
    return len(gone)


def alive(study: Study) -> list[FrozenTrial]:
    """The trials that some process is carrying out."""
    return [trial for trial in _running(study) if _is_alive(trial)]


def _running(study: Study) -> list[FrozenTrial]:
    states = optuna_or_error().trial.TrialState
    return study.get_trials(deepcopy=False, states=(states.RUNNING,))


def _is_alive(trial: FrozenTrial) -> bool:
    """Whether its process lives; of a process elsewhere, or unnamed yet, whether it may."""
    host, _, number = str(trial.user_attrs.get(PROCESS, "")).partition(" ")
    if host == socket.gethostname():
        return _lives(int(number))
    began = trial.datetime_start
    return began is None or datetime.now() - began < (LONGEST if host else MOMENT)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _repeatable(seed: int) -> Any:
    """A sampler whose draws depend on the seed and on the trials before, and on nothing else.

    Optuna's samplers go on drawing from one generator, which begins again when a search is taken
    up: the first trials would then be repeated.
    """
    from optuna.samplers import BaseSampler, TPESampler

    failed = optuna_or_error().trial.TrialState.FAIL

    class _Repeatable(BaseSampler):
        def __init__(self) -> None:
            self._inner: BaseSampler = self._begin(0)

        def _begin(self, place: int) -> BaseSampler:
            draws = derive("tune", seed, place) % 2**32
            return TPESampler(seed=draws, multivariate=True, n_startup_trials=RANDOM_TRIALS)

        def before_trial(self, study: Any, trial: Any) -> None:
            earlier = study.get_trials(deepcopy=False)
            place = sum(t.number < trial.number and t.state != failed for t in earlier)
            self._inner = self._begin(place)
            self._inner.before_trial(study, trial)

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            return self._inner.infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> Any:
            return self._inner.sample_relative(study, trial, search_space)

        def sample_independent(
            self, study: Any, trial: Any, param_name: str, param_distribution: Any
        ) -> Any:
            return self._inner.sample_independent(study, trial, param_name, param_distribution)

        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            self._inner.after_trial(study, trial, state, values)

    return _Repeatable()
