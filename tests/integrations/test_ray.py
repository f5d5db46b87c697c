"""Cells on a real Ray cluster of several nodes, all on this machine."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the ray engine: pip install 'actlab[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")

from actlab.lab.engines import EngineError, Job, engine_named  # noqa: E402
from actlab.lab.engines.local import LocalEngine  # noqa: E402
from unit.lab.engines.cheap import REST, cheap_key, shape_key  # noqa: E402
from unit.lab.engines.drivers import Run  # noqa: E402

MEMORY = 80 * 2**20
PATIENCE = 240.0


def nothing(cell, value):
    pass


def mine(seed: int, **settings):
    """A cell of the user's module, in the folder that the driver is started in."""
    return cheap_key(seed, task="my_task:TASK", **settings)


class Nodes:
    """A head without processors and nodes that come and go."""

    def __init__(self, number: int, rest: Path | None) -> None:
        from ray.cluster_utils import Cluster

        self._rest = rest
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.nodes = [self.add() for _ in range(number)]
        self.address = self.cluster.address

    def add(self, **more):
        # What the nodes inherit, and neither the driver nor the serial run does.
        with pytest.MonkeyPatch.context() as during:
            if self._rest is not None:
                during.setenv(REST, str(self._rest))
            return self.cluster.add_node(num_cpus=2, object_store_memory=MEMORY, **more)

    def replace_one(self, chance: random.Random) -> None:
        """A machine goes without a word, and another one comes."""
        node = self.nodes.pop(chance.randrange(len(self.nodes)))
        self.cluster.remove_node(node, allow_graceful=False)
        self.nodes.append(self.add())

    def seats(self, *nodes) -> list:
        """The worker processes, of these nodes or of all, that compute cells."""
        import psutil

        found = []
        for node in nodes or self.nodes:
            for raylet in node.all_processes["raylet"]:
                try:
                    children = psutil.Process(raylet.process.pid).children(recursive=True)
                    found += [c for c in children if c.cmdline()[:1] and "Seat" in c.cmdline()[0]]
                except psutil.Error:
                    continue
        return found


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    made: list[Nodes] = []

    def make(nodes: int, rest: float | None = None) -> Nodes:
        made.append(Nodes(nodes, None if rest is None else slow_down(tmp_path, rest)))
        return made[-1]

    yield make
    for one in made:
        one.cluster.shutdown()


def slow_down(place: Path, seconds: float) -> Path:
    """How long cells rest from now on."""
    (place / "rest.new").write_text(str(seconds), encoding="ascii")
    return (place / "rest.new").replace(place / "rest")


def real_keys():
    """Cells of tasks that come with actlab."""
    from actlab.lab.tasks import task_named

    keys = []
    for name in ("twenty-one-pairs", "mlp"):
        task = task_named(name)
        settings = task.settings.model_validate(dict(task.trial)).model_dump(mode="json")
        for function in ("relu", "elu", "tanh"):
            key = {**cheap_key(0, task=name), "settings": settings, "seeds": [0, 1]}
            activation = {"name": function, "params": {}, "source": ""}
            keys.append({**key, "activation": activation})
    return keys


def outcomes(engine, keys):
    with engine as running:
        futures = [running.submit(Job(str(i), key, {}, PATIENCE)) for i, key in enumerate(keys)]
        return [future.result(timeout=PATIENCE) for future in futures]


def test_results_are_those_of_the_local_engine_to_the_last_bit(cluster):
    keys = [*real_keys(), *(shape_key(number) for number in range(4))]
    local = outcomes(LocalEngine(1, nothing, nothing), keys)
    nodes = cluster(2)
    far = outcomes(engine_named("ray", address=nodes.address)(nothing, nothing), keys)
    for here, there in zip(local, far, strict=True):
        assert (here.status, here.summary) == (there.status, there.summary)
        assert here.arrays.keys() == there.arrays.keys()
        for name, array in here.arrays.items():
            assert array.tobytes() == there.arrays[name].tobytes()
        assert there.environment["torch"]["threads"] == 1
        assert there.environment["torch"]["deterministic algorithms"] is True


def test_workers_share_the_gpus_of_the_cluster(cluster):
    nodes = cluster(2)
    nodes.add(num_gpus=1)  # as Ray counts them: whether there is one is not looked at
    engine = engine_named("ray", address=nodes.address, gpus=0.5)(nothing, nothing)
    with engine as running:
        assert running.workers == 2
        futures = [running.submit(Job(str(n), shape_key(n), {}, PATIENCE)) for n in range(6)]
        assert {future.result(timeout=PATIENCE).status for future in futures} == {"done"}


def test_a_killed_node_loses_nothing_and_one_that_joins_is_used(cluster, tmp_path):
    nodes = cluster(2, rest=0.5)
    run = Run(tmp_path, "ray", [mine(seed) for seed in range(200)], address=nodes.address)
    run.start()
    wait_for(lambda: run.saved() >= 5)
    nodes.replace_one(random.Random(0))
    wait_for(lambda: nodes.seats(nodes.nodes[-1]))
    said, complained = run.finish(PATIENCE)
    assert said.strip() == "finished 200 []"
    assert complained == ""
    run.check()


def test_a_driver_killed_with_sigkill_goes_on_where_it_was(cluster, tmp_path):
    nodes = cluster(2, rest=0.2)
    run = Run(tmp_path, "ray", [mine(seed) for seed in range(60)], address=nodes.address)
    for done in (5, 20, 35):
        run.start()
        wait_for(lambda least=done: run.saved() >= least)
        run.kill()
    wait_for(lambda: not nodes.seats())  # nothing goes on without its driver
    run.start()
    said, _ = run.finish(PATIENCE)
    assert said.strip() == "finished 60 []"
    run.check()


@pytest.mark.parametrize(
    "kills", [pytest.param(20, id="20"), pytest.param(200, id="200", marks=pytest.mark.full)]
)
def test_random_kills_lose_nothing_and_count_nothing_twice(cluster, tmp_path, kills):
    seed = int(os.environ.get("ACTLAB_CHAOS_SEED", "0"))
    chance = random.Random(seed)
    nodes = cluster(2, rest=5.0)
    keys = [mine(number) for number in range(6 * kills + 20)]
    run = Run(tmp_path, "ray", keys, address=nodes.address, tries=100)
    run.start()
    done: dict[str, int] = {"worker": 0, "node": 0, "driver": 0}
    before = 0
    while sum(done.values()) < kills:
        wait_for(lambda least=before: run.saved() > least or run.driver.poll() is not None)
        assert run.driver.poll() is None, f"finished after {done}"
        time.sleep(chance.uniform(0.0, 0.5))
        before = run.saved()
        what = chance.choices(["worker", "node", "driver"], [8, 1, 1])[0]
        if what == "worker":
            if not (seats := nodes.seats()):
                continue
            chance.choice(seats).kill()
        elif what == "node":
            nodes.replace_one(chance)
        else:
            run.kill()
            run.start()
        done[what] += 1
    slow_down(tmp_path, 0.0)
    said, _ = run.finish(PATIENCE)
    assert said.strip() == f"finished {len(keys)} []"
    run.check()
    print(f"seed {seed}: {done}, {len(keys)} cells", file=sys.stderr)


def test_an_exception_is_the_cells_own_and_a_worker_that_always_dies_is_given_up(cluster):
    nodes = cluster(1)
    starts: list[str] = []
    build = engine_named("ray", address=nodes.address, tries=2, ship=str(SHIPPED))
    with build(lambda cell, worker: starts.append(cell), nothing) as engine:
        jobs = {
            "raises": cheap_key(0, task="cheap:TASK", deed="raise"),
            "dies": cheap_key(0, task="cheap:TASK", deed="die"),
            "late": cheap_key(0, task="cheap:TASK", seconds=1e6),
            "sound": cheap_key(0, task="cheap:TASK"),
            "absent": cheap_key(0, task="no_such_module:TASK"),
        }
        futures = {
            name: engine.submit(Job(name, key, {}, 3.0 if name == "late" else PATIENCE))
            for name, key in jobs.items()
        }
        said = {name: str(future.exception(PATIENCE)) for name, future in futures.items()}
    assert said["raises"].startswith("RuntimeError: out of luck (in deed")
    assert said["dies"].startswith("its worker was lost 2 times, at last: ActorDiedError")
    assert said["late"] == "stopped after 3 s"
    assert said["sound"] == "None"
    assert "No module named 'no_such_module'" in said["absent"]
    assert "naming its folder to ship" in said["absent"]
    assert starts.count("raises") == 1
    assert starts.count("dies") == 2


SHIPPED = Path(__file__).parents[1] / "unit" / "lab" / "engines"


def test_shares_reach_the_driver(cluster):
    nodes = cluster(1)
    shares: list[float] = []
    build = engine_named("ray", address=nodes.address, ship=str(SHIPPED))
    with build(nothing, lambda cell, share: shares.append(share)) as engine:
        key = cheap_key(0, task="cheap:TASK", seconds=4.0)
        engine.submit(Job("cell", key, {}, PATIENCE)).result(timeout=PATIENCE)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 1


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_an_address_where_nothing_answers_is_told_at_once(address):
    began = time.monotonic()
    with (
        pytest.raises(EngineError, match=f"no Ray cluster answers at {address}"),
        engine_named("ray", address=address)(nothing, nothing),
    ):
        pass
    assert time.monotonic() - began < 30


def wait_for(true) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "nothing goes on"
        time.sleep(0.1)
