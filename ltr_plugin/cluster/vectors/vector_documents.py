"""Documents of an index that this library did not make, read to fill a vector field, and written with that field alone.

A write is a partial update, guarded by the version that was read: what a shop changes meanwhile is never overwritten.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import BulkError, Json, partial_failure
from ltr_plugin.cluster.vectors.embedding_notes import DocumentKey
from ltr_plugin.errors import ClusterError
from ltr_plugin.profile.index_profile import value_at

PAGE_SIZE = 500
SCROLL = "60m"
"""How long the cluster keeps the next page: products of the page before are embedded meanwhile."""

_FILLED = "filled"
"""The name of the clause that a document with a vector matches."""


@dataclass(frozen=True)
class VectorDocument:
    """A document as it was read: its product, whether it is `filled`, that is, has a vector, and its version.

    `vector` is that vector where it was asked for. `obstacle` says why the field cannot be written, if it cannot.
    """

    id: str
    routing: str | None
    seq_no: int
    primary_term: int
    product: Product = field(repr=False)
    filled: bool
    update: Mapping[str, Any] = field(repr=False, default_factory=dict)
    vector: Sequence[float] | None = field(repr=False, default=None)
    obstacle: str | None = None

    @property
    def key(self) -> DocumentKey:
        """What tells it from the other documents of its index."""
        return self.id, self.routing


class VectorDocuments:
    """The documents of an index, with one vector field of theirs."""

    def __init__(self, index: Index, name: str) -> None:
        self._index, self._name = index, name
        self._cluster = index.cluster
        # of a field inside of objects, those are read too: a write has to fit into them
        above = [name.partition(".")[0]] if "." in name else []
        self._source = list(dict.fromkeys([*index.profile.part_fields, *index.profile.id_source, *above]))

    def scan(self, ids: Sequence[str] | None = None) -> Generator[list[VectorDocument], None, None]:
        """All documents that a search can see, or those of these products, in pages. Close it, or read it to its end.

        ClusterError when the cluster lost the place, after an hour without a page.
        """
        query = {"match_all": {}} if ids is None else self._index.profile.ids_query(ids)
        body = {
            "size": PAGE_SIZE,
            "sort": ["_doc"],
            "_source": self._cluster.engine.source(self._source),
            "seq_no_primary_term": True,
            "query": {"bool": {"filter": query, "should": [{"exists": {"field": self._name, "_name": _FILLED}}]}},
        }
        page = self._cluster.call("POST", f"/{self._index.name}/_search", body, scroll=SCROLL)
        try:
            while hits := page["hits"]["hits"]:
                yield [self._document(hit, filled=_FILLED in hit.get("matched_queries", ())) for hit in hits]
                more = {"scroll": SCROLL, "scroll_id": page["_scroll_id"]}
                page = self._cluster.call("POST", "/_search/scroll", more)
                if why := partial_failure("_search", page):
                    raise ClusterError(f"a page of {self._index.name} has only a part of its documents: {why}")
        finally:
            with suppress(ClusterError):  # it ends by itself, an hour later
                self._cluster.call("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})

    def read(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, VectorDocument]:
        """Those of these documents that exist, as last written, with their vectors."""
        wanted = [{"_id": id_, **({"routing": routing} if routing else {})} for id_, routing in keys]
        # In the address: Elasticsearch returns vectors of an `_mget` for a parameter alone.
        source = self._cluster.engine.source_parameters([*self._source, self._name])
        call = "POST", f"/{self._index.name}/_mget", {"docs": wanted}
        hits = self._cluster.call(*call, **source)["docs"] if wanted else []
        documents = [self._document(hit) for hit in hits if hit.get("found")]
        return {document.key: document for document in documents}

    def write(
        self, vectors: Sequence[tuple[VectorDocument, Sequence[float]]]
    ) -> Iterator[tuple[VectorDocument, BulkError | None]]:
        """Writes a vector into each document, yielding the error, if any, of each.

        The error is a `conflict` where the document was written since it was read, `missing` where it was deleted.
        ClusterError when the index itself was deleted meanwhile.
        """
        if vectors:
            self._require_index()
        actions = (self._action(document, vector) for document, vector in vectors)
        for (document, _), (_, error) in zip(vectors, self._cluster.bulk(actions), strict=True):
            yield document, error

    def _require_index(self) -> None:
        """ClusterError unless the index is still there: a bulk request makes one of its name where there is none."""
        name = self._index.name
        found = self._cluster.call("GET", f"/{name}/_settings/index.uuid", ignore_unavailable=True)
        if found.get(name, {}).get("settings", {}).get("index", {}).get("uuid") != self._index.uuid:
            raise ClusterError(f"the index {name} was deleted, or made again, since this command began", status=404)

    def _action(self, document: VectorDocument, vector: Sequence[float]) -> dict[str, Json]:
        action = {
            "_op_type": "update",
            "_index": self._index.name,
            "_id": document.id,
            "if_seq_no": document.seq_no,
            "if_primary_term": document.primary_term,
            "require_alias": False,  # an alias may move to another index, in which the same version is another document
            "doc": _replaced(document.update, vector),
        }
        return {**action, "routing": document.routing} if document.routing is not None else action

    def _document(self, hit: Mapping[str, Any], *, filled: bool | None = None) -> VectorDocument:
        source, profile = hit.get("_source", {}), self._index.profile
        vector = value_at(source, self._name)
        update = partial_update(source, self._name)
        obstacle = f"an object above {self._name!r} is a list or a plain value, which an update would replace"
        return VectorDocument(
            id=hit["_id"],
            routing=hit.get("_routing"),
            seq_no=hit["_seq_no"],
            primary_term=hit["_primary_term"],
            product=profile.read_product(profile.product_id(hit), source),
            filled=vector is not None if filled is None else filled,
            update=update or {},
            vector=vector,
            obstacle=None if update else obstacle,
        )


def partial_update(source: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """The partial document whose one value, None so far, a document takes at a dotted path, with the keys that it has.

    None where a list or a plain value stands on the path, which would be lost.
    """
    if path in source or "." not in path:
        return {path: None}
    for position in (position for position, letter in enumerate(path) if letter == "."):
        outer, rest = path[:position], path[position + 1 :]
        if source.get(outer) is not None:
            inner = partial_update(source[outer], rest) if isinstance(source[outer], Mapping) else None
            return {outer: inner} if inner else None
    outer, _, rest = path.partition(".")
    return {outer: partial_update({}, rest)}


def _replaced(update: Mapping[str, Any], vector: Sequence[float]) -> dict[str, Any]:
    """The partial document with the vector in the place of its one value."""
    ((key, inner),) = update.items()
    return {key: vector if inner is None else _replaced(inner, vector)}
