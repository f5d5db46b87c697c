"""As much of Ray as the pool of workers asks for, in threads of this process."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from types import ModuleType, SimpleNamespace


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class ActorDiedError(RayError):
    pass


class RuntimeEnvSetupError(RayError):
    pass


class Handle:
    """An actor; its methods run in a thread each, until it is killed."""

    def __init__(self, ray: FakeRay, instance: object) -> None:
        self._ray, self._instance = ray, instance
        self.dead = False
        self._open: list[Future] = []

    def __getattr__(self, name: str):
        return SimpleNamespace(remote=lambda *args: self._call(name, args))

    def _call(self, name: str, args: tuple):
        future: Future = Future()
        self._open.append(future)

        def compute():
            try:
                answer = getattr(self._instance, name)(*args)
            except RayError as error:
                self._settle(future, error)
            else:
                self._settle(future, answer)

        threading.Thread(target=compute, daemon=True).start()
        return SimpleNamespace(future=lambda: future)

    def _settle(self, future: Future, answer: object) -> None:
        with self._ray.lock:
            if not future.done():
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def die(self, why: str = "The actor is dead because its node has died.") -> None:
        self.dead = True
        for future in self._open:
            self._settle(future, ActorDiedError(f"The actor died.\n\tpid: 1\n{why}"))


class FakeRay:
    """Stands in for the module ``ray``."""

    def __init__(self, processors: int, gpus: int = 0) -> None:
        self.processors, self.gpus = processors, gpus
        self.asked: dict[str, object] = {}
        self.lock = threading.RLock()
        self.actors: list[Handle] = []
        self.made = 0

    def remote(self, kind: type):
        def make(*args):
            handle = Handle(self, kind(*args))
            if kind.__name__ == "Seat":
                self.made += 1
                self.actors.append(handle)
            return handle

        def options(**asked):
            if kind.__name__ == "Seat":
                self.asked = asked
            return SimpleNamespace(remote=make)

        return SimpleNamespace(options=options)

    def kill(self, handle: Handle, no_restart: bool) -> None:
        handle.die("it was killed because `ray.kill` said so")

    def cluster_resources(self):
        return {"CPU": float(self.processors), "GPU": float(self.gpus)}

    def install(self, monkeypatch) -> None:
        """Put it where ``import ray`` finds it."""
        ray = ModuleType("ray")
        for name in ("remote", "kill", "cluster_resources"):
            setattr(ray, name, getattr(self, name))
        errors = ModuleType("ray.exceptions")
        for error in (RayError, RayTaskError, ActorDiedError, RuntimeEnvSetupError):
            setattr(errors, error.__name__, error)
        strategies = ModuleType("ray.util.scheduling_strategies")
        strategies.NodeAffinitySchedulingStrategy = lambda node_id, soft: node_id
        for name, module in {
            "ray": ray,
            "ray.exceptions": errors,
            "ray.util": ModuleType("ray.util"),
            "ray.util.scheduling_strategies": strategies,
        }.items():
            monkeypatch.setitem(sys.modules, name, module)
