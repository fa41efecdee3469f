"""What the product itself remembers: documents in hidden indices of the cluster, which users' wildcards do not reach.

Each change is one atomic step, a document created once or fields merged into it, so commands at the same time lose
nothing of each other.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.cluster.responses import BulkError, Json
from ltr_plugin.errors import ClusterError

RELEASES = "ltr-releases"
"""Releases of search templates, by template and number."""

VERSIONS = "ltr-versions"
"""Notes on versions of indices, by UUID: an index that is made again under the name of a deleted one has no notes."""

DELETIONS = "ltr-deletions"
"""Deletions of products whose messages have a stamp."""

PROFILES = "ltr-profiles"
"""Profiles of indices, by name and revision."""

RULES = "ltr-rules"
"""Merchandisers' rules of indices, by name and revision."""

EMBEDDING = "ltr-embedding"
"""What has been made of documents of shops' own indices, by UUID of the index, vector field and document."""

RANKERS = "ltr-rankers"
"""What uploaded rankers were trained by, by the names of their models."""

GRADES = "ltr-grades"
"""Grades that merchandisers gave to products, a document for each query of an index."""

_ALL = (RELEASES, VERSIONS, DELETIONS, PROFILES, RULES, EMBEDDING, RANKERS, GRADES)

SCHEMA = 1

HIDDEN = {"index": {"hidden": True, "number_of_shards": 1, "auto_expand_replicas": "0-1"}}
"""Settings of an index that users' wildcards do not reach."""

_BODY = {
    "settings": HIDDEN,
    "mappings": {
        "dynamic": False,
        "properties": {
            "template": {"type": "keyword"},
            "index": {"type": "keyword"},
            "number": {"type": "integer"},
            "deleted_at": {"type": "date"},
        },
    },
}


class StateIndex:
    """One hidden index. It is made when something is written to it first; until then, nothing is found in it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name

    def create(self, id_: str, document: Mapping[str, Any]) -> bool:
        """Writes a new document; False when there is one of this id, which stays as it is."""
        self._ensure()
        try:
            self._call("PUT", f"_create/{id_}", {"schema": SCHEMA, **document}, refresh=True)
        except ClusterError as error:
            if error.status != 409:
                raise
            return False
        return True

    def put(self, id_: str, document: Mapping[str, Any]) -> None:
        """Writes a document, in the place of the one of this id if there is one."""
        self._ensure()
        self._call("PUT", f"_doc/{id_}", {"schema": SCHEMA, **document})

    def merge(self, id_: str, **fields: Json) -> None:
        """Sets these fields of a document, which is made if there is none; its other fields stay."""
        self.merge_fields(id_, fields)

    def merge_fields(self, id_: str, fields: Mapping[str, Json], *, refresh: bool = False) -> None:
        """As `merge`, also into objects, whose other fields stay; with `refresh`, searches see it at once."""
        self._ensure()
        body = {"doc": {"schema": SCHEMA, **fields}, "doc_as_upsert": True}
        self._call("POST", f"_update/{id_}", body, retry_on_conflict=32, refresh=refresh)

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, BulkError | None]]:
        """Writes in bulk, yielding (id, error or None)."""
        self._ensure()
        return self.cluster.bulk({"_index": write_alias(self.name), **action} for action in actions)

    def get(self, id_: str) -> dict[str, Any]:
        """The document of an id, as last written; empty when there is none."""
        return self.get_all([id_]).get(id_, {})

    def get_all(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The documents that exist of these ids, as last written."""
        documents = self._call("POST", "_mget", {"ids": list(ids)}, reading=True)["docs"]
        return {one["_id"]: one["_source"] for one in documents if one.get("found")}

    def search(self, body: Json) -> list[dict[str, Any]]:
        """The documents that a search finds; none where there is no index yet."""
        found = self._call("POST", "_search", body, reading=True, ignore_unavailable=True)
        return [hit["_source"] for hit in found["hits"]["hits"]]

    def delete_by_query(self, query: Json) -> None:
        """Deletes what matches."""
        self._call("POST", "_delete_by_query", {"query": query}, conflicts="proceed", ignore_unavailable=True)

    def _ensure(self) -> None:
        try:
            self._call("PUT", "", {**_BODY, "aliases": {write_alias(self.name): {"is_hidden": True}}})
        except ClusterError as error:
            if error.error_type != "resource_already_exists_exception":
                raise

    def _call(self, method: str, path: str, body: Json, *, reading: bool = False, **params: str | int | bool) -> Json:
        try:
            return self.cluster.call(method, f"/{self.name}/{path}".rstrip("/"), body, **params)
        except ClusterError as error:
            if error.status != 403:
                raise
            needed = f"read {self.name}" if reading else f"create, read and write {', '.join(_ALL)}"
            raise ClusterError(
                f"{error}; this is kept in a hidden index: the user needs the right to {needed}",
                status=403,
                error_type=error.error_type,
            ) from None
