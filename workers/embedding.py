"""From ids to vectors in the index: the plain function behind the task."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.products import Embedded, ProductIndex, StoredProduct, Vector
from ltr_plugin.errors import MediaError
from workers.encoders import Encoder, encoder_of
from workers.media.opening import OPENERS

AHEAD = 4
"""Batches that are decoded ahead of the encoder."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class EmbedReport:
    """What became of the ids: vectors written, vectors that could not be made (their reasons are in the index), ids
    that needed nothing or are gone. `refused` is what the cluster did not take, by id: it stays in the backlog.
    `waited_s` is the encoder's time without work, `encoded_s` its time at work."""

    embedded: int = 0
    failed: int = 0
    skipped: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    waited_s: float = 0.0
    encoded_s: float = 0.0


def embed(
    index: ProductIndex,
    ids: Sequence[str],
    *,
    encoders: Callable[[VectorField], Encoder] = encoder_of,
    media_root: Path | None = None,
) -> EmbedReport:
    """Gives the products of these ids the vectors they lack. Safe to run twice, late, or beside itself.

    EncoderError when an encoder is not the one of the index; ClusterError when the cluster is out of reach.
    """
    report = EmbedReport()
    pending = [(stored, fields) for stored in index.fetch(ids) if (fields := stored.pending(index.vectors))]
    report.skipped = len(ids) - len(pending)
    made: list[Embedded] = []
    for vector in index.vectors:
        lacking = [stored for stored, fields in pending if vector in fields]
        made += _embed_field(vector, lacking, encoders, media_root or index.media_root, report)
    report.refused = {id_: error for id_, error in index.write_vectors(made) if error}
    report.failed = sum(one.vector is None for one in made)
    report.embedded = len(made) - report.failed
    return report


def _embed_field(
    vector: VectorField,
    products: Sequence[StoredProduct],
    encoders: Callable[[VectorField], Encoder],
    root: Path,
    report: EmbedReport,
) -> Iterator[Embedded]:
    """One result a product: its items' vectors pooled, or the reason why it has none."""
    if not products:
        return
    wanted = [item for stored in products for item in _items(stored.product, vector.source)]
    found = _encode(encoders(vector), vector.source, list(dict.fromkeys(wanted)), root, report)
    for stored in products:
        results = [found[item] for item in _items(stored.product, vector.source)]
        good = [result for result in results if not isinstance(result, str)]
        pooled = _pooled(good)
        # a product with one good photo is found by it, and its bad ones are listed all the same
        bad = "; ".join(dict.fromkeys(result for result in results if isinstance(result, str)))
        error = bad or (None if pooled else "its vectors cancel out or are not numbers")
        yield Embedded(stored.product.id, vector, stored.content[vector.source], pooled, error)


def _items(product: Product, source: Modality) -> tuple[str, ...]:
    return (product.embedding_text(),) if source == "text" else product.media(source)


def _encode(
    encoder: Encoder, source: Modality, items: Sequence[str], root: Path, report: EmbedReport
) -> Mapping[str, "np.ndarray[Any, Any] | str"]:
    """Each item's vector, or what is wrong with the item. Items are opened in threads, ahead of the encoder."""

    def ready(item: str) -> Any:  # noqa: ANN401 - what the encoder prepares
        try:
            return encoder.prepare(source, OPENERS[source](root, item))
        except MediaError as error:
            return error

    found: dict[str, np.ndarray[Any, Any] | str] = {}
    # texts go in all at once, for the encoder to put those of like length together; media in what memory allows
    together = len(items) if source == "text" else encoder.batch_size
    with ThreadPoolExecutor() as pool:
        prepared = _ahead(pool, ready, items, AHEAD * together)
        while len(found) < len(items):
            began = time.perf_counter()
            waiting = list(islice(prepared, together))
            report.waited_s += time.perf_counter() - began
            found |= {item: _reason(item, error) for item, error in waiting if isinstance(error, MediaError)}
            batch = {item: value for item, value in waiting if not isinstance(value, MediaError)}
            began = time.perf_counter()
            found |= zip(batch, encoder.encode(source, list(batch.values())), strict=True)
            report.encoded_s += time.perf_counter() - began
    return found


def _reason(item: str, error: MediaError) -> str:
    return str(error) if item in str(error) else f"{item}: {error}"


def _ahead(pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[tuple[T, R]]:
    """Each item with its result, in order, never more than `ahead` items in memory."""
    running: deque[tuple[T, Future[R]]] = deque()
    for item in items:
        running.append((item, pool.submit(work, item)))
        if len(running) >= ahead:
            done, future = running.popleft()
            yield done, future.result()
    for done, future in running:
        yield done, future.result()


def _pooled(vectors: Sequence["np.ndarray[Any, Any]"]) -> Vector | None:
    """The mean direction of unit vectors; None when there is none, or they cancel out or are not numbers."""
    if not vectors:
        return None
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    return [float(value) for value in mean / length] if np.isfinite(length) and length > 1e-6 else None
