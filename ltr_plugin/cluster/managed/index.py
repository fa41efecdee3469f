"""An index that this library makes: products written with their text first, embedded later; the backlog is what still
lacks vectors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self
from uuid import uuid4

from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.product import Content, Modality, Product
from ltr_plugin.catalog.product_types import ProductTypes, product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.documents import (
    EmbeddingResult,
    StoredProduct,
    product_document,
    script_params,
    stored_product,
)
from ltr_plugin.cluster.managed.mapping import require_managed
from ltr_plugin.cluster.managed.profile import managed_schema
from ltr_plugin.cluster.managed.scripts import DELETE, REEMBED, REPLACE, WRITE_VECTORS
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.cluster.responses import BulkError, Json

NOT_FOUND = "there is no such product"
"""The error of a change to a product that the index does not have."""

VERSION_GONE = "no such index"
"""A part of the error of a write to an index that was deleted meanwhile."""


@dataclass(frozen=True)
class ManagedIndex(Index):
    """A handle on an index that this library makes, whose products it may write.

    `open` raises InputError for an index of a shop's own: what it has is the shop's to write.
    """

    @classmethod
    def kept_profile(cls, cluster: Cluster, name: str) -> None:
        """None: products are written as this library lays them out, however searches read them."""

    @classmethod
    def check_meta(cls, name: str, meta: Mapping[str, Any]) -> None:
        """InputError unless this library made the index, in this version."""
        require_managed(name, meta)

    @cached_property
    def schema(self) -> CatalogSchema:
        """The declared fields of its products, and the language of their text."""
        return managed_schema(self.mapping["_meta"])

    @cached_property
    def product_types(self) -> ProductTypes:
        """The types of its products and of their changes, with the declared fields."""
        return product_types(self.schema)

    def reopened(self) -> Self:
        """The same alias opened again: another index, where the alias moved meanwhile."""
        return self.open(self.cluster, self.alias, media_roots=self.media_roots.allowed)

    def put(self, products: Iterable[Product]) -> Iterator[tuple[str, BulkError | None]]:
        """Writes products by id, yielding (id, error or None). Vectors of unchanged content stay."""
        return self.cluster.bulk(
            self.replace_action(one, content_hashes(one, self.media_roots.main)) for one in products
        )

    def replace_action(
        self, product: Product, content_hash: Mapping[Content, str], *, overwrite: bool = False
    ) -> dict[str, Any]:
        """The bulk action that writes a product with these content hashes.

        It is refused when the product in the index has a greater stamp (`changed`), unless it is to `overwrite` that.
        """
        document = {**product_document(product, self.schema), "content_hash": dict(content_hash)}
        params = {"product": document, "sources": self._sources, **({"overwrite": True} if overwrite else {})}
        script = {"source": REPLACE, "params": params}
        return self._update(product.id, script, upsert={**document, "embedding": {}})

    def fetch(self, ids: Sequence[str]) -> list[StoredProduct]:
        """The products of these ids that exist, as last written (no refresh needed), without their vectors."""
        type_ = self.product_types.product
        return [stored_product(one["_source"], type_) for one in self.documents(ids) if one.get("found")]

    def documents(self, ids: Iterable[str], *, without: Iterable[str] = ()) -> list[dict[str, Any]]:
        """What the cluster has of each id, in order, as last written, without the vectors and these fields."""
        excluded = ",".join((*self.vector_names, *without))
        response = self.cluster.call("POST", f"/{self.name}/_mget", {"ids": list(ids)}, _source_excludes=excluded)
        documents: list[dict[str, Any]] = response["docs"]
        return documents

    def write_vectors(self, results: Iterable[EmbeddingResult]) -> Iterator[tuple[str, BulkError | None]]:
        """Writes vectors and errors with their metadata, yielding (id, error or None).

        A result is dropped if its product has other content by now, or was deleted, perhaps with the whole index.
        """
        grouped: dict[str, list[EmbeddingResult]] = {}
        for result in results:
            grouped.setdefault(result.id, []).append(result)
        actions = (
            self._update(id_, {"source": WRITE_VECTORS, "params": {"results": script_params(own)}})
            for id_, own in grouped.items()
        )
        for id_, error in self.cluster.bulk(actions):
            dropped = error and (error.missing or VERSION_GONE in error)
            yield id_, None if dropped else error

    def delete(self, ids: Iterable[str]) -> Iterator[tuple[str, BulkError | None]]:
        """Deletes products by id, yielding (id, error or None); the error of an id that is not there is `missing`."""
        return self.cluster.bulk(map(self._deletion, ids))

    def delete_unless_newer(self, stamps: Mapping[str, int]) -> Iterator[tuple[str, BulkError | None]]:
        """Deletes products by id as `delete` does, unless they have a greater stamp than the one given."""
        actions = (self._update(id_, {"source": DELETE, "params": {"changed": stamp}}) for id_, stamp in stamps.items())
        return self.cluster.bulk(actions)

    def delete_if_unchanged(self, documents: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
        """Deletes products, each unless it was written since its document was read, yielding (id, error or None)."""
        return self.cluster.bulk(
            {**self._deletion(one["_id"]), "if_seq_no": one["_seq_no"], "if_primary_term": one["_primary_term"]}
            for one in documents
        )

    def ids(self) -> Iterator[str]:
        """The ids of all products that a search can see, in order."""
        yield from (hit["_id"] for hit in self.scan({"match_all": {}}, page=5000, source=False))

    def backlog(self, source: Modality | None = None, *, untried_since: float | None = None) -> int:
        """The number of products in the backlog: those that lack a current vector (of this modality).

        With `untried_since` (seconds since 1970), those with media that could not be read then or later do not count.
        """
        body = {"query": self._backlog_query(source, untried_since)}
        return int(self.cluster.call("GET", f"/{self.name}/_count", body)["count"])

    def backlog_ids(
        self, source: Modality | None = None, *, untried_since: float | None = None, page: int = 5000
    ) -> Iterator[str]:
        """The ids of the products in the backlog (of this modality), in order; `untried_since` as in `backlog`."""
        query = self._backlog_query(source, untried_since)
        yield from (hit["_id"] for hit in self.scan(query, page=page, source=False))

    def errors(self) -> Iterator[tuple[str, str, str]]:
        """(product id, vector field, error) of everything that could not be embedded, in order of id."""
        return ((id_, vector, reason) for id_, vector, _, reason in self._reasons("error"))

    def unavailable(self) -> Iterator[tuple[str, str, str]]:
        """(product id, vector field, reason) of vectors whose media could not be read when they were last tried."""
        return ((id_, vector, reason) for id_, vector, _, reason in self._reasons("unavailable"))

    def unembedded(self) -> Iterator[tuple[str, str, str, str]]:
        """What `errors` and `unavailable` yield, read once: (product id, vector field, which of the two, reason)."""
        return self._reasons("error", "unavailable")

    def _reasons(self, *keys: str) -> Iterator[tuple[str, str, str, str]]:
        indexed = {"error": "error", "unavailable": "tried_at"}  # a reason itself is not
        query = self._any_has(*(indexed[key] for key in keys))
        for hit in self.scan(query, page=1000, source=["embedding"]):
            for vector, metadata in hit["_source"]["embedding"].items():
                yield from ((hit["_id"], vector, key, metadata[key]) for key in keys if key in metadata)

    def requeue_failed(self) -> int:
        """Puts products with errors back into the backlog, for the modalities that have one; returns their number."""
        body = {"query": self._errors_query(), "script": self._reembed_script(only_errors=True)}
        response = self.cluster.call("POST", f"/{self.name}/_update_by_query", body, refresh=True, conflicts="proceed")
        return int(response["updated"])

    def invalidate_vectors(self, ids: Iterable[str]) -> Iterator[tuple[str, BulkError | None]]:
        """Puts these products into the backlog, yielding (id, error or None). Old vectors serve until then.

        Vectors that workers are making of them now are dropped.
        """
        return self.cluster.bulk(self._update(id_, self._reembed_script(only_errors=False)) for id_ in ids)

    def _reembed_script(self, *, only_errors: bool) -> dict[str, Any]:
        params = {"sources": self._sources, "only_errors": only_errors, "nonce": uuid4().hex[:8]}
        return {"source": REEMBED, "params": params}

    def _deletion(self, id_: str) -> dict[str, Any]:
        return {"_op_type": "delete", "_index": write_alias(self.name), "_id": id_}

    def _update(self, id_: str, script: dict[str, Any], upsert: Mapping[str, Any] | None = None) -> dict[str, Any]:
        where = {"_op_type": "update", "_index": write_alias(self.name), "_id": id_}
        action = {**where, "retry_on_conflict": 5, "script": script}
        return {**action, "upsert": upsert} if upsert is not None else action

    def _backlog_query(self, source: Modality | None, untried_since: float | None = None) -> dict[str, Any]:
        tried = {"gte": round(1000 * untried_since)} if untried_since is not None else None
        missing = [
            {
                "bool": {
                    "filter": [{"exists": {"field": f"content_hash.{vector.content}"}}],
                    "must_not": [
                        {"term": {f"embedding.{vector.name}.fingerprint": vector.fingerprint.digest}},
                        *([{"range": {f"embedding.{vector.name}.tried_at": tried}}] if tried else []),
                    ],
                }
            }
            for vector in self.vectors
            if source in (None, vector.source)
        ]
        return _any_of(missing)

    def _errors_query(self) -> dict[str, Any]:
        return self._any_has("error")

    def _any_has(self, *keys: str) -> dict[str, Any]:
        fields = (f"embedding.{vector.name}.{key}" for key in keys for vector in self.vectors)
        return _any_of([{"exists": {"field": field}} for field in fields])

    def scan(self, query: Json, *, page: int, source: Json) -> Iterator[dict[str, Any]]:
        """The hits of a query in order of id, read in pages, with this `_source`."""
        body: dict[str, Any] = {"query": query, "size": page, "sort": [{"id": "asc"}], "_source": source}
        while hits := self.cluster.call("POST", f"/{self.name}/_search", body)["hits"]["hits"]:
            yield from hits
            body["search_after"] = hits[-1]["sort"]

    @property
    def _sources(self) -> dict[str, Content]:
        return {vector.name: vector.content for vector in self.vectors}

    @property
    def vector_names(self) -> tuple[str, ...]:
        """The fields of a document that hold vectors, which are by far its largest part."""
        return ("per_media", *(vector.name for vector in self.vectors))


def _any_of(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    """A query that matches what at least one clause matches; nothing if there is no clause."""
    return {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}
