"""A vector field of a shop's own index filled: products read, encoded, and written as updates of that field alone.

What has been made of what is noted in an index of ours (`EmbeddingNotes`), so that a later call makes only what is new
or changed, and leaves vectors alone that the shop made.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing

from ltr_plugin.batches import batched
from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.vectors.embedding_notes import EmbeddingNote, EmbeddingNotes
from ltr_plugin.cluster.vectors.vector_documents import VectorDocument, VectorDocuments
from ltr_plugin.encoders.field_encoders import encoder_of
from ltr_plugin.errors import EncoderError, LtrError
from ltr_plugin.pipelines.embedding.background_writing import write_in_background
from ltr_plugin.pipelines.embedding.field_result import FieldOptions, FieldResult
from ltr_plugin.pipelines.embedding.field_writer import Conflict, FieldWriter, PendingDocument
from ltr_plugin.pipelines.embedding.items import EncoderTimes
from ltr_plugin.pipelines.embedding.products import EncodedProduct, encode_products
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK
from ltr_plugin.progress import Progress, no_progress

TASKS_PER_GROUP = 4
"""How many tasks of a worker the products make up that are held in memory and encoded together."""

IDS_PER_QUERY = 1000

MAX_ROUNDS = 4
"""How often a document is begun that changes while it is embedded; after that, it is left to a later call."""

MAX_FAILURES = 10
"""After how many products in a row at which an encoder's library fails, the encoder is to blame and not they."""


def fill_vector_field(
    index: Index, vector: VectorField, options: FieldOptions | None = None, *, progress: Progress = no_progress
) -> FieldResult:
    """Gives the documents of an index the vectors that they lack in a field of its profile.

    No other field is written. A document that another writes meanwhile is read again. An interrupted call leaves what
    it wrote, and the next one continues. The index must fit (`check_vector_field`). EncoderError when the encoder is
    not that of the profile, or cannot encode now; ClusterError when the cluster is out of reach.
    """
    return _Filling(index, vector, options or FieldOptions(), progress).run()


class _Filling:
    """One call of `fill_vector_field`."""

    def __init__(self, index: Index, vector: VectorField, options: FieldOptions, progress: Progress) -> None:
        self._index, self._vector, self._options, self._progress = index, vector, options, progress
        self._documents = VectorDocuments(index, vector.name)
        self._notes = EmbeddingNotes(index.cluster, index.uuid, vector.name)
        self._result = FieldResult()
        self._digest = vector.fingerprint.digest
        self._writer = FieldWriter(self._documents, self._notes, self._digest, self._result, self._on_done)
        self._total = self._done = self._failures = 0

    def run(self) -> FieldResult:
        self._index.refresh()  # a search shows documents as they were at the last one
        self._total = self._index.count() if self._options.ids is None else len(self._options.ids)
        with closing(self._pending()) as pending:
            for group in batched(pending, TASKS_PER_GROUP * PRODUCTS_PER_TASK[self._vector.source]):
                self._embed(group)
        return self._result

    def _pending(self) -> Generator[PendingDocument, None, None]:
        """The documents to embed; the others are counted."""
        ids = self._options.ids
        for part in [None] if ids is None else batched(dict.fromkeys(ids), IDS_PER_QUERY):
            with closing(self._documents.scan(part)) as pages:
                for page in pages:
                    self._result.products += len(page)
                    notes = self._notes.read(document.key for document in page)
                    yield from self._select((document, notes.get(document.key)) for document in page)

    def _select(
        self, documents: Iterable[tuple[VectorDocument, EmbeddingNote | None]]
    ) -> Generator[PendingDocument, None, None]:
        for document, note in documents:
            hashes = content_hashes(document.product, self._index.media_roots.main)
            content_hash = hashes.get(self._vector.content)
            if content_hash is not None and self._is_pending(document, note, content_hash):
                yield PendingDocument(document, note, content_hash)
            else:
                self._result.empty += content_hash is None
                self._on_done(1)

    def _is_pending(self, document: VectorDocument, note: EmbeddingNote | None, content_hash: str) -> bool:
        """Whether a document is to be embedded; one that is not is counted."""
        options, result, product = self._options, self._result, document.product
        forced = options.ids is not None
        current = note if note and (note.fingerprint, note.content_hash) == (self._digest, content_hash) else None
        if note is None and document.filled and not (forced or options.overwrite):
            result.kept += 1
        elif current and current.error and not (forced or options.retry_errors):
            result.failed.append((product.id, current.error))
        elif current and not current.error and document.filled and not forced:
            result.unchanged += 1
        elif document.obstacle:
            result.failed.append((product.id, document.obstacle))
        elif refusal := self._index.media_roots.first_refusal(product.media(self._vector.source)):
            result.refused.append((product.id, refusal))
        elif options.dry_run:
            result.pending += 1
        else:
            return True
        return False

    def _embed(self, group: Sequence[PendingDocument]) -> None:
        for _ in range(MAX_ROUNDS):
            conflicts: list[Conflict] = []
            with closing(self._encoded(group)) as parts:
                for written in write_in_background(self._writer.write, parts):
                    conflicts += written
            if not conflicts:
                return
            again = self._writer.settle(conflicts)
            group = list(self._select((document, one.pending.note) for document, one in again))
            keys = {one.key for one in group}
            self._writer.release([one.pending for _, one in again if one.pending.key not in keys])
        self._writer.release(group)
        self._result.changed += [one.product.id for one in group]
        self._on_done(len(group))

    def _encoded(
        self, group: Sequence[PendingDocument]
    ) -> Generator[list[tuple[PendingDocument, EncodedProduct]], None, None]:
        """The results of a group. A product at which an encoder's library fails is found by halves, and fails alone."""
        products = [(one, (self._vector,)) for one in group]
        source, roots = self._vector.source, self._index.media_roots
        done = set()
        try:
            for part in encode_products(products, source, encoder_of, roots, EncoderTimes()):
                done |= {one.key for one, _, _ in part}
                self._failures = 0
                yield [(one, encoded) for one, _, encoded in part]
        except LtrError:
            raise
        except Exception as error:  # an encoder's library may raise anything
            rest = [one for one in group if one.key not in done]
            reason = f"cannot be encoded: {type(error).__name__}: {error}"
            if len(rest) > 1:
                yield from self._encoded(rest[: len(rest) // 2])
                yield from self._encoded(rest[len(rest) // 2 :])
                return
            self._failures += 1
            if self._failures == MAX_FAILURES:
                raise EncoderError(f"{self._vector.encoder!r} fails at every product; the last {reason}") from error
            yield [(one, EncodedProduct(error=reason)) for one in rest]

    def _on_done(self, count: int) -> None:
        self._done += count
        self._progress(min(self._done, self._total), self._total)
