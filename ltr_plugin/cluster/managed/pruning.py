"""Deletes products that a catalog does not have, but nothing that somebody changes in the meantime."""

from collections.abc import Collection, Mapping

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.managed.index import ManagedIndex

PAGE_SIZE = 500

MAX_ATTEMPTS = 3
"""Tries to delete a product whose vectors are written at the same time."""

_MADE_WITH_VECTORS = ("embedding", "content_hash")
"""Fields that change when vectors are made."""


def ids_without(index: ManagedIndex, keep: Collection[str]) -> list[str]:
    """The ids of an index's products that are not among those to keep, in order."""
    index.refresh()
    return [id_ for id_ in index.ids() if id_ not in keep]


def snapshot_without(index: ManagedIndex, keep: Collection[str]) -> dict[str, str]:
    """A digest of the content of each product that is not among those to keep, by id."""
    index.refresh()
    hits = index.scan(
        {"match_all": {}}, page=PAGE_SIZE, source={"excludes": [*index.vector_names, *_MADE_WITH_VECTORS]}
    )
    return {hit["_id"]: digest(hit["_source"]) for hit in hits if hit["_id"] not in keep}


def delete_unchanged(index: ManagedIndex, snapshot: Mapping[str, str]) -> int:
    """Deletes the products that still have the content of a snapshot, and returns their number."""
    return sum(_delete(index, group) for group in batched(snapshot.items(), PAGE_SIZE))


def _delete(index: ManagedIndex, snapshot: Collection[tuple[str, str]]) -> int:
    deleted, pending = 0, dict(snapshot)
    for _ in range(MAX_ATTEMPTS):
        found = (one for one in index.documents(pending, without=_MADE_WITH_VECTORS) if one.get("found"))
        unchanged = [one for one in found if digest(one["_source"]) == pending[one["_id"]]]
        results = list(index.delete_if_unchanged(unchanged))
        deleted += sum(error is None for _, error in results)
        pending = {id_: pending[id_] for id_, error in results if error}
        if not pending:
            break
    return deleted
