"""Vectors per second: workers from end to end, against the encoder alone and against a plain loop.

    ltr node start && python -m benchmarks.run.embed [DATA]

Five ways make vectors of the same products, in turns within one run:

- library: the model on prepared tensors, called as its own library calls it (float32, the best of three batch sizes)
- bare: this project's encoder on the same tensors
- beside: the same, task by task, while the cluster takes the reads and writes of a worker
- worker: a real worker, from sending the tasks to the last vector being searchable
- loop: a plain loop that opens, encodes and writes one batch after the other

The jobs are photos (open_clip ViT-B-32; ViT-B-16 as `large`), titles and descriptions (all-MiniLM-L6-v2), audio (CLAP)
and, with DATA, the texts of a real catalog. Each job has as many products as the bare encoder takes `--seconds` for.
Every other round takes the ways in reverse order, and a ratio is the median of the rounds' ratios. For bare, beside and
worker the report also has the share of the time in which the encoder's threads had a core: unlike a rate, it does not
depend on how fast a shared machine is at the moment. `--memory` measures the worker's peak memory over that many
products with long and short texts.

`--encoder-cores` encodes on that many cores and pins the development node to the others, because a shop's cluster runs
on other machines. With a GPU all ways use it, the share is that of the time in which the GPU ran anything, open_clip's
ViT-L-14 is a further job (`largest`), and several `--workers` can share the GPU.
"""

import contextlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ltr_workers.memory import disable_trim

from benchmarks.lib.cores_apart import Work, node_apart
from benchmarks.lib.embed_jobs import Job, job_kinds, texts
from benchmarks.lib.embed_report import device, write
from benchmarks.lib.embed_ways import beside, by_loop, by_worker, library, seconds
from benchmarks.lib.gpu_work import GpuWork
from benchmarks.lib.script import argument_parser, command_line
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, load_encoder
from ltr_plugin.encoders.runtime.cores import ENV_CORES, ENV_TOKENIZER_THREADS, cores
from ltr_plugin.media.openers import OPENERS
from ltr_plugin.pipelines.indexing.local_worker import LocalWorker, local_worker
from ltr_plugin.settings import Settings

WARM_UP = 64
"""Products per core that warm each way up: enough for the worker's encoder to choose its batch size on a GPU."""
FRACTION = 4
"""The library and the loop run over one in so many products: neither has a start to wait for."""


def main() -> None:
    import torch

    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, nargs="?", help="Folder with electronics/catalog.jsonl.gz.")
    parser.add_argument(
        "--only",
        nargs="*",
        help="Jobs to run: photos large largest efficientnet onnx titles descriptions multilingual catalog audio; "
        "without a name, none.",
    )
    parser.add_argument("--seconds", type=float, default=60, help="Time of the bare encoder for one job (%(default)g).")
    parser.add_argument("--most", type=int, default=100_000, help="Maximum number of products of a job (%(default)s).")
    parser.add_argument("--rounds", type=int, default=3, help="Runs of each way (%(default)s).")
    parser.add_argument(
        "--memory", type=int, default=100_000, help="Products of the memory measurement; 0 skips it (%(default)s)."
    )
    parser.add_argument("--encoder-cores", type=int, help="Cores to encode on; by default all cores.")
    parser.add_argument("--workers", type=int, default=1, help="Workers that share cores and GPU (%(default)s).")
    arguments = parser.parse_args()
    settings = Settings.from_env().model_copy(update={"broker_url": None})
    if arguments.encoder_cores:
        os.environ[ENV_CORES] = str(arguments.encoder_cores)  # the worker inherits it
        os.environ[ENV_TOKENIZER_THREADS] = "false"  # as in a worker: tokenize on the cores that encode
    torch.set_num_threads(cores())
    os.environ["LTR_CACHED_TEXTS"] = "0"  # every round encodes the same texts
    disable_trim()  # as a worker does, so that all ways have it
    with tempfile.TemporaryDirectory(prefix="ltr-embed-") as name:
        folder = Path(name)
        kinds = job_kinds(folder, arguments.data)
        chosen = kinds if arguments.only is None else [kind for kind in kinds if kind.name in arguments.only]
        rows: list[dict[str, object]] = []
        decoded: dict[str, float] = {}
        with (
            start_workers(settings.model_copy(update={"media_root": (folder,)}), arguments.workers) as workers,
            node_apart(settings, arguments.encoder_cores) as apart,
        ):
            cluster = connect(settings=settings)
            for kind in chosen:
                job = kind.job(folder, arguments.seconds, arguments.most)
                rows.append(measure(job, cluster, folder, workers, arguments.rounds))
                decoded = decoding_rates(job, folder) if kind.name == "photos" else decoded
            memory = peak_memory(cluster, folder, workers, arguments.memory) if arguments.memory else None
        report = {
            "command": command_line(),
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
        write(arguments.out, report)


@contextlib.contextmanager
def start_workers(settings: Settings, count: int) -> Iterator[list[LocalWorker]]:
    """`count` workers with an equal share of the cores each."""
    own = cores()
    os.environ[ENV_CORES] = str(max(1, own // count))  # a worker inherits it
    with local_worker(settings) as first, contextlib.ExitStack() as stack:
        workers = [first]
        for _ in range(count - 1):
            workers.append(LocalWorker(settings))
            stack.callback(workers[-1].stop)
        os.environ[ENV_CORES] = str(own)
        yield workers


def measure(job: Job, cluster: Cluster, folder: Path, workers: Sequence[LocalWorker], rounds: int) -> dict[str, object]:
    """Items per second of the five ways, in turns, after each has been warmed up."""
    import torch

    encoder = load_encoder(job.spec)
    few = replace(job, products=job.products[: WARM_UP * cores()])
    alone = library(job)
    with ThreadPoolExecutor(cores()) as pool:  # a file of several products is opened once
        items = dict.fromkeys(job.items)
        opened = pool.map(lambda item: encoder.prepare(job.source, OPENERS[job.source](folder, item)), items)
        prepared = dict(zip(items, opened, strict=True))
    ready = [prepared[item] for item in job.items]
    ways: dict[str, Callable[[Job], float]] = {
        "library": lambda one: FRACTION * seconds(lambda: alone(ready[: max(1, len(one.products) // FRACTION)])),
        "bare": lambda one: seconds(lambda: encoder.encode(job.source, ready[: len(one.products)])),
        "beside": lambda one: beside(one, ready, cluster, folder),
        "worker": lambda one: by_worker(one, cluster, folder, workers),
        "loop": lambda one: FRACTION * by_loop(replace(one, products=one.products[::FRACTION]), cluster, folder),
    }
    for name, way in ways.items():  # several workers are warm once each has taken some of many tasks
        way(job if name == "worker" and len(workers) > 1 else few)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    at_work: dict[str, list[float]] = {"bare": [], "beside": [], "worker": []}
    for turn in range(rounds):
        for name in list(ways)[:: -1 if turn % 2 else 1]:
            pid = workers[0].pid if name == "worker" else os.getpid()
            work = GpuWork() if torch.cuda.is_available() else Work(pid)
            took = ways[name](job)
            rates[name].append(len(job.products) / took)
            line = f"{job.name}: {name} {rates[name][-1]:.1f} {job.unit}/s"
            if name in at_work:
                at_work[name].append(work.encoding() / took)
                line += f", encoding {at_work[name][-1]:.0%} of the time"
            print(line, flush=True)

    def worker_to(name: str) -> float:
        """The median of the rounds' ratios: within a round the machine is equally fast for all ways."""
        return statistics.median(own / other for own, other in zip(rates["worker"], rates[name], strict=True))

    return {
        "job": job.name,
        "unit": job.unit,
        "encoder": Path(job.spec.partition(":")[2]).name,
        "products": len(job.products),
        **{f"{name}_a_second": round(statistics.median(values), 1) for name, values in rates.items()},
        **{f"worker_to_{name}": round(worker_to(name), 3) for name in rates if name != "worker"},
        **{f"{name}_at_work": round(statistics.median(values), 3) for name, values in at_work.items()},
        "rounds": {name: [round(value, 1) for value in values] for name, values in rates.items()},
    }


def peak_memory(cluster: Cluster, folder: Path, workers: Sequence[LocalWorker], products: int) -> dict[str, object]:
    """The first worker's memory in MB before and after many tasks."""
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


def decoding_rates(job: Job, folder: Path) -> dict[str, float]:
    """Photos opened and prepared per second, by the number of threads: the most that a GPU can be fed."""
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
