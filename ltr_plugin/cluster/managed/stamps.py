"""Keeps older changes from overwriting newer ones, for changes that carry a stamp (`Product.changed`).

A product has the stamp of its last change, and the scripts that write or delete it compare the two. A deleted product
has no document any more: its stamp is kept for KEPT_DAYS in a hidden index.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from ltr_plugin.catalog.changes import Change
from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.managed.index import NOT_FOUND, ManagedIndex
from ltr_plugin.cluster.managed.scripts import STALE
from ltr_plugin.cluster.state import DELETIONS, StateIndex

KEPT_DAYS = 7
"""Days in which an older change does not bring a deleted product back."""

Write = Callable[[ManagedIndex, Sequence[Change]], Iterable[str | None]]


def write_unless_stale(index: ManagedIndex, batch: Sequence[Change], write: Write) -> list[str | None]:
    """The error of each change, in order: STALE for those that are older than the last change of their product.

    `batch` has changes of one kind, no product twice; `write` makes those that need no look at deletions.
    """
    stamps = {one.id: stamp for one in batch if (stamp := getattr(one, "changed", None)) is not None}
    results: dict[str, str | None] = {}
    if stamps and getattr(batch[0], "deleted", False):
        _note_deletions(index, stamps)
        deletions = index.delete_unless_newer(stamps)
        results |= ((id_, NOT_FOUND if error and error.missing else error) for id_, error in deletions)
    elif stamps:
        results |= dict.fromkeys(_deleted_later(index, stamps), STALE)
    rest = [one for one in batch if one.id not in results]
    if rest:
        results |= zip((one.id for one in rest), write(index, rest), strict=True)
    return [STALE if (error := results[one.id]) and STALE in error else error for one in batch]


def _note_deletions(index: ManagedIndex, stamps: Mapping[str, int]) -> None:
    deletions = StateIndex(index.cluster, DELETIONS)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    actions = (
        {
            "_op_type": "index",
            "_id": _key(index, id_),
            "version": stamp,
            "version_type": "external_gte",  # of two deletions, the newer one stays
            "_source": {"index": index.alias, "id": id_, "changed": stamp, "deleted_at": now},
        }
        for id_, stamp in stamps.items()
    )
    for _ in deletions.bulk(actions):
        pass  # refused where a newer deletion is noted
    deletions.delete_by_query({"range": {"deleted_at": {"lt": f"now-{KEPT_DAYS}d"}}})


def _deleted_later(index: ManagedIndex, stamps: Mapping[str, int]) -> list[str]:
    """The ids of products that were deleted by changes with greater stamps."""
    noted = StateIndex(index.cluster, DELETIONS).get_all(_key(index, id_) for id_ in stamps).values()
    return [one["id"] for one in noted if one["id"] in stamps and one["changed"] > stamps[one["id"]]]


def _key(index: ManagedIndex, id_: str) -> str:
    return digest([index.alias, id_])
