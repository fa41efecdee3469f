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

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.managed.documents import EmbeddingResult, StoredProduct
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.encoders import Encoder, encoder_of
from ltr_plugin.errors import LtrError
from ltr_plugin.pipelines.embedding.background_writing import write_in_background
from ltr_plugin.pipelines.embedding.items import EncoderTimes
from ltr_plugin.pipelines.embedding.products import encode_products
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
            if own and (refusal := index.media_roots.first_refusal(stored.product.media(source))):
                report.unreadable[stored.product.id] = refusal
            elif own:
                lacking.append((stored, own))
        if lacking:
            yield from _encoded(index, source, lacking, encoders, report)


def _encoded(
    index: ManagedIndex,
    source: Modality,
    products: Sequence[Pending],
    encoders: Callable[[VectorField], Encoder],
    report: EmbedReport,
) -> Iterator[list[EmbeddingResult]]:
    for part in encode_products(products, source, encoders, index.media_roots, report):
        yield [
            EmbeddingResult(
                stored.product.id, field, _hash(stored, field), one.vector, one.error, one.per_media, one.unavailable
            )
            for stored, field, one in part
        ]


def _hash(stored: StoredProduct, vector: VectorField) -> str:
    return stored.content_hash[vector.content]
