"""Changes of products, written in order to whichever version of the index its alias points to."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.changes import Change, ProductUpdate, ReembedRequest
from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.product import MEDIA_FIELDS, Content, Product
from ltr_plugin.cluster.managed.documents import product_fields
from ltr_plugin.cluster.managed.index import NOT_FOUND, VERSION_GONE, ManagedIndex
from ltr_plugin.cluster.managed.stamps import write_unless_stale
from ltr_plugin.cluster.managed.versions import WRITE_BLOCKED
from ltr_plugin.errors import ClusterError, InputError

NO_SUCH_PRODUCT = f"{NOT_FOUND}; put it as a whole first"

WRITES_BLOCKED = "writes_blocked"
"""`error_type` of the error that says that an index takes no writes."""

MAX_ATTEMPTS = 5
"""Tries of an update whose product somebody else changes at the same time."""

Results = Iterator[str | None]
"""The error of each change (None: it was made), in order."""


def apply_changes(
    index: ManagedIndex, changes: Sequence[Change], *, folder: Path | None = None, retry_timeout_s: float = 60.0
) -> list[str | None]:
    """Writes changes in their order and returns the error of each; None: it was made; STALE: it came too late.

    Relative media lie in `folder`, or without it in the index's own. While the alias moves to another version, writes
    are blocked: the changes wait, and go to the version behind the alias then, also when the opened one was deleted.
    Deleting a product that does not exist changes nothing, and its error is NOT_FOUND. ClusterError when the cluster is
    unreachable, the index is deleted, or writes stay blocked for `retry_timeout_s`.
    """
    reasons: list[str | None] = [None] * len(changes)
    pending = list(range(len(changes)))
    deadline = time.monotonic() + retry_timeout_s
    while pending:
        blocked: list[int] = []
        for positions in _batches(pending, changes):
            if blocked:  # later changes may be of the same products
                blocked += positions
                continue
            batch = [
                index.media_roots.rebase(changes[position], folder) if folder else changes[position]
                for position in positions
            ]
            for position, error in zip(positions, write_unless_stale(index, batch, _write), strict=True):
                reasons[position] = error
            blocked = [
                position
                for position in positions
                if (reason := reasons[position]) and (WRITE_BLOCKED in reason or VERSION_GONE in reason)
            ]
        pending = blocked
        if pending and time.monotonic() > deadline:
            raise ClusterError(
                f"{index.name} takes no writes: a change of encoders or a rollback was interrupted at its last step; "
                "run it again, or give it up with `ltr index drop --yes`",
                status=503,
                error_type=WRITES_BLOCKED,
            )
        if pending:
            time.sleep(0.1)
            index = index.reopened()
    return reasons


def _batches(pending: Sequence[int], changes: Sequence[Change]) -> Iterator[list[int]]:
    """Positions of changes of one kind that follow each other, no product twice: these can be written together."""
    batch: list[int] = []
    ids: set[str] = set()
    for position in pending:
        change = changes[position]
        if batch and (_kind(change) != _kind(changes[batch[0]]) or change.id in ids):
            yield batch
            batch, ids = [], set()
        batch.append(position)
        ids.add(change.id)
    if batch:
        yield batch


def _kind(change: Change) -> str:
    if getattr(change, "deleted", False):
        return "delete"
    return "update" if isinstance(change, ProductUpdate) else "reembed" if isinstance(change, ReembedRequest) else "put"


def _write(index: ManagedIndex, batch: Sequence[Change]) -> Results:
    match _kind(batch[0]):
        case "delete":
            results = index.delete(change.id for change in batch)
        case "update":
            return _update(index, [change for change in batch if isinstance(change, ProductUpdate)])
        case "reembed":
            results = index.invalidate_vectors(change.id for change in batch)
        case _:
            results = index.put(change for change in batch if isinstance(change, Product))
    return (NOT_FOUND if error and error.missing else error for _, error in results)


def _update(index: ManagedIndex, updates: Sequence[ProductUpdate]) -> Results:
    """Reads the products, applies the updates, and writes each product unless somebody else wrote it in between."""
    reasons: dict[str, str | None] = {}
    pending = list(updates)
    for _ in range(MAX_ATTEMPTS):
        actions: dict[str, dict[str, Any]] = {}
        documents = index.documents(update.id for update in pending)
        for update, document in zip(pending, documents, strict=True):
            try:
                actions[update.id] = _conditional_action(index, update, document)
            except InputError as error:
                reasons[update.id] = "; ".join(
                    f"{problem.location}  {problem.message}".strip() for problem in error.problems
                )
        reasons |= index.cluster.bulk(actions.values())
        pending = [update for update in pending if "version conflict" in (reasons[update.id] or "")]
        if not pending:
            break
    return (reasons[update.id] for update in updates)


def _conditional_action(index: ManagedIndex, update: ProductUpdate, document: Mapping[str, Any]) -> dict[str, Any]:
    if not document.get("found"):
        raise InputError(f"product {update.id}", NO_SUCH_PRODUCT)
    source = document["_source"]
    type_ = index.product_types.product
    product = update.apply_to(product_fields(source, type_), type_)
    action = index.replace_action(product, _content_hashes(index, update, product, source["content_hash"]))
    del action["upsert"], action["retry_on_conflict"]
    return {**action, "if_seq_no": document["_seq_no"], "if_primary_term": document["_primary_term"]}


def _content_hashes(
    index: ManagedIndex, update: ProductUpdate, product: Product, before: Mapping[Content, str]
) -> dict[Content, str]:
    """Hashes of the updated product. Media that the update does not name keep theirs: a price may come from a machine
    that has no photos."""
    unnamed = {modality: name for modality, name in MEDIA_FIELDS.items() if not update.sets(name)}
    named = product.model_copy(update=dict.fromkeys(unnamed.values(), ()))
    return {
        **{modality: hash_ for modality, hash_ in before.items() if modality in unnamed},
        **content_hashes(named, index.media_roots.main),
    }
