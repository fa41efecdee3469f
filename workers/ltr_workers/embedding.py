"""Embeds products of an index: reads them, opens their media, encodes, and writes the vectors."""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.media import is_url, strip_credentials
from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.product import MODALITIES, Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import EmbeddingResult, Index, StoredProduct
from ltr_plugin.encoders import Encoder, encoder_of
from ltr_plugin.encoders.runtime.cores import cores, lower_priority
from ltr_plugin.errors import MediaError, NothingToEncodeError
from ltr_plugin.media.openers import OPENERS
from ltr_workers.error_summary import summarize
from ltr_workers.prefetching import Prefetcher, write_in_background
from ltr_workers.vector_writer import write_results

PREFETCH_BATCHES = 4
"""Batches of media that are decoded ahead of the encoder."""

ENCODE_LOCKS: Mapping[Modality, Lock] = {modality: Lock() for modality in MODALITIES}
"""A task holds its modality's lock while it has items ready to encode. If two tasks alternated batch by batch, both
would end at the same time, and the encoder would wait while both read the next media."""

VECTORS_PER_WRITE = 128
"""Vectors written in one bulk request when more are encoded together; smaller requests would cost the cluster more."""

IMAGES_PER_ITEM: Mapping[Modality, int] = {"video": 8}
"""How many photos one item holds in memory, where it is more than one."""

log = logging.getLogger(__name__)

ItemResult = np.ndarray[Any, Any] | str | None
"""An item's vector (dimension,), or what is wrong with the item; None: the item has nothing to encode."""


@dataclass
class EmbedReport:
    """Counts of vectors written (`embedded`), of vectors that cannot be made (`failed`: the index has the reasons), and
    of ids that needed nothing or do not exist (`skipped`).

    `refused` has the reason by id for products that the cluster did not accept now; they stay in the backlog.
    `waited_s` is the time in which the encoder had no items, `encoded_s` the time in which it was busy.
    """

    embedded: int = 0
    failed: int = 0
    skipped: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    waited_s: float = 0.0
    encoded_s: float = 0.0


def embed(
    index: Index,
    ids: Sequence[str],
    *,
    source: Modality | None = None,
    encoders: Callable[[VectorField], Encoder] = encoder_of,
    media_root: Path | None = None,
) -> EmbedReport:
    """Writes the vectors that the products of these ids lack; with `source`, only those made from this modality.

    It may run twice, late, or several times at once. EncoderError when an encoder is not the one of the index;
    ClusterError when the cluster is out of reach.
    """
    report = EmbedReport()
    roots = replace(index.media_roots, main=media_root) if media_root else index.media_roots
    vectors = [vector for vector in index.vectors if source in (None, vector.source)]
    pending = [(stored, fields) for stored in index.fetch(ids) if (fields := stored.pending(vectors))]
    report.skipped = len(ids) - len(pending)

    def results() -> Generator[list[EmbeddingResult], None, None]:
        for modality in dict.fromkeys(vector.source for vector in vectors):
            lacking = [
                (stored, own)
                for stored, fields in pending
                if (own := [field for field in fields if field.source == modality])
            ]
            if lacking:
                yield from _embed_source(modality, lacking, encoders, roots, report)

    with closing(results()) as parts:
        for written in write_in_background(partial(write_results, index), parts):
            report.embedded += sum(result.vector is not None for result in written.results)
            report.failed += sum(result.vector is None and result.error is not None for result in written.results)
            report.refused |= written.refused
    return report


def _embed_source(
    source: Modality,
    products: Sequence[tuple[StoredProduct, Sequence[VectorField]]],
    encoders: Callable[[VectorField], Encoder],
    roots: MediaRoots,
    report: EmbedReport,
) -> Iterator[list[EmbeddingResult]]:
    """One result for each product and field it lacks: the pooled vectors of its items, or the reason why it has none.

    A product's results come as soon as all its items are encoded, several products' together.
    """
    items = [_items(stored.product, source) for stored, _ in products]
    wanted: dict[VectorField, set[str]] = {}
    for (_, fields), own in zip(products, items, strict=True):
        for vector in fields:
            wanted.setdefault(vector, set()).update(own)
    distinct = list(dict.fromkeys(chain.from_iterable(items)))
    waiting = [(stored, fields, own) for (stored, fields), own in zip(products, items, strict=True)]
    for encoded in _encode({vector: encoders(vector) for vector in wanted}, wanted, source, distinct, roots, report):
        complete: list[EmbeddingResult] = []
        incomplete = []
        for stored, fields, own in waiting:
            if all(item in encoded[vector] for vector in fields for item in own):
                complete += [_result(stored, vector, [encoded[vector][item] for item in own]) for vector in fields]
            else:
                incomplete.append((stored, fields, own))
        waiting = incomplete
        if complete:
            yield complete


def _result(stored: StoredProduct, vector: VectorField, results: Sequence[ItemResult]) -> EmbeddingResult:
    good = [result for result in results if isinstance(result, np.ndarray)]
    pooled = _pooled(good)
    # one good photo is enough to find the product; its bad photos are listed all the same
    bad = summarize(result for result in results if isinstance(result, str))
    error = bad or ("its vectors cancel out" if good and pooled is None else None)
    per_media = tuple(good) if pooled is not None and len(good) > 1 else ()
    return EmbeddingResult(stored.product.id, vector, stored.content_hash[vector.source], pooled, error, per_media)


def _items(product: Product, source: Modality) -> tuple[str, ...]:
    return (product.embedding_text(),) if source == "text" else product.media(source)


def _encode(
    encoders: Mapping[VectorField, Encoder],
    wanted: Mapping[VectorField, set[str]],
    source: Modality,
    items: Sequence[str],
    roots: MediaRoots,
    report: EmbedReport,
) -> Iterator[Mapping[VectorField, Mapping[str, ItemResult]]]:
    """The results so far, by field and item; the same growing mapping again and again.

    Each item is opened once for all its encoders, in threads, ahead of the encoders.
    """

    def ready(item: str) -> dict[VectorField, Any]:
        try:
            opened = OPENERS[source](roots.root_of(item), item)
        except MediaError as error:
            return dict.fromkeys(encoders, error)
        return {field: _prepared(encoders[field], source, opened) for field in encoders if item in wanted[field]}

    def encode(
        batch: Sequence[tuple[str, dict[VectorField, Any]]],
    ) -> Iterator[Mapping[VectorField, dict[str, ItemResult]]]:
        began, new = time.perf_counter(), 0
        for vector, encoder in encoders.items():
            own = {item: values[vector] for item, values in batch if vector in values}
            errors = {item: value for item, value in own.items() if isinstance(value, MediaError)}
            results[vector] |= {item: _reason(item, error) for item, error in errors.items()}
            good = {item: value for item, value in own.items() if item not in errors}
            names = list(good)
            for positions, encoded in encoder.encode_in_parts(source, list(good.values())):
                lengths = np.linalg.norm(encoded, axis=1)
                valid = (lengths > 0) & (lengths < np.inf)  # a cluster refuses others, with all vectors of the product
                for position, one, is_valid in zip(positions, encoded, valid, strict=True):
                    results[vector][names[position]] = one if is_valid else _not_unit_length(source, names[position])
                new += len(positions)
                if new >= VECTORS_PER_WRITE:
                    report.encoded_s += time.perf_counter() - began
                    yield results
                    began, new = time.perf_counter(), 0
        report.encoded_s += time.perf_counter() - began
        yield results

    results: dict[VectorField, dict[str, ItemResult]] = {field: {} for field in encoders}
    if source == "text":  # nothing to open; all at once, so that the encoder can batch texts of similar length
        yield from encode([(item, ready(item)) for item in items])
        return
    items_per_batch = max(1, min(encoder.batch_size for encoder in encoders.values()) // IMAGES_PER_ITEM.get(source, 1))
    # many threads wait for URLs; with files, more threads than cores would only compete with encoding for Python's lock
    threads = None if any(map(is_url, items)) else cores()
    with ThreadPoolExecutor(threads, initializer=lower_priority) as pool:
        ahead = Prefetcher(pool, ready, items, PREFETCH_BATCHES * items_per_batch)
        while True:
            began = time.perf_counter()
            batch = ahead.take(items_per_batch)
            report.waited_s += time.perf_counter() - began
            if not batch:
                return
            with ENCODE_LOCKS[source]:
                while batch:
                    yield from encode(batch)
                    batch = ahead.take(items_per_batch) if ahead.is_ready(items_per_batch) else []


def _prepared(encoder: Encoder, source: Modality, opened: Any) -> Any:  # noqa: ANN401 - what the encoder prepares
    try:
        return encoder.prepare(source, opened)
    except MediaError as error:
        return error
    except Exception as error:  # a library may raise anything; one item must not fail its batch
        log.exception("%s cannot be prepared", source)
        return MediaError(f"cannot be prepared: {type(error).__name__}: {error}")


def _reason(item: str, error: MediaError) -> str | None:
    if isinstance(error, NothingToEncodeError):
        return None
    shown = strip_credentials(item)
    return str(error) if shown in str(error) else f"{shown}: {error}"


def _not_unit_length(source: Modality, item: str) -> str:
    reason = "its vector is zero, or not of numbers"
    return reason if source == "text" else f"{strip_credentials(item)}: {reason}"


def _pooled(vectors: Sequence["np.ndarray[Any, Any]"]) -> NDArray[np.float32] | None:
    """The mean direction of unit vectors; None when there is none, or they cancel out."""
    if not vectors:
        return None
    if len(vectors) == 1:
        return vectors[0]
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length > 1e-6 else None
