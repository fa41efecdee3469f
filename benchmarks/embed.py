"""How fast workers make vectors: beside the bare encoder on ready tensors, and beside a plain loop of encode and index.

    ltr node start && python benchmarks/embed.py ../shared/data

Five ways over the same products in one run, by turns, for photos (open_clip ViT-B-32, and ViT-B-16 as `large`), titles
and descriptions (all-MiniLM-L6-v2) and sounds (CLAP), and for the texts of a real catalog, long and short, where there
is one: the model alone on prepared tensors, called as its library calls it (float32, the best of three batch sizes);
this project's encoder alone on the same tensors; the same task by task, beside a cluster that takes the reads and
writes of a worker (`beside_writes`); a real worker, from the tasks being sent to the last vector being searchable; and
a loop that opens, encodes and writes one batch after the other. There are as many products as the encoder alone takes
`--seconds` for. Every other round takes the ways in reverse, and a ratio is the median of the rounds' ratios. Of the
encoder alone and of the worker, the share of the time in which the encoder's threads had a core is told too: unlike a
rate it does not depend on how fast a shared machine is at the moment. `--memory` products with long and short texts
measure the worker's peak memory over many tasks.

`--encoder-cores` has all ways encode on so many cores, and holds the development node to the others, as a cluster is on
other machines in a shop: then the worker's rate tells whether its encoder ever waits. All ways use a GPU where there is
one: then the share of time is that in which it ran anything, open_clip's ViT-L-14 is run too (`largest`), and several
`--workers` may share it.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from cores_apart import Work, node_apart
from embed_jobs import Job, kinds, texts
from embed_report import device, write
from embed_ways import beside, by_loop, by_worker, library, seconds
from gpu_work import GpuWork
from ltr_workers.memory import disable_trim

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.opensearch import connect
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder
from ltr_plugin.encoders.runtime.cores import ENV_CORES, ENV_TOKENIZER_THREADS, cores
from ltr_plugin.media.openers import OPENERS
from ltr_plugin.pipelines.local_worker import LocalWorker, local_worker
from ltr_plugin.settings import Settings

FEW = 64
"""Products a core that each way is warmed with: enough for the worker's encoder to find its size of batches, which
takes it seconds."""
PART = 4
"""A quarter of the products tells as well how fast the library and the loop are: neither has a start to wait for."""


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="folder with electronics/catalog.jsonl.gz")
    parser.add_argument(
        "--only", nargs="*", help="of photos, large, largest, titles, descriptions, catalog, sounds; or none"
    )
    parser.add_argument("--seconds", type=float, default=60, help="that the bare encoder has to do in each run")
    parser.add_argument("--most", type=int, default=100_000, help="products of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=100_000, help="products for the memory run; 0 leaves it out")
    parser.add_argument("--encoder-cores", type=int, help="cores to encode on; all, and shared with all else, if unset")
    parser.add_argument("--workers", type=int, default=1, help="that share the cores, and the GPU where there is one")
    arguments = parser.parse_args()
    settings = replace(Settings.from_env(), broker_url=None)
    if arguments.encoder_cores:
        os.environ[ENV_CORES] = str(arguments.encoder_cores)  # the worker inherits it
        os.environ[ENV_TOKENIZER_THREADS] = (
            "false"  # as in a worker: all ways make tokens on the cores that they encode on
        )
    torch.set_num_threads(cores())
    disable_trim()  # as a worker does: what all ways are given tells nothing about any
    with tempfile.TemporaryDirectory(prefix="ltr-embed-") as name:
        folder = Path(name)
        every = kinds(folder, arguments.data)
        chosen = every if arguments.only is None else [kind for kind in every if kind.name in arguments.only]
        rows: list[dict[str, object]] = []
        decoded: dict[str, float] = {}
        with started(settings, arguments.workers) as workers, node_apart(settings, arguments.encoder_cores) as apart:
            cluster = connect(settings=settings)
            for kind in chosen:
                job = kind.job(folder, arguments.seconds, arguments.most)
                rows.append(measured(job, cluster, folder, workers, arguments.rounds))
                decoded = decoding(job, folder) if kind.name == "photos" else decoded
            memory = peak(cluster, folder, workers, arguments.memory) if arguments.memory else None
        report = {
            "command": " ".join(["python", "benchmarks/embed.py", *sys.argv[1:]]),
            "cores": len(os.sched_getaffinity(0)),
            "only": arguments.only,
            "encoder_cores": arguments.encoder_cores,
            "workers": arguments.workers,
            "node_apart": apart,
            "device": device(),
            "jobs": rows,
            "decoding": decoded,
            "memory": memory,
        }
        write(report)


@contextlib.contextmanager
def started(settings: Settings, count: int) -> Iterator[list[LocalWorker]]:
    """So many workers, with an equal part of the cores each."""
    own = cores()
    os.environ[ENV_CORES] = str(max(1, own // count))  # a worker inherits it
    with local_worker(settings) as first, contextlib.ExitStack() as stack:
        workers = [first]
        for _ in range(count - 1):
            workers.append(LocalWorker(settings))
            stack.callback(workers[-1].stop)
        os.environ[ENV_CORES] = str(own)
        yield workers


def measured(
    job: Job, cluster: Cluster, folder: Path, workers: Sequence[LocalWorker], rounds: int
) -> dict[str, object]:
    """Items a second of the five ways, by turns, after each has been warmed with a few products."""
    import torch

    encoder = load_encoder(job.spec)
    few = replace(job, products=job.products[: FEW * cores()])
    alone = library(job)
    with ThreadPoolExecutor(cores()) as pool:  # a file that several products have is opened once
        items = dict.fromkeys(job.items)
        opened = pool.map(lambda item: encoder.prepare(job.source, OPENERS[job.source](folder, item)), items)
        prepared = dict(zip(items, opened, strict=True))
    ready = [prepared[item] for item in job.items]
    ways: dict[str, Callable[[Job], float]] = {
        "library": lambda one: PART * seconds(lambda: alone(ready[: max(1, len(one.products) // PART)])),
        "bare": lambda one: seconds(lambda: encoder.encode(job.source, ready[: len(one.products)])),
        "beside": lambda one: beside(one, ready, cluster, folder),
        "worker": lambda one: by_worker(one, cluster, folder, workers),
        "loop": lambda one: PART * by_loop(replace(one, products=one.products[::PART]), cluster, folder),
    }
    for name, way in ways.items():  # several workers are warm when each has had its part of many tasks
        way(job if name == "worker" and len(workers) > 1 else few)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    at_work: dict[str, list[float]] = {"bare": [], "beside": [], "worker": []}
    for turn in range(rounds):
        for name in list(ways)[:: -1 if turn % 2 else 1]:
            pid = workers[0].pid if name == "worker" else os.getpid()
            work = GpuWork() if torch.cuda.is_available() else Work(pid)
            took = ways[name](job)
            taken[name].append(len(job.products) / took)
            said = f"{job.name}: {name} {taken[name][-1]:.1f} {job.unit}/s"
            if name in at_work:
                at_work[name].append(work.encoding() / took)
                said += f", encoding {at_work[name][-1]:.0%} of the time"
            print(said, flush=True)

    def against(name: str) -> float:
        """The median of the rounds' ratios: within a round the machine is as fast for one way as for another."""
        return statistics.median(own / other for own, other in zip(taken["worker"], taken[name], strict=True))

    return {
        "job": job.name,
        "unit": job.unit,
        "encoder": Path(job.spec.partition(":")[2]).name,
        "products": len(job.products),
        **{f"{name}_a_second": round(statistics.median(values), 1) for name, values in taken.items()},
        **{f"worker_to_{name}": round(against(name), 3) for name in taken if name != "worker"},
        **{f"{name}_at_work": round(statistics.median(values), 3) for name, values in at_work.items()},
        "rounds": {name: [round(value, 1) for value in values] for name, values in taken.items()},
    }


def peak(cluster: Cluster, folder: Path, workers: Sequence[LocalWorker], products: int) -> dict[str, object]:
    """The first worker's memory before and after a long run of tasks."""
    status = Path(f"/proc/{workers[0].pid}/status")

    def megabytes(name: str) -> int:
        line = next(line for line in status.read_text().splitlines() if line.startswith(f"{name}:"))
        return int(line.split()[1]) >> 10

    job = Job("texts", "text", "texts", texts(products, range(1, 40)), DEFAULT_TEXT_ENCODER)
    before = megabytes("VmRSS")
    by_worker(replace(job, products=job.products[: products // 10]), cluster, folder, workers)
    early = megabytes("VmHWM")
    by_worker(job, cluster, folder, workers)
    return {
        "products": products,
        "before_mb": before,
        "peak_after_a_tenth_mb": early,
        "peak_mb": megabytes("VmHWM"),
    }


def decoding(job: Job, folder: Path) -> dict[str, float]:
    """Photos a second that are opened and prepared, by the number of threads: what an accelerator could be fed."""
    encoder = load_encoder(job.spec)

    def rate(threads: int) -> float:
        def prepare(item: str) -> object:
            return encoder.prepare(job.source, OPENERS[job.source](folder, item))

        with ThreadPoolExecutor(threads) as pool:
            took = seconds(lambda: [None for _ in pool.map(prepare, items)])
        return round(len(items) / took, 1)

    items = list(dict.fromkeys(job.items))[:512]
    counts = [1 << power for power in range(cores().bit_length())]
    return {str(threads): rate(threads) for threads in counts}


if __name__ == "__main__":
    main()
