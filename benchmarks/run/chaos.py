"""Kills workers, broker and node at random moments while products of every modality are embedded.

    python -m benchmarks.run.chaos [--products 2000] [--kills 12] [--seed 1] [--brokers folder,redis]
    python -m benchmarks.run.chaos --nodes 3 [--engine elasticsearch] [--products 2000] [--kills 12]

With `--nodes`, nodes of one cluster are killed instead, while a catalog is written, features are logged, rankers are
pushed and shoppers search (`benchmarks.lib.node_deaths`).

Counts vectors, of which a product has one for each of its fields. *Lost*: missing at the end, or not of the current
encoder. *Doubled*: made more than once. *In vain*: doubled although not in flight at any kill, according to a record
that the workers write outside of themselves. *Cut off*: begun by a worker that was killed before it had written them.
*Allowed*: kills x products of a task x parallel tasks x fields of a modality.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ltr_workers.celery import app, make_app

from benchmarks.lib.brokers import Broker, ForgetfulRedis, RabbitMQ, Redis, free_port
from benchmarks.lib.chaos_shop import vector_fields, write_catalog, write_encoder
from benchmarks.lib.node_deaths import NodeDeaths
from benchmarks.lib.recorded import Attempt, read_attempts
from benchmarks.lib.script import ROOT, argument_parser, command_line, write_result
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.devnode import NodeState, start_node, stop_node, temporary_node
from ltr_plugin.devnode.distribution import DISTRIBUTIONS
from ltr_plugin.errors import LtrError
from ltr_plugin.pipelines.indexing import local_worker
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK, enqueue_backlog
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog as write_products
from ltr_plugin.settings import Settings

BROKERS: dict[str, type[Broker]] = {"redis": Redis, "forgetful-redis": ForgetfulRedis, "rabbitmq": RabbitMQ}
RECORDED_OPTIONS = ("products", "kills", "batch", "seed")
PROCESSES, CONCURRENCY = 2, app.conf.worker_concurrency
SWEEP_S = 5.0
HEAP = "512m"

BACKGROUND = ThreadPoolExecutor(1)

QUIET_S = 3.0
"""After so long without a new vector, the backlog is checked."""


@dataclass(frozen=True)
class Kill:
    """What was killed, when (monotonic clock), after how many vectors, and the process of a worker."""

    what: str
    at: float
    made: int
    pid: int | None = None


@dataclass(frozen=True)
class Outcome:
    """The counts of one run, in vectors; the module's docstring defines them."""

    broker: str
    products: int
    needed: int
    made: int
    lost: int
    doubled: int
    in_vain: int
    cut_off: int
    allowed: int
    kills: dict[str, int]
    seconds: float


class Chaos:
    """One run with one broker: embeds the products and kills according to a plan."""

    def __init__(self, options: argparse.Namespace, broker: str, folder: Path, starting: Future[NodeState]) -> None:
        self.options = options
        self.name = broker
        self.folder = folder
        self.record = folder / "record.jsonl"
        self.rng = random.Random(f"{options.seed} {broker}")
        self.node = Settings(runs=options.node)
        self.starting = starting  # the node, which may still be on its way
        self.port = options.port
        self.kills: list[Kill] = []
        self.broker: Broker | None = None
        if broker != "folder":
            self.broker = BROKERS[broker](folder / broker)

    def run(self, catalog: Path, fields: tuple[VectorField, ...]) -> Outcome:
        """Embeds the catalog with kills; ends when no vector is missing, or after --minutes."""
        cluster = connect(self.starting.result().url, retry_timeout_s=120)
        alias = f"chaos-{self.name}-{time.time_ns()}"
        index = open_or_create(cluster, alias, fields, catalog.parent)
        write_products(cluster, catalog, alias, fields)
        needed = self.options.products * len(index.vectors)
        share = sorted(self.rng.uniform(0.02, 0.9) for _ in range(self.options.kills))
        plan = [(round(part * needed), what) for part, what in zip(share, self._targets(), strict=True)]
        began = time.monotonic()
        (self._with_broker if self.broker else self._with_folder)(index, plan)
        seconds = time.monotonic() - began
        self.starting.result()
        outcome = self._outcome(index, needed, seconds)
        cluster.call("DELETE", f"/{index.name}")
        return outcome

    def _targets(self) -> list[str]:
        kinds = ["worker", "node", *(["broker"] if self.broker else [])]
        targets = [kinds[number % len(kinds)] for number in range(self.options.kills)]
        self.rng.shuffle(targets)
        return targets

    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "workers")]),
            "OPENSEARCH_URL": f"http://127.0.0.1:{self.port}",
            "LTR_RECORD": str(self.record),
            "LTR_RECORD_BATCH": str(self.options.batch),
            "LTR_RUNS": str(self.folder),
            "LTR_MEDIA_ROOT": str(self.folder.parent),
        }

    def _with_broker(self, index: Index, plan: list[tuple[int, str]]) -> None:
        """As in production: a broker, workers that are started again, and a beat."""
        broker = self.broker
        assert broker
        with ExitStack() as stack:
            stack.callback(broker.close)
            broker.start()
            environment = {
                **self._environment(),
                "LTR_BROKER_URL": broker.url,
                "LTR_SWEEP_INDICES": index.name,
                "LTR_SWEEP_PERIOD_S": str(SWEEP_S),
            }
            enqueue_backlog(index, client=make_app(Settings(broker_url=broker.url)))
            workers = []
            for number in range(PROCESSES):
                beat = ["--beat"] if number == 0 else []
                log = self.folder / f"worker{number}.log"
                workers.append(WorkerProcess(environment, log, *beat, app="benchmarks.lib.recorded"))
                stack.callback(workers[-1].kill)

            def kill(what: str, made: int) -> None:
                worker = self.rng.choice(workers)
                self._note(what, made, worker.process.pid if what == "worker" else None)
                if what == "worker":
                    worker.kill()
                    time.sleep(self.rng.uniform(0, 2))
                    worker.restart()
                elif what == "broker":
                    broker.kill()
                    time.sleep(self.rng.uniform(0, 2))
                    broker.start()
                else:
                    self._restart_node()

            self._until_done(index, plan, kill)
            for worker in workers:
                worker.stop(timeout_s=120)

    def _with_folder(self, index: Index, plan: list[tuple[int, str]]) -> None:
        """As `ltr index embed` does: a local worker for the time of the command, which is run again when it fails."""
        for name, value in self._environment().items():
            os.environ[name] = value
        local_worker.worker_command = partial(local_worker.worker_command, app="benchmarks.lib.recorded")
        settings = Settings(
            opensearch_url=self._environment()["OPENSEARCH_URL"], runs=self.folder, media_root=(self.folder.parent,)
        )
        over = threading.Event()
        current: list[local_worker.LocalWorker] = []

        def kill(what: str, made: int) -> None:
            if what == "worker":
                pid = current[-1].pid
                self._note(what, made, pid)
                os.kill(pid, signal.SIGKILL)
            else:
                self._note(what, made)
                self._restart_node()

        killer = threading.Thread(target=self._until_done, args=(index, plan, kill, over))
        killer.start()
        try:
            while killer.is_alive():
                try:
                    with local_worker.local_worker(settings) as worker:
                        current.append(worker)
                        local_worker.drain(index, worker.client, worker=worker, stall_s=20)
                        killer.join()
                except LtrError as error:
                    print(f"  {error}".splitlines()[0])
        finally:
            over.set()
            killer.join()

    def _until_done(
        self,
        index: Index,
        plan: list[tuple[int, str]],
        kill: Callable[[str, int], None],
        over: threading.Event | None = None,
    ) -> None:
        """Kills according to plan; returns when no vector is missing and the workers have been quiet for a while."""
        began = quiet = time.monotonic()
        left, until, before = list(plan), began + 60 * self.options.minutes, 0
        while time.monotonic() < until and not (over and over.is_set()):
            made = sum(len(attempt.made) for attempt in read_attempts(self.record))
            if left and (made >= left[0][0] or self._all_wait_for_node(quiet)):
                what = left.pop(0)[1]
                print(
                    f"  {self.name}, {time.monotonic() - began:.0f} s: {made} vectors, killing the {what}", flush=True
                )
                kill(what, made)
                continue  # meanwhile more vectors were made
            if made > before:
                quiet, before = time.monotonic(), made
            elif not left and time.monotonic() - quiet > QUIET_S:
                index.refresh()  # waits for a node that is away, so no kill may be due
                if index.backlog() == 0:
                    return
            time.sleep(0.1)

    def _restart_node(self) -> None:
        node = self.starting.result()
        os.kill(node.pid, signal.SIGKILL)
        while Path(f"/proc/{node.pid}").exists():
            time.sleep(0.05)
        time.sleep(self.rng.uniform(0, 2))
        self.starting = BACKGROUND.submit(start_node, self.node, port=self.port, heap=HEAP)

    def _all_wait_for_node(self, quiet: float) -> bool:
        """Whether all wait for a killed node: then the next kill comes while the node is away."""
        waiting = not self.starting.done() and time.monotonic() - quiet > QUIET_S
        return waiting and self.kills[-1].what == "node"

    def _note(self, what: str, made: int, pid: int | None = None) -> None:
        self.kills.append(Kill(what, time.monotonic(), made, pid))

    def _outcome(self, index: Index, needed: int, seconds: float) -> Outcome:
        runs = read_attempts(self.record)
        made = Counter(one for run in runs for one in run.made)
        in_flight = Counter(
            one for kill in self.kills for run in runs for one in run.missing if self._is_in_flight(run, one, kill)
        )
        killed = {kill.pid for kill in self.kills}
        fields = max(Counter(vector.source for vector in index.vectors).values())
        tasks = sum(CONCURRENCY * (1 if kill.what == "worker" or not self.broker else PROCESSES) for kill in self.kills)
        return Outcome(
            broker=self.name,
            products=self.options.products,
            needed=needed,
            made=made.total(),
            lost=self._lost(index),
            doubled=sum(times - 1 for times in made.values()),
            in_vain=sum(max(0, times - 1 - in_flight[one]) for one, times in made.items()),
            cut_off=sum(run.until(one) == float("inf") for run in runs if run.pid in killed for one in run.missing),
            allowed=tasks * self.options.batch * fields,
            kills=dict(Counter(kill.what for kill in self.kills)),
            seconds=round(seconds, 1),
        )

    def _is_in_flight(self, run: Attempt, one: tuple[str, str], kill: Kill) -> bool:
        deaths = [other.at for other in self.kills if other.pid == run.pid]
        hit = kill.pid in (None, run.pid)
        return hit and run.is_making and run.began <= kill.at <= min([run.until(one), *deaths])

    def _lost(self, index: Index) -> int:
        index.refresh()
        lost = {(id_, field) for id_, field, _ in index.errors()}
        ids = [f"p{number}" for number in range(self.options.products)]
        for start in range(0, len(ids), 500):
            stored_by_id = {stored.product.id: stored for stored in index.fetch(ids[start : start + 500])}
            for id_ in ids[start : start + 500]:
                stored = stored_by_id.get(id_)
                pending = stored.pending(index.vectors) if stored else index.vectors
                lost |= {(id_, vector.name) for vector in pending}
        present = 0
        for vector in index.vectors:
            body = {"query": {"exists": {"field": vector.name}}}
            present += index.cluster.call("POST", f"/{index.name}/_count", body)["count"]
        return max(len(lost), len(ids) * len(index.vectors) - present)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--products", type=int, default=2000, help="Products (%(default)s).")
    parser.add_argument(
        "--kills", type=int, default=12, help="Kills of each run, spread over worker, node and broker (%(default)s)."
    )
    known = ",".join(["folder", *BROKERS])
    parser.add_argument("--brokers", default=known, help="Brokers; those not installed are skipped (%(default)s).")
    parser.add_argument("--batch", type=int, default=32, help="Products of a task (%(default)s).")
    parser.add_argument("--seed", type=int, default=1, help="Random seed (%(default)s).")
    parser.add_argument("--minutes", type=float, default=20, help="Time limit of each run (%(default)g).")
    parser.add_argument(
        "--node", type=Path, default=Path("runs/test-restarts"), help="Run folder of the node to kill (%(default)s)."
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/chaos"), help="Folder for products, queues and logs (%(default)s)."
    )
    parser.add_argument("--engine", choices=DISTRIBUTIONS, default="opensearch", help="Engine (%(default)s).")
    parser.add_argument("--nodes", type=int, default=1, help="Nodes of the cluster (%(default)s).")
    options = parser.parse_args()
    options.port = free_port()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    node = Settings(runs=options.node)
    if options.nodes > 1:
        sys.exit(run_node_deaths(options, node))
    with BACKGROUND, ExitStack() as stack:
        stack.callback(stop_node, node)
        outcomes = run(
            options, BACKGROUND.submit(start_node, node, engine=options.engine, nodes=1, port=options.port, heap=HEAP)
        )
    sys.exit(any(outcome.lost or outcome.in_vain for outcome in outcomes))


def run(options: argparse.Namespace, starting: Future[NodeState]) -> list[Outcome]:
    folder = options.folder.resolve()
    PRODUCTS_PER_TASK.update(dict.fromkeys(PRODUCTS_PER_TASK, options.batch))  # type: ignore[attr-defined]
    catalog = write_catalog(folder / "shop", options.products, options.seed)
    fields = vector_fields(write_encoder(folder / "encoder"))
    outcomes: list[Outcome] = []
    for broker in options.brokers.split(","):
        if broker in BROKERS and not BROKERS[broker].binary:
            print(f"{broker} is not installed: skipped")
            continue
        shutil.rmtree(folder / broker, ignore_errors=True)
        (folder / broker).mkdir()
        chaos = Chaos(options, broker, folder / broker, starting)
        outcomes.append(chaos.run(catalog, fields))
        starting = chaos.starting
        print(json.dumps(asdict(outcomes[-1])), flush=True)
        recorded_options = {name: getattr(options, name) for name in RECORDED_OPTIONS}
        report = {"options": recorded_options, "outcomes": [asdict(outcome) for outcome in outcomes]}
        write_result(options.out, "chaos", report)
    return outcomes


def run_node_deaths(options: argparse.Namespace, node: Settings) -> bool:
    """Records the outcome of each flow; True when something was lost, or a search had no answer."""
    with temporary_node(node, engine=options.engine, nodes=options.nodes, heap=HEAP) as state:
        deaths = NodeDeaths(node, state, options.folder.resolve(), products=options.products, seed=options.seed)
        outcomes = deaths.run(rounds=-(-options.kills // len(deaths.outcomes)))
    report = {
        "command": command_line(),
        "engine": f"{state.distribution.title} {state.version}",
        "nodes": options.nodes,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    write_result(options.out, f"chaos_nodes_{options.engine}", report)
    return any(outcome.lost or outcome.failed or outcome.out_of_order for outcome in outcomes)


if __name__ == "__main__":
    main()
