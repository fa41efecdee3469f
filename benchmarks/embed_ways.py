"""The ways in which `benchmarks/embed.py` makes vectors: by the library, the worker and a plain loop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from beside_writes import Writes
from embed_jobs import Job

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Modality
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import EmbeddingResult, Index
from ltr_plugin.cluster.versions import open_or_create
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.media.openers import OPENERS
from ltr_plugin.pipelines.enqueue import PRODUCTS_PER_TASK, enqueue_backlog
from ltr_plugin.pipelines.local_worker import LocalWorker

SIZES = {"cpu": (8, 32, 64), "cuda": (64, 256, 1024)}
"""Of the library's batches, by the kind of device."""

POLL_S = 0.25


def library(job: Job) -> Callable[[Sequence[Any]], None]:
    """What runs the job's model over prepared items as its own library does, in the batches that suit it best."""
    import torch

    encoder = load_full_precision(job.spec)
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
    encoder, size = load_encoder(job.spec), PRODUCTS_PER_TASK[job.source]
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
        enqueue_backlog(index, client=workers[0].client)
        while left := index.backlog():  # seen when the index refreshes by itself, which costs the cluster little
            assert not any(worker.restarts for worker in workers), workers[0].tail()
            if last := left <= PRODUCTS_PER_TASK[job.source]:
                index.refresh()  # with the last task in hand, at once, as the loop does
            time.sleep(POLL_S / 5 if last else POLL_S)
        return time.perf_counter() - began


def by_loop(job: Job, cluster: Cluster, folder: Path) -> float:
    """Seconds of the plain way: open, encode and write a batch, then the next."""
    encoder = load_encoder(job.spec)
    with filled(job, cluster, folder) as index:
        field = next(one for one in index.vectors if one.source == job.source)
        content_hash = {
            one.product.id: one.content_hash for one in index.fetch([product.id for product in job.products])
        }
        began = time.perf_counter()
        for products in batched(job.products, 64):
            items = replace(job, products=products).items
            prepared = [encoder.prepare(job.source, OPENERS[job.source](folder, item)) for item in items]
            vectors = encoder.encode(job.source, prepared)
            made = [
                EmbeddingResult(product.id, field, content_hash[product.id][job.source], vector)
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

    def __enter__(self) -> Index:
        fields = vector_fields(**{self.job.source: self.job.spec})
        only = tuple(field for field in fields if field.source == self.job.source)
        self.index = open_or_create(self.cluster, f"embed-{self.job.source}-{time.time_ns()}", only, self.folder)
        assert not [error for _, error in self.index.put(self.job.products) if error]
        self.index.refresh()
        return self.index

    def __exit__(self, *_: object) -> None:
        self.cluster.call("DELETE", f"/{self.index.name}")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
