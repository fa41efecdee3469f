"""Embeds products of an index: reads them, has their items encoded, and writes the vectors.

A product at which workers die must not take others with it. When a task is delivered again, its products are marked in
the index before they are begun. If the worker dies once more, the marked ones are embedded alone, one after the other,
and the one that ends the worker again becomes an error. The marks are in the index, because it is the only thing that
all workers and brokers share.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.managed.documents import EmbeddingResult, StoredProduct
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.encoders import Encoder, encoder_of
from ltr_plugin.encoders.protocol import ProductVectors
from ltr_plugin.errors import LtrError, MediaUnavailableError
from ltr_workers.background_writing import write_in_background
from ltr_workers.error_summary import summarize
from ltr_workers.items import EncoderTimes, ItemResult, encode_items
from ltr_workers.vector_writer import WriteResult, write_results

ALONE = Lock()
"""Held while a product is embedded alone, so that no other one is suspected if the worker dies."""

MAX_ATTEMPTS = 3
"""How often a product of a task that was delivered again is begun: once with the others, then alone."""

Pending = tuple[StoredProduct, Sequence[VectorField]]
"""A product, and the vector fields that it lacks."""


@dataclass
class EmbedReport(EncoderTimes):
    """Counts of vectors written (`embedded`), of vectors that cannot be made (`failed`: the index has the reasons), and
    of ids that needed nothing or do not exist (`skipped`).

    Three have reasons by id, and their products stay in the backlog: `unavailable` has media that cannot be read now,
    `unreadable` has media that this worker may not read, and `refused` was not accepted by the cluster now.
    """

    embedded: int = 0
    failed: int = 0
    skipped: int = 0
    unavailable: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def embed(
    index: ManagedIndex,
    ids: Sequence[str],
    *,
    source: Modality | None = None,
    encoders: Callable[[VectorField], Encoder] = encoder_of,
    redelivered: bool = False,
) -> EmbedReport:
    """Writes the vectors that the products of these ids lack; with `source`, only those made from this modality.

    It may run twice, late, or several times at once. `redelivered` says that a worker may have died at these products.
    EncoderError when an encoder is not the one of the index; ClusterError when the cluster is out of reach.
    """
    report = EmbedReport()
    vectors = [vector for vector in index.vectors if source in (None, vector.source)]
    pending = [(stored, fields) for stored in index.fetch(ids) if (fields := stored.pending(vectors))]
    report.skipped = len(ids) - len(pending)
    together = [(stored, fields) for stored, fields in pending if not stored.attempts(fields)]
    if redelivered:
        _mark(index, together, 1)
    with closing(_results(index, together, encoders, report)) as parts:
        for written in write_in_background(partial(write_results, index), parts):
            _count(report, written)
    for stored, fields in pending:
        if stored.attempts(fields):
            with ALONE:
                _embed_alone(index, (stored, fields), encoders, report)
    return report


def _embed_alone(
    index: ManagedIndex, one: Pending, encoders: Callable[[VectorField], Encoder], report: EmbedReport
) -> None:
    stored, fields = one
    attempts = stored.attempts(fields)
    if attempts >= MAX_ATTEMPTS:
        reason = "its workers died when they embedded this product alone; it may need more memory, or crash a decoder"
        errors = [EmbeddingResult(stored.product.id, vector, _hash(stored, vector), error=reason) for vector in fields]
        _count(report, write_results(index, errors))
        return
    _mark(index, [one], attempts + 1)
    try:
        for part in _results(index, [one], encoders, report):
            _count(report, write_results(index, part))
    except Exception:
        with suppress(LtrError):  # the worker lives: the product is not to blame
            _mark(index, [one], attempts)
        raise


def _mark(index: ManagedIndex, products: Iterable[Pending], attempts: int) -> None:
    marks = (
        EmbeddingResult(stored.product.id, vector, _hash(stored, vector), attempts=attempts)
        for stored, fields in products
        for vector in fields
    )
    for _ in index.write_vectors(marks):
        pass  # a mark that is refused is missed only if the worker dies


def _count(report: EmbedReport, written: WriteResult) -> None:
    for one in written.results:
        if one.unavailable:
            report.unavailable[one.id] = one.unavailable
        elif one.vector is not None:
            report.embedded += 1
        elif one.error is not None:
            report.failed += 1
    report.refused |= written.refused


def _results(
    index: ManagedIndex, products: Sequence[Pending], encoders: Callable[[VectorField], Encoder], report: EmbedReport
) -> Generator[list[EmbeddingResult], None, None]:
    """The results of products, by modality; products with media that this worker may not read are left out."""
    sources = dict.fromkeys(vector.source for _, fields in products for vector in fields)
    for source in sources:
        lacking: list[Pending] = []
        for stored, fields in products:
            own = [vector for vector in fields if vector.source == source]
            references = stored.product.media(source) if own else ()
            refusals = (index.media_roots.refusal(reference) for reference in references)
            if refusal := next(filter(None, refusals), None):
                report.unreadable[stored.product.id] = refusal
            elif own:
                lacking.append((stored, own))
        if lacking:
            yield from _embed_source(index, source, lacking, encoders, report)


def _embed_source(
    index: ManagedIndex,
    source: Modality,
    products: Sequence[Pending],
    encoders: Callable[[VectorField], Encoder],
    report: EmbedReport,
) -> Iterator[list[EmbeddingResult]]:
    """One result for each product and field it lacks: the pooled vectors of its items, or the reason why it has none.

    A product's results come as soon as all its items are encoded, several products' together.
    """
    wanted: dict[VectorField, set[str]] = {}
    owners: dict[str, str] = {}
    waiting = [(stored, fields, _items(stored.product, source)) for stored, fields in products]
    for stored, fields, own in waiting:
        for vector in fields:
            wanted.setdefault(vector, set()).update(own)
        for item in own:
            owners.setdefault(item, stored.product.id)
    loaded = {vector: encoders(vector) for vector in wanted}
    for encoded in encode_items(loaded, wanted, source, owners, index.media_roots, report):
        complete: list[EmbeddingResult] = []
        incomplete = []
        for stored, fields, own in waiting:
            if all(item in encoded[vector] for vector in fields for item in own):
                complete += [
                    _result(stored, vector, [encoded[vector][item] for item in own], _learned(loaded[vector], stored))
                    for vector in fields
                ]
            else:
                incomplete.append((stored, fields, own))
        waiting = incomplete
        if complete:
            yield complete


def _learned(encoder: Encoder, stored: StoredProduct) -> NDArray[np.float32] | None:
    """The vector that an encoder learned for a product, if it learns any (see `ProductVectors`)."""
    return encoder.product_vectors.get(stored.product.id) if isinstance(encoder, ProductVectors) else None


def _result(
    stored: StoredProduct, vector: VectorField, results: Sequence[ItemResult], learned: NDArray[np.float32] | None
) -> EmbeddingResult:
    good = [result for result in results if isinstance(result, np.ndarray)]
    if good and learned is not None and vector.source != "text":
        good.append(learned)
    pooled = _pooled(good)
    # one good photo is enough to find the product; its bad photos are listed all the same
    bad = summarize(result for result in results if isinstance(result, str))
    error = bad or ("its vectors cancel out" if good and pooled is None else None)
    per_media = tuple(good) if pooled is not None and len(good) > 1 else ()
    unavailable = summarize(str(result) for result in results if isinstance(result, MediaUnavailableError))
    return EmbeddingResult(
        stored.product.id, vector, _hash(stored, vector), pooled, error, per_media, unavailable or None
    )


def _hash(stored: StoredProduct, vector: VectorField) -> str:
    return stored.content_hash[vector.source]


def _items(product: Product, source: Modality) -> tuple[str, ...]:
    return (product.embedding_text(),) if source == "text" else product.media(source)


def _pooled(vectors: Sequence["np.ndarray[Any, Any]"]) -> NDArray[np.float32] | None:
    """The mean direction of unit vectors; None when there is none, or they cancel out."""
    if not vectors:
        return None
    if len(vectors) == 1:
        return vectors[0]
    mean = np.mean(vectors, axis=0)
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length > 1e-6 else None
