"""Writes encoded products into a vector field of a shop's own index, with notes before and after.

A document that has no note gets one before its first write, and is noted as done after it: wherever the process ends,
the next one knows which vectors may be ours, and makes those again that may be missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.responses import BulkError
from ltr_plugin.cluster.vectors.embedding_notes import DocumentKey, EmbeddingNote, EmbeddingNotes
from ltr_plugin.cluster.vectors.vector_documents import VectorDocument, VectorDocuments
from ltr_plugin.pipelines.embedding.field_result import FieldResult
from ltr_plugin.pipelines.embedding.products import EncodedProduct

CLAIM = EmbeddingNote()
"""The note on a document whose first vector is about to be written."""


@dataclass(frozen=True)
class PendingDocument:
    """A document to be embedded, the note on it, and the hash of what is encoded of it now."""

    document: VectorDocument
    note: EmbeddingNote | None
    content_hash: str

    @property
    def key(self) -> DocumentKey:
        """What tells the document from the others of its index."""
        return self.document.key

    @property
    def product(self) -> Product:
        """The document's product."""
        return self.document.product


@dataclass(frozen=True)
class Conflict:
    """A vector that was not accepted, because another wrote its document meanwhile; `done` is the note on its write."""

    pending: PendingDocument
    done: EmbeddingNote
    vector: Sequence[float]


class FieldWriter:
    """Writes results, counts them in a FieldResult, and calls `on_done` with the number of documents done."""

    def __init__(
        self,
        documents: VectorDocuments,
        notes: EmbeddingNotes,
        fingerprint: str,
        result: FieldResult,
        on_done: Callable[[int], None],
    ) -> None:
        self._documents, self._notes, self._fingerprint = documents, notes, fingerprint
        self._result, self._on_done = result, on_done

    def write(self, part: Sequence[tuple[PendingDocument, EncodedProduct]]) -> list[Conflict]:
        """Writes vectors and notes; returns the conflicts. ClusterError when the cluster is out of reach."""
        vectors = {one.key: encoded.vector.tolist() for one, encoded in part if encoded.vector is not None}
        with_vector = [one for one, _ in part if one.key in vectors]
        self._notes.write({one.key: CLAIM for one in with_vector if one.note is None})
        errors = self._documents.write([(one.document, vectors[one.key]) for one in with_vector])
        refused = {document.key: error for document, error in errors if error}
        conflicts: list[Conflict] = []
        notes: dict[DocumentKey, EmbeddingNote] = {}
        for one, encoded in part:
            done = self._done(one, encoded)
            error = refused.get(one.key)
            if error is None:
                self._count(one.product.id, encoded)
                notes |= {one.key: done} if one.key in vectors or not encoded.unavailable else {}
            elif error.conflict:
                conflicts.append(Conflict(one, done, vectors[one.key]))
            else:
                notes |= self._refusal(one, done, error)
        self._notes.write(notes)
        self.release([one for one in with_vector if (error := refused.get(one.key)) and not error.conflict], notes)
        self._on_done(len(part) - len(conflicts))
        return conflicts

    def settle(self, conflicts: Sequence[Conflict]) -> list[tuple[VectorDocument, Conflict]]:
        """The documents of conflicts as they are now, without those that are gone, or have their vector already.

        They have it where the response to the write was lost and the write repeated, or where another process like this
        one wrote it.
        """
        found = self._documents.read(one.pending.key for one in conflicts)
        now = [(found.get(one.pending.key), one) for one in conflicts]
        gone = [one.pending for document, one in now if document is None]
        self._result.changed += [one.product.id for one in gone]
        self.release(gone)
        done = {one.pending.key: one.done for document, one in now if document and _holds(document, one)}
        self._result.embedded += len(done)
        self._notes.write(done)
        self._on_done(len(gone) + len(done))
        return [(document, one) for document, one in now if document and document.key not in done]

    def release(
        self, documents: Sequence[PendingDocument], noted: Mapping[DocumentKey, EmbeddingNote] | None = None
    ) -> None:
        """Deletes the notes that were put on these documents before their first write, which was not done."""
        self._notes.delete(one.key for one in documents if one.note is None and one.key not in (noted or {}))

    def _done(self, one: PendingDocument, encoded: EncodedProduct) -> EmbeddingNote:
        """The note after the write; without a fingerprint where media are missing that a later call may read."""
        return EmbeddingNote(one.content_hash, "" if encoded.unavailable else self._fingerprint, encoded.error)

    def _count(self, id_: str, encoded: EncodedProduct) -> None:
        self._result.embedded += encoded.vector is not None
        self._result.failed += [(id_, encoded.error)] if encoded.error else []
        self._result.unavailable += [(id_, encoded.unavailable)] if encoded.unavailable else []

    def _refusal(self, one: PendingDocument, done: EmbeddingNote, error: BulkError) -> dict[DocumentKey, EmbeddingNote]:
        """The note on a document that was refused for good; others are counted alone."""
        id_ = one.product.id
        if error.missing:
            self._result.changed.append(id_)
        elif not error.permanent:
            self._result.refused.append((id_, str(error)))
        else:
            reason = f"refused by the cluster: {error}"
            self._result.failed.append((id_, reason))
            return {one.key: replace(done, fingerprint=self._fingerprint, error=reason)}
        return {}


def _holds(document: VectorDocument, conflict: Conflict) -> bool:
    """Whether a document has the vector that was to be written, and the content that it was made of."""
    if document.vector is None or len(document.vector) != len(conflict.vector):
        return False
    same = _content(document.product) == _content(conflict.pending.product)
    return same and np.allclose(document.vector, conflict.vector, atol=1e-6)


def _content(product: Product) -> tuple[object, ...]:
    return product.embedding_text(), product.images, product.audio, product.video
