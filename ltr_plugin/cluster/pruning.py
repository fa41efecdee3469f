"""Deletes products that a catalog does not have, but nothing that somebody changes in the meantime."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.index import Index

PAGE_SIZE = 500

MAX_ATTEMPTS = 3
"""Tries to delete a product whose vectors are written at the same time."""


def ids_without(index: Index, keep: Collection[str]) -> list[str]:
    """The ids of an index's products that are not among those to keep, in order."""
    index.refresh()
    return [id_ for id_ in index.ids() if id_ not in keep]


def snapshot_without(index: Index, keep: Collection[str]) -> dict[str, str]:
    """A digest of the content of each product that is not among those to keep, by id."""
    index.refresh()
    hits = index.scan({"match_all": {}}, page=PAGE_SIZE, source={"excludes": _not_content(index)})
    return {hit["_id"]: digest(hit["_source"]) for hit in hits if hit["_id"] not in keep}


def delete_unchanged(index: Index, snapshot: Mapping[str, str]) -> int:
    """Deletes the products that still have the content of a snapshot, and returns their number."""
    return sum(_delete(index, group) for group in batched(snapshot.items(), PAGE_SIZE))


def _delete(index: Index, snapshot: Collection[tuple[str, str]]) -> int:
    deleted, pending = 0, dict(snapshot)
    for _ in range(MAX_ATTEMPTS):
        unchanged = [one for one in _read(index, pending) if digest(one["_source"]) == pending[one["_id"]]]
        results = list(index.delete_if_unchanged(unchanged))
        deleted += sum(error is None for _, error in results)
        pending = {id_: pending[id_] for id_, error in results if error}
        if not pending:
            break
    return deleted


def _read(index: Index, ids: Collection[str]) -> Iterator[dict[str, Any]]:
    excluded = ",".join(_not_content(index))
    response = index.cluster.call("POST", f"/{index.name}/_mget", {"ids": list(ids)}, _source_excludes=excluded)
    return (document for document in response["docs"] if document.get("found"))


def _not_content(index: Index) -> list[str]:
    """The fields that change when vectors are made."""
    return ["embedding", "content_hash", *index.vector_names]
