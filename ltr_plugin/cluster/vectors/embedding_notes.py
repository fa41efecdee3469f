"""What has been made of documents of shops' own indices, kept in an index of ours: theirs need no field for it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ltr_plugin.batches import batched
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.state import EMBEDDING, SCHEMA, StateIndex
from ltr_plugin.errors import ClusterError

DocumentKey = tuple[str, str | None]
"""The `_id` of a document and its routing, which tell it from all others of its index."""

NOTES_PER_CALL = 1000


@dataclass(frozen=True)
class EmbeddingNote:
    """What was made of a document: from content of this hash, by an encoder of this fingerprint (its digest).

    `error` says why there is no vector of it, or not of all its media. Without a fingerprint, a vector may have been
    written or not: the document is ours to embed, and it is not known to be done.
    """

    content_hash: str = ""
    fingerprint: str = ""
    error: str | None = None


class EmbeddingNotes:
    """The notes on one vector field of one index, which is known by its UUID: a later index of its name has none."""

    def __init__(self, cluster: Cluster, uuid: str, field: str) -> None:
        self._state = StateIndex(cluster, EMBEDDING)
        self._uuid, self._field = uuid, field

    def read(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, EmbeddingNote]:
        """The notes that there are on these documents, as last written."""
        found: dict[DocumentKey, EmbeddingNote] = {}
        for page in batched(keys, NOTES_PER_CALL):
            by_id = {self._id(key): key for key in page}
            for id_, note in self._state.get_all(by_id).items():
                found[by_id[id_]] = EmbeddingNote(note["content_hash"], note["fingerprint"], note.get("error"))
        return found

    def write(self, notes: Mapping[DocumentKey, EmbeddingNote]) -> None:
        """Writes notes, each instead of the one that there is. ClusterError when one is refused."""
        self._bulk({"_op_type": "index", "_id": self._id(key), **self._source(key, one)} for key, one in notes.items())

    def delete(self, keys: Iterable[DocumentKey]) -> None:
        """Deletes the notes on these documents. ClusterError when that is refused."""
        self._bulk({"_op_type": "delete", "_id": self._id(key)} for key in keys)

    def _bulk(self, actions: Iterable[Mapping[str, Json]]) -> None:
        for page in batched(actions, NOTES_PER_CALL):  # nothing is asked of the cluster for no notes
            for id_, error in self._state.bulk(page):
                if error and not error.missing:
                    raise ClusterError(f"{EMBEDDING}: the note {id_} is refused: {error}")

    def _source(self, key: DocumentKey, note: EmbeddingNote) -> dict[str, Json]:
        id_, routing = key
        document = {"index": self._uuid, "field": self._field, "document": id_, "routing": routing}
        made = {"content_hash": note.content_hash, "fingerprint": note.fingerprint, "error": note.error}
        return {"_source": {"schema": SCHEMA, **document, **made}}

    def _id(self, key: DocumentKey) -> str:
        """An id of fixed length: that of a document may be as long as ids can be already."""
        return hashlib.blake2b(json.dumps([self._uuid, self._field, *key]).encode(), digest_size=16).hexdigest()
