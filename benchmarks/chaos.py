"""Workers, broker and node are killed at random moments while products of every modality are embedded.

    python -m benchmarks.chaos [--products 2000] [--kills 12] [--seed 1] [--brokers folder,redis]

Counts what is lost (vectors that are not there, or not of the current encoder, at the end) and what was made twice. A
vector may be made twice where its first making was in flight when something was killed: that is counted from a record
which the workers write outside of themselves. What was made twice for no such reason is made in vain.
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
from benchmarks.lib.chaos_shop import vectors, write_catalog_of, write_encoder
from benchmarks.lib.recorded import Attempt, attempts
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.cluster.versions import open_or_create
from ltr_plugin.devnode import NodeState, start_node, stop_node
from ltr_plugin.errors import LtrError
from ltr_plugin.pipelines import local_worker
from ltr_plugin.pipelines.enqueue import PRODUCTS_PER_TASK, enqueue_backlog
from ltr_plugin.pipelines.index_catalog import write_catalog
from ltr_plugin.settings import Settings

HERE = Path(__file__).parent
BROKERS: dict[str, type[Broker]] = {"redis": Redis, "forgetful-redis": ForgetfulRedis, "rabbitmq": RabbitMQ}
STATED = ("products", "kills", "batch", "seed")
PROCESSES, CONCURRENCY = 2, app.conf.worker_concurrency
SWEEP_S = 5.0
HEAP = "512m"

BACKGROUND = ThreadPoolExecutor(1)

QUIET_S = 3.0
"""When nothing was made for so long, it is time to look whether anything is lacking."""


@dataclass(frozen=True)
class Kill:
    """What was killed, when (monotonic clock), how far the work was, and which worker where it was one."""

    what: str
    at: float
    made: int
    pid: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of it, in vectors: a product has one for each of its fields.

    `lost` are not there in the end. `doubled` were made more often than once, of these `in_vain` without having been in
    flight at a kill. `cut_off` were being made in a process that was killed. `allowed` is kills x products of a task x
    tasks at a time x fields of a modality.
    """

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
    """One run: the products, what embeds them, and what is killed when."""

    def __init__(self, options: argparse.Namespace, broker: str, folder: Path, starting: Future[NodeState]) -> None:
        self.options = options
        self.name = broker
        self.folder = folder
        self.record = folder / "record.jsonl"
        self.chance = random.Random(f"{options.seed} {broker}")
        self.node = Settings(runs=options.node)
        self.coming = starting  # the node, as long as it is not there
        self.port = options.port
        self.kills: list[Kill] = []
        self.broker: Broker | None = None
        if broker != "folder":
            self.broker = BROKERS[broker](folder / broker)

    def run(self, catalog: Path, fields: tuple[VectorField, ...]) -> Outcome:
        """Embeds the catalog with kills between; ends when nothing lacks a vector, or when --minutes are over."""
        cluster = OpenSearchCluster(self.coming.result().url, retry_timeout_s=120)
        alias = f"chaos-{self.name}-{time.time_ns()}"
        index = open_or_create(cluster, alias, fields, catalog.parent)
        write_catalog(cluster, catalog, alias, fields)
        needed = self.options.products * len(index.vectors)
        share = sorted(self.chance.uniform(0.02, 0.9) for _ in range(self.options.kills))
        plan = [(round(part * needed), what) for part, what in zip(share, self._targets(), strict=True)]
        began = time.monotonic()
        (self._with_broker if self.broker else self._with_folder)(index, plan)
        seconds = time.monotonic() - began
        self.coming.result()
        outcome = self._outcome(index, needed, seconds)
        cluster.call("DELETE", f"/{index.name}")
        return outcome

    def _targets(self) -> list[str]:
        kinds = ["worker", "node", *(["broker"] if self.broker else [])]
        targets = [kinds[place % len(kinds)] for place in range(self.options.kills)]
        self.chance.shuffle(targets)
        return targets

    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": str(HERE.parent),
            "OPENSEARCH_URL": f"http://127.0.0.1:{self.port}",
            "LTR_RECORD": str(self.record),
            "LTR_RECORD_BATCH": str(self.options.batch),
            "LTR_RUNS": str(self.folder),
        }

    def _with_broker(self, index: Index, plan: list[tuple[int, str]]) -> None:
        """As a team runs it: a broker, workers that somebody starts again, and a beat."""
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
            started = []
            for number in range(PROCESSES):
                beat = ["--beat"] if number == 0 else []
                log = self.folder / f"worker{number}.log"
                started.append(WorkerProcess(environment, log, *beat, app="benchmarks.lib.recorded"))
                stack.callback(started[-1].kill)

            def kill(what: str, made: int) -> None:
                worker = self.chance.choice(started)
                self._note(what, made, worker.process.pid if what == "worker" else None)
                if what == "worker":
                    worker.kill()
                    time.sleep(self.chance.uniform(0, 2))
                    worker.again()
                elif what == "broker":
                    broker.kill()
                    time.sleep(self.chance.uniform(0, 2))
                    broker.start()
                else:
                    self._restart_node()

            self._until_done(index, plan, kill)
            for worker in started:
                worker.stop(timeout_s=120)

    def _with_folder(self, index: Index, plan: list[tuple[int, str]]) -> None:
        """As `ltr index` does it: a worker of its own for the length of the command, run again when it gave up."""
        for name, value in self._environment().items():
            os.environ[name] = value
        local_worker.worker_command = partial(local_worker.worker_command, app="benchmarks.lib.recorded")
        settings = Settings(opensearch_url=self._environment()["OPENSEARCH_URL"], runs=self.folder)
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
        """Kills according to plan; returns when nothing is lacking and the workers have been quiet for a while."""
        began = quiet = time.monotonic()
        left, until, before = list(plan), began + 60 * self.options.minutes, 0
        while time.monotonic() < until and not (over and over.is_set()):
            made = sum(len(attempt.made) for attempt in attempts(self.record))
            if left and (made >= left[0][0] or self._is_node_missed(quiet)):
                what = left.pop(0)[1]
                print(
                    f"  {self.name}, {time.monotonic() - began:.0f} s: {made} vectors, killing the {what}", flush=True
                )
                kill(what, made)
                continue  # it took a while, in which more was made
            if made > before:
                quiet, before = time.monotonic(), made
            elif not left and time.monotonic() - quiet > QUIET_S:
                index.refresh()  # waits for a node that is away, so that no kill may be due meanwhile
                if index.backlog() == 0:
                    return
            time.sleep(0.1)

    def _restart_node(self) -> None:
        node = self.coming.result()
        os.kill(node.pid, signal.SIGKILL)
        while Path(f"/proc/{node.pid}").exists():
            time.sleep(0.05)
        time.sleep(self.chance.uniform(0, 2))
        self.coming = BACKGROUND.submit(start_node, self.node, port=self.port, heap=HEAP)

    def _is_node_missed(self, quiet: float) -> bool:
        """Whether all wait for a node that was killed last: what is next is killed while the node is away."""
        waiting = not self.coming.done() and time.monotonic() - quiet > QUIET_S
        return waiting and self.kills[-1].what == "node"

    def _note(self, what: str, made: int, pid: int | None = None) -> None:
        self.kills.append(Kill(what, time.monotonic(), made, pid))

    def _outcome(self, index: Index, needed: int, seconds: float) -> Outcome:
        runs = attempts(self.record)
        made = Counter(one for run in runs for one in run.made)
        flying = Counter(
            one for kill in self.kills for run in runs for one in run.lacking if self._in_flight(run, one, kill)
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
            in_vain=sum(max(0, times - 1 - flying[one]) for one, times in made.items()),
            cut_off=sum(run.until(one) == float("inf") for run in runs if run.pid in killed for one in run.lacking),
            allowed=tasks * self.options.batch * fields,
            kills=dict(Counter(kill.what for kill in self.kills)),
            seconds=round(seconds, 1),
        )

    def _in_flight(self, run: Attempt, one: tuple[str, str], kill: Kill) -> bool:
        deaths = [other.at for other in self.kills if other.pid == run.pid]
        hit = kill.pid in (None, run.pid)
        return hit and run.is_making and run.began <= kill.at <= min([run.until(one), *deaths])

    def _lost(self, index: Index) -> int:
        index.refresh()
        lost = {(id_, field) for id_, field, _ in index.errors()}
        ids = [f"p{number}" for number in range(self.options.products)]
        for start in range(0, len(ids), 500):
            found = {stored.product.id: stored for stored in index.fetch(ids[start : start + 500])}
            for id_ in ids[start : start + 500]:
                lacking = found[id_].pending(index.vectors) if id_ in found else index.vectors
                lost |= {(id_, vector.name) for vector in lacking}
        there = 0
        for vector in index.vectors:
            body = {"query": {"exists": {"field": vector.name}}}
            there += index.cluster.call("POST", f"/{index.name}/_count", body)["count"]
        return max(len(lost), len(ids) * len(index.vectors) - there)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=12, help="of each run, spread over worker, node and broker")
    known = ",".join(["folder", *BROKERS])
    parser.add_argument("--brokers", default=known, help=f"of {known}; those not installed are left out")
    parser.add_argument("--batch", type=int, default=32, help="products of a task")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20, help="limit of each run")
    parser.add_argument("--node", type=Path, default=Path("runs/test-restarts"), help="run folder of a node to kill")
    parser.add_argument("--folder", type=Path, default=Path("runs/chaos"))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()
    options.port = free_port()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    node = Settings(runs=options.node)
    with BACKGROUND, ExitStack() as stack:
        stack.callback(stop_node, node)
        outcomes = run(options, BACKGROUND.submit(start_node, node, port=options.port, heap=HEAP))
    sys.exit(any(outcome.lost or outcome.in_vain for outcome in outcomes))


def run(options: argparse.Namespace, starting: Future[NodeState]) -> list[Outcome]:
    here = options.folder.resolve()
    PRODUCTS_PER_TASK.update(dict.fromkeys(PRODUCTS_PER_TASK, options.batch))  # type: ignore[attr-defined]
    catalog = write_catalog_of(here / "shop", options.products, options.seed)
    fields = vectors(write_encoder(here / "encoder"))
    outcomes: list[Outcome] = []
    for broker in options.brokers.split(","):
        if broker in BROKERS and not BROKERS[broker].binary:
            print(f"{broker} is not installed: left out")
            continue
        shutil.rmtree(here / broker, ignore_errors=True)
        (here / broker).mkdir()
        chaos = Chaos(options, broker, here / broker, starting)
        outcomes.append(chaos.run(catalog, fields))
        starting = chaos.coming
        print(json.dumps(asdict(outcomes[-1])), flush=True)
        write(options, outcomes)
    return outcomes


def write(options: argparse.Namespace, outcomes: list[Outcome]) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    stated = {name: getattr(options, name) for name in STATED}
    facts = {"options": stated, "outcomes": [asdict(outcome) for outcome in outcomes]}
    (options.out / "chaos.json").write_text(json.dumps(facts, indent=1) + "\n")
    lines = [
        f"# Chaos: {options.products:,} products with text, photo, sound and film; SIGKILL at random moments",
        "",
        "    python -m benchmarks.chaos " + " ".join(f"--{name} {stated[name]}" for name in STATED),
        "",
        "Counted in vectors. *Lost*: not there in the end, or not of the current encoder. *Doubled*: made more than",
        "once. *In vain*: doubled although not in flight at any kill. *Cut off*: begun by a worker that was killed",
        "before it had written them. *Allowed*: kills x products of a task x tasks at a time x fields of a modality.",
        "",
        "| broker | killed | needed | lost | doubled | in vain | cut off | allowed | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        killed = ", ".join(f"{count} x {what}" for what, count in sorted(one.kills.items()))
        numbers = (one.needed, one.lost, one.doubled, one.in_vain, one.cut_off, one.allowed, round(one.seconds))
        lines.append(" | ".join([f"| {one.broker}", killed, *(f"{number:,}" for number in numbers)]) + " |")
    (options.out / "chaos.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
