"""Products in the index: written by their words first, given their vectors later, and asked which still lack them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.mapping import LAYOUT_VERSION
from ltr_plugin.cluster.responses import BulkError, Json
from ltr_plugin.cluster.scripts import REEMBED, REPLACE, WRITE_VECTORS
from ltr_plugin.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = Sequence[float] | NDArray[np.float32]

_FIELDS = frozenset(Product.model_fields)  # once: pydantic takes its time to say, and every product read asks


@dataclass(frozen=True)
class StoredProduct:
    """A product as the index has it: `content_hash` hashes what can be embedded (see `scripts`), `embedding` stamps what has
    been."""

    product: Product
    content_hash: Mapping[Modality, str]
    embedding: Mapping[str, Mapping[str, str]]

    def pending(self, vectors: Iterable[VectorField]) -> list[VectorField]:
        """The vector fields that are absent, made from older content, or made by another encoder."""
        return [
            vector
            for vector in vectors
            if vector.source in self.content_hash and not self._is_current(vector, self.embedding.get(vector.name, {}))
        ]

    def _is_current(self, vector: VectorField, metadata: Mapping[str, str]) -> bool:
        made = metadata.get("fingerprint"), metadata.get("content_hash")
        return made == (vector.fingerprint.digest, self.content_hash[vector.source])


@dataclass(frozen=True)
class EmbeddingResult:
    """What a worker made of one product for one vector field: a vector, or the reason why there is none.

    `content_hash` is the hash of what was encoded; the index drops the result when the product has changed meanwhile.
    `per_media` are the vectors of its several photos (or sounds, or videos), whose mean direction `vector` is.
    """

    id: str
    field: VectorField
    content_hash: str
    vector: "Vector | None" = None
    error: str | None = None
    per_media: tuple["Vector", ...] = ()


class Index:
    """One index of products, opened by its name or alias."""

    def __init__(self, cluster: Cluster, name: str, *, media_root: Path | None = None) -> None:
        """`media_root` is where the main folder of its media is on this machine, if not where it was when it was made.

        ClusterError when there is no such index; InputError when this library did not make it.
        """
        self.cluster = cluster
        self.alias = name
        self.name, body = next(iter(cluster.call("GET", f"/{name}/_mapping").items()))
        self.mapping: dict[str, Any] = body["mappings"]
        meta = self.mapping.get("_meta", {})
        if meta.get("layout_version") != LAYOUT_VERSION:
            raise InputError(
                f"index {name}",
                f"its layout is {meta.get('layout_version')!r}, not {LAYOUT_VERSION}; run `ltr catalog put` again",
            )
        self.vectors = tuple(VectorField.from_meta(entry) for entry in meta["vectors"])
        main = (media_root or Path(meta["media_root"])).resolve()
        self.media_roots = MediaRoots(main, tuple(map(Path, meta.get("extra_media_roots", ()))))

    def put(self, products: Iterable[Product]) -> Iterator[tuple[str, str | None]]:
        """Writes products by id, yielding (id, None or why not). Vectors whose content did not change stay."""
        return self.cluster.bulk(
            self.replace_action(one, content_hashes(one, self.media_roots.main)) for one in products
        )

    def replace_action(self, product: Product, content_hash: Mapping[Modality, str]) -> dict[str, Any]:
        """The bulk action that writes a product whose content has these hashes."""
        document = {
            **product.model_dump(mode="json", exclude_defaults=True),
            "attribute_text": product.attribute_text(),
            "content_hash": dict(content_hash),
        }
        script = {"source": REPLACE, "params": {"product": document, "sources": self._sources}}
        return self._update(product.id, script, upsert={**document, "embedding": {}})

    def fetch(self, ids: Sequence[str]) -> list[StoredProduct]:
        """The products of these ids that exist, read as last written (no refresh needed), without their vectors."""
        response = self.cluster.call(
            "POST", f"/{self.name}/_mget", {"ids": list(ids)}, _source_excludes=",".join(self.vector_names)
        )
        return [stored_product(document["_source"]) for document in response["docs"] if document.get("found")]

    def write_vectors(self, made: Iterable[EmbeddingResult]) -> Iterator[tuple[str, BulkError | None]]:
        """Writes vectors and errors with their stamps, yielding (id, None or why not).

        A result is dropped when its product's content is no longer what was encoded, or the product is gone.
        """
        grouped: dict[str, list[EmbeddingResult]] = {}
        for one in made:
            grouped.setdefault(one.id, []).append(one)
        actions = (
            self._update(id_, {"source": WRITE_VECTORS, "params": {"results": _script_params(results)}})
            for id_, results in grouped.items()
        )
        for id_, error in self.cluster.bulk(actions):
            yield id_, None if error and "document missing" in error else error

    def delete(self, ids: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Deletes products by id, yielding (id, None or why not)."""
        return self.cluster.bulk({"_op_type": "delete", "_index": self.name, "_id": id_} for id_ in ids)

    def count(self) -> int:
        """How many products a search can see."""
        return int(self.cluster.call("GET", f"/{self.name}/_count")["count"])

    def ids(self) -> Iterator[str]:
        """The ids of all products that a search can see, in order."""
        yield from (hit["_id"] for hit in self.scan({"match_all": {}}, page=5000, source=False))

    def backlog(self, source: Modality | None = None) -> int:
        """How many products a search can see that lack a current vector (of this modality)."""
        body = {"query": self._backlog_query(source)}
        return int(self.cluster.call("GET", f"/{self.name}/_count", body)["count"])

    def backlog_ids(self, source: Modality | None = None, *, page: int = 5000) -> Iterator[str]:
        """The ids of the backlog (of this modality), in order of id."""
        yield from (hit["_id"] for hit in self.scan(self._backlog_query(source), page=page, source=False))

    def errors(self) -> Iterator[tuple[str, str, str]]:
        """(product id, vector field, reason) of everything that could not be embedded, in order of id."""
        for hit in self.scan(self._errors_query(), page=1000, source=["embedding"]):
            for field, metadata in hit["_source"]["embedding"].items():
                if "error" in metadata:
                    yield hit["_id"], field, metadata["error"]

    def requeue_failed(self) -> int:
        """Puts every product with an error back into the backlog, by the modalities that have one; returns how many."""
        body = {"query": self._errors_query(), "script": self._reembed_script(only_errors=True)}
        response = self.cluster.call("POST", f"/{self.name}/_update_by_query", body, refresh=True, conflicts="proceed")
        return int(response["updated"])

    def invalidate_vectors(self, ids: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Puts these products into the backlog, yielding (id, None or why not). Their vectors serve until then.

        What workers have in hand of them is dropped.
        """
        return self.cluster.bulk(self._update(id_, self._reembed_script(only_errors=False)) for id_ in ids)

    def refresh(self) -> None:
        """Makes all writes visible to searches."""
        self.cluster.call("POST", f"/{self.name}/_refresh")

    def _reembed_script(self, *, only_errors: bool) -> dict[str, Any]:
        params = {"sources": self._sources, "only_errors": only_errors, "nonce": uuid4().hex[:8]}
        return {"source": REEMBED, "params": params}

    def _update(self, id_: str, script: dict[str, Any], upsert: Mapping[str, Any] | None = None) -> dict[str, Any]:
        action = {"_op_type": "update", "_index": self.name, "_id": id_, "retry_on_conflict": 5, "script": script}
        return {**action, "upsert": upsert} if upsert is not None else action

    def _backlog_query(self, source: Modality | None) -> dict[str, Any]:
        missing = [
            {
                "bool": {
                    "filter": [{"exists": {"field": f"content_hash.{vector.source}"}}],
                    "must_not": [{"term": {f"embedding.{vector.name}.fingerprint": vector.fingerprint.digest}}],
                }
            }
            for vector in self.vectors
            if source in (None, vector.source)
        ]
        return _any_of(missing)

    def _errors_query(self) -> dict[str, Any]:
        return _any_of([{"exists": {"field": f"embedding.{vector.name}.error"}} for vector in self.vectors])

    def scan(self, query: Json, *, page: int, source: Json) -> Iterator[dict[str, Any]]:
        """The hits of a query in order of id, read in pages, with this `_source`."""
        body: dict[str, Any] = {"query": query, "size": page, "sort": [{"id": "asc"}], "_source": source}
        while hits := self.cluster.call("POST", f"/{self.name}/_search", body)["hits"]["hits"]:
            yield from hits
            body["search_after"] = hits[-1]["sort"]

    @property
    def _sources(self) -> dict[str, Modality]:
        return {vector.name: vector.source for vector in self.vectors}

    @property
    def vector_names(self) -> tuple[str, ...]:
        """The fields of a document that hold vectors: by far its largest part."""
        return ("per_media", *(vector.name for vector in self.vectors))


def _any_of(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    """The query of products that match one clause at least; none, where there is no clause."""
    return {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}


def stored_product(source: Mapping[str, Any]) -> StoredProduct:
    """A product as a document of the index states it."""
    known = {name: value for name, value in source.items() if name in _FIELDS}
    return StoredProduct(Product.model_validate(known), source["content_hash"], source.get("embedding", {}))


def _script_params(results: Iterable[EmbeddingResult]) -> dict[str, Any]:
    return {
        one.field.name: {
            "source": one.field.source,
            "vector": one.vector,
            "per_media": [{"vector": own} for own in one.per_media],
            "metadata": {
                "fingerprint": one.field.fingerprint.digest,
                "content_hash": one.content_hash,
                **({"error": one.error} if one.error else {}),
            },
        }
        for one in results
    }
