"""From ids to vectors in the index: the plain function behind the task."""

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
"""Batches that are decoded ahead of the encoder."""

ENCODE_LOCKS: Mapping[Modality, Lock] = {modality: Lock() for modality in MODALITIES}
"""Held by a task as long as it has items ready to encode: two that took turns by the batch would end together, and the
encoder would wait while both read what comes next."""

VECTORS_PER_WRITE = 128
"""Vectors that are written at once where more are encoded together: fewer would cost the cluster more."""

IMAGES_PER_ITEM: Mapping[Modality, int] = {"video": 8}
"""How many photos one item is in memory, where that is more than one."""

log = logging.getLogger(__name__)

ItemResult = np.ndarray[Any, Any] | str | None
"""An item's vector, or what is wrong with the item; None: nothing there to encode."""


@dataclass
class EmbedReport:
    """What became of the ids: vectors written, vectors that could not be (their reasons are in the index), ids that
    needed nothing or are gone. `refused` is what the cluster did not take now, by id: it stays in the backlog.
    `waited_s` is the encoder's time without work, `encoded_s` its time at work."""

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
    """Gives the products of these ids the vectors they lack; with `source`, those that are made of this modality.

    Safe to run twice, late, or beside itself. EncoderError when an encoder is not the one of the index; ClusterError
    when the cluster is out of reach.
    """
    report = EmbedReport()
    roots = replace(index.media_roots, main=media_root) if media_root else index.media_roots
    vectors = [vector for vector in index.vectors if source in (None, vector.source)]
    pending = [(stored, fields) for stored in index.fetch(ids) if (fields := stored.pending(vectors))]
    report.skipped = len(ids) - len(pending)

    def made() -> Generator[list[EmbeddingResult], None, None]:
        for modality in dict.fromkeys(vector.source for vector in vectors):
            lacking = [
                (stored, own)
                for stored, fields in pending
                if (own := [one for one in fields if one.source == modality])
            ]
            if lacking:
                yield from _embed_source(modality, lacking, encoders, roots, report)

    with closing(made()) as parts:
        for written in write_in_background(partial(write_results, index), parts):
            report.embedded += sum(one.vector is not None for one in written.results)
            report.failed += sum(one.vector is None and one.error is not None for one in written.results)
            report.refused |= written.refused
    return report


def _embed_source(
    source: Modality,
    products: Sequence[tuple[StoredProduct, Sequence[VectorField]]],
    encoders: Callable[[VectorField], Encoder],
    roots: MediaRoots,
    report: EmbedReport,
) -> Iterator[list[EmbeddingResult]]:
    """One result for each product and field it lacks: its items' vectors pooled, or the reason why it has none.

    They come as soon as all of a product's items are encoded, some products' together.
    """
    items = [_items(stored.product, source) for stored, _ in products]
    wanted: dict[VectorField, set[str]] = {}
    for (_, fields), own in zip(products, items, strict=True):
        for vector in fields:
            wanted.setdefault(vector, set()).update(own)
    once = list(dict.fromkeys(chain.from_iterable(items)))
    waiting = [(stored, fields, own) for (stored, fields), own in zip(products, items, strict=True)]
    for found in _encode({vector: encoders(vector) for vector in wanted}, wanted, source, once, roots, report):
        made: list[EmbeddingResult] = []
        lacking = []
        for stored, fields, own in waiting:
            if all(item in found[vector] for vector in fields for item in own):
                made += [_result(stored, vector, [found[vector][item] for item in own]) for vector in fields]
            else:
                lacking.append((stored, fields, own))
        waiting = lacking
        if made:
            yield made


def _result(stored: StoredProduct, vector: VectorField, results: Sequence[ItemResult]) -> EmbeddingResult:
    good = [result for result in results if isinstance(result, np.ndarray)]
    pooled = _pooled(good)
    # a product with one good photo is found by it, and its bad ones are listed all the same
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
    """For each field, what became of each wanted item so far, again and again.

    An item is opened once for all its encoders, in threads, ahead of them.
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
            found[vector] |= {item: _reason(item, error) for item, error in errors.items()}
            good = {item: value for item, value in own.items() if item not in errors}
            names = list(good)
            for places, made in encoder.encode_in_parts(source, list(good.values())):
                lengths = np.linalg.norm(made, axis=1)
                points = (lengths > 0) & (lengths < np.inf)  # a cluster refuses others, and the good ones beside them
                for place, one, point in zip(places, made, points, strict=True):
                    found[vector][names[place]] = one if point else _not_unit_length(source, names[place])
                new += len(places)
                if new >= VECTORS_PER_WRITE:
                    report.encoded_s += time.perf_counter() - began
                    yield found
                    began, new = time.perf_counter(), 0
        report.encoded_s += time.perf_counter() - began
        yield found

    found: dict[VectorField, dict[str, ItemResult]] = {field: {} for field in encoders}
    if source == "text":  # nothing to open; and all at once, for the encoder to put those of like length together
        yield from encode([(item, ready(item)) for item in items])
        return
    items_per_batch = max(1, min(encoder.batch_size for encoder in encoders.values()) // IMAGES_PER_ITEM.get(source, 1))
    # URLs are waited for in many threads; of files, more threads than cores only keep Python's lock from encoding
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
    except Exception as error:  # a library may raise anything at an odd item, which must not end its batch
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
