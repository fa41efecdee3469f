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
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from beside_writes import Writes
from cores_apart import Work, node_apart
from embed_jobs import Job, kinds, texts
from embed_report import device, write
from gpu_work import GpuWork

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Modality
from ltr_plugin.cluster.connection import Cluster, connect
from ltr_plugin.cluster.indices import open_or_create
from ltr_plugin.cluster.products import Embedded, ProductIndex
from ltr_plugin.settings import Settings
from workers.cores import CORES, TOKENIZERS, cores
from workers.encoders import DEFAULT_TEXT_ENCODER, load_encoder, load_exact, vector_fields
from workers.local import LocalWorker, local_worker
from workers.media.opening import OPENERS
from workers.memory import keep_memory
from workers.sending import BATCH, send_backlog

SIZES = {"cpu": (8, 32, 64), "cuda": (64, 256, 1024)}
"""Of the library's batches, by the kind of device."""

POLL_S = 0.25
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
        os.environ[CORES] = str(arguments.encoder_cores)  # the worker inherits it
        os.environ[TOKENIZERS] = "false"  # as in a worker: all ways make tokens on the cores that they encode on
    torch.set_num_threads(cores())
    keep_memory()  # as a worker does: what all ways are given tells nothing about any
    with tempfile.TemporaryDirectory(prefix="ltr-embed-") as name:
        folder = Path(name)
        every = kinds(folder, arguments.data)
        chosen = every if arguments.only is None else [kind for kind in every if kind.name in arguments.only]
        rows: list[dict[str, object]] = []
        decoded: dict[str, float] = {}
        with started(settings, arguments.workers) as workers, node_apart(settings, arguments.encoder_cores) as apart:
            cluster = connect(settings)
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
    os.environ[CORES] = str(max(1, own // count))  # a worker inherits it
    with local_worker(settings) as first, contextlib.ExitStack() as stack:
        workers = [first, *(LocalWorker(settings) for _ in range(count - 1))]
        os.environ[CORES] = str(own)
        for worker in workers[1:]:
            stack.callback(worker.stop)
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


def library(job: Job) -> Callable[[Sequence[Any]], None]:
    """What runs the job's model over prepared items as its own library does, in the batches that suit it best."""
    import torch

    encoder = load_exact(job.spec)
    model, to = encoder.model, encoder.device
    calls: dict[Modality, Callable[[Sequence[Any]], Any]] = {
        "image": lambda batch: model.encode_image(encoder.pixels.batch(batch)),
        "audio": lambda batch: model.get_audio_features(
            input_features=torch.cat(batch).to(to), is_longer=torch.zeros(len(batch), 1, dtype=torch.bool, device=to)
        ),
    }
    rates: dict[int, float] = {}

    def run(items: Sequence[Any], size: int) -> None:
        with torch.inference_mode():
            if job.source == "text":  # it puts texts of like length together by itself
                model.encode(list(items), batch_size=size, show_progress_bar=False)
                return
            for batch in batched(items, size):
                made = calls[job.source](list(batch))
                getattr(made, "pooler_output", made).cpu()  # transformers 4 gives a tensor, 5 an object that holds it

    def best(items: Sequence[Any]) -> None:
        if not rates:
            for size in (sizes := SIZES[to.type]):
                few = list(islice(cycle(items), max(sizes)))
                run(few[:size], size)
                rates[size] = seconds(partial(run, few, size))
        run(items, min(rates, key=rates.__getitem__))

    return best


def beside(job: Job, ready: Sequence[Any], cluster: Cluster, folder: Path) -> float:
    """Seconds of the encoder alone, task by task, while the cluster works as for a worker."""
    encoder, size = load_encoder(job.spec), BATCH[job.source]
    with filled(job, cluster, folder) as index, Writes(index.name) as writes:
        began = time.perf_counter()
        for products, items in zip(batched(job.products, size), batched(ready, size), strict=False):
            encoder.encode(job.source, items)
            writes.order(product.id for product in products)
        return time.perf_counter() - began


def by_worker(job: Job, cluster: Cluster, folder: Path, workers: Sequence[LocalWorker]) -> float:
    """Seconds from sending the tasks to the last vector being searchable."""
    with filled(job, cluster, folder) as index:
        began = time.perf_counter()
        send_backlog(index, queue=workers[0].queue)
        while left := index.backlog():  # seen when the index refreshes by itself, which costs the cluster little
            assert not any(worker.restarts for worker in workers), workers[0].tail()
            if last := left <= BATCH[job.source]:
                index.refresh()  # with the last task in hand, at once, as the loop does
            time.sleep(POLL_S / 5 if last else POLL_S)
        return time.perf_counter() - began


def by_loop(job: Job, cluster: Cluster, folder: Path) -> float:
    """Seconds of the plain way: open, encode and write a batch, then the next."""
    encoder = load_encoder(job.spec)
    with filled(job, cluster, folder) as index:
        field = next(one for one in index.vectors if one.source == job.source)
        content = {one.product.id: one.content for one in index.fetch([product.id for product in job.products])}
        began = time.perf_counter()
        for products in batched(job.products, 64):
            items = replace(job, products=products).items
            prepared = [encoder.prepare(job.source, OPENERS[job.source](folder, item)) for item in items]
            vectors = encoder.encode(job.source, prepared)
            made = [
                Embedded(product.id, field, content[product.id][job.source], vector)
                for product, vector in zip(products, vectors, strict=True)
            ]
            assert not [error for _, error in index.write_vectors(made) if error]
        index.refresh()
        assert not index.backlog(job.source)
        return time.perf_counter() - began


class filled:  # noqa: N801 - a context manager
    """An index with the job's products and no vectors yet, deleted in the end."""

    def __init__(self, job: Job, cluster: Cluster, folder: Path) -> None:
        self.job, self.cluster, self.folder = job, cluster, folder

    def __enter__(self) -> ProductIndex:
        fields = vector_fields(**{self.job.source: self.job.spec})
        only = tuple(field for field in fields if field.source == self.job.source)
        self.index = open_or_create(self.cluster, f"embed-{self.job.source}-{time.time_ns()}", only, self.folder)
        assert not [error for _, error in self.index.put(self.job.products) if error]
        self.index.refresh()
        return self.index

    def __exit__(self, *_: object) -> None:
        self.cluster.call("DELETE", f"/{self.index.name}")


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


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
