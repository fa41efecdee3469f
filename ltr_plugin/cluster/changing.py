"""Changes of products written through an alias, in order, whichever version of the index it points to meanwhile."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.changes import Change, Reembed, Update
from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.product import Modality, Product
from ltr_plugin.catalog.roots import FIELDS
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.indices import HELD
from ltr_plugin.cluster.products import ProductIndex, stored_product
from ltr_plugin.errors import ClusterError, InputError

ABSENT = "there is no such product; hand it over as a whole first"

ATTEMPTS = 5
"""How often an update is tried whose product somebody else changes at the same time."""

Results = Iterator[str | None]
"""What went wrong with each change (None: nothing), in order."""


def apply_changes(
    cluster: Cluster,
    alias: str,
    changes: Sequence[Change],
    *,
    folder: Path | None = None,
    media_root: Path | None = None,
    patience_s: float = 60.0,
) -> list[str | None]:
    """Writes changes in their order and returns what went wrong with each; None: nothing.

    Relative media lie in `folder`, or without it where the index has its own (`media_root`, see ProductIndex). While
    the alias moves to another version, writes wait for it. Deleting what is not there is no mistake. ClusterError when
    the cluster is out of reach, or writes waited for `patience_s`.
    """
    found: list[str | None] = [None] * len(changes)
    waiting = list(range(len(changes)))
    until = time.monotonic() + patience_s
    while waiting:
        index = ProductIndex(cluster, alias, media_root=media_root)
        held: list[int] = []
        for places in _runs(waiting, changes):
            if held:  # later changes may be of the same products
                held += places
                continue
            run = [index.media.kept(changes[place], folder) if folder else changes[place] for place in places]
            for place, wrong in zip(places, _written(index, run), strict=True):
                found[place] = wrong
            held = [place for place in places if HELD in (found[place] or "")]
        waiting = held
        if waiting and time.monotonic() > until:
            raise ClusterError(
                f"{index.name} takes no writes: a change of encoders or a rollback was interrupted at its last step; "
                "run it again, or give it up with `ltr index --drop-old --yes`",
                status=503,
            )
        if waiting:
            time.sleep(0.1)
    return found


def _runs(waiting: Sequence[int], changes: Sequence[Change]) -> Iterator[list[int]]:
    """The places of changes of one kind that follow each other, no product twice: such can be written together."""
    run: list[int] = []
    ids: set[str] = set()
    for place in waiting:
        change = changes[place]
        if run and (_kind(change) != _kind(changes[run[0]]) or change.id in ids):
            yield run
            run, ids = [], set()
        run.append(place)
        ids.add(change.id)
    if run:
        yield run


def _kind(change: Change) -> str:
    if getattr(change, "deleted", False):
        return "delete"
    return "update" if isinstance(change, Update) else "reembed" if isinstance(change, Reembed) else "put"


def _written(index: ProductIndex, run: Sequence[Change]) -> Results:
    match _kind(run[0]):
        case "delete":
            results = index.delete(change.id for change in run)
        case "update":
            return _updated(index, [change for change in run if isinstance(change, Update)])
        case "reembed":
            results = index.forget_vectors(change.id for change in run)
        case _:
            results = index.put(change for change in run if isinstance(change, Product))
    return (ABSENT if wrong and "document missing" in wrong else wrong for _, wrong in results)


def _updated(index: ProductIndex, updates: Sequence[Update]) -> Results:
    """Read, changed here and written on condition that nobody else wrote the product in between."""
    found: dict[str, str | None] = {}
    waiting = list(updates)
    for _ in range(ATTEMPTS):
        actions: dict[str, dict[str, Any]] = {}
        for update, document in zip(waiting, _read(index, waiting), strict=True):
            try:
                actions[update.id] = _guarded(index, update, document)
            except InputError as error:
                found[update.id] = "; ".join(f"{wrong.where}  {wrong.what}".strip() for wrong in error.mistakes)
        found |= index.cluster.bulk(actions.values())
        waiting = [update for update in waiting if "version conflict" in (found[update.id] or "")]
        if not waiting:
            break
    return (found[update.id] for update in updates)


def _read(index: ProductIndex, updates: Sequence[Update]) -> list[dict[str, Any]]:
    ids = [update.id for update in updates]
    documents: list[dict[str, Any]] = index.cluster.call(
        "POST", f"/{index.name}/_mget", {"ids": ids}, _source_excludes=",".join(index.vector_names)
    )["docs"]
    return documents


def _guarded(index: ProductIndex, update: Update, document: Mapping[str, Any]) -> dict[str, Any]:
    if not document.get("found"):
        raise InputError(f"product {update.id}", ABSENT)
    stored = stored_product(document["_source"])
    product = update.applied_to(stored.product)
    action = index.replacement(product, _content(index, update, product, stored.content))
    del action["upsert"], action["retry_on_conflict"]
    return {**action, "if_seq_no": document["_seq_no"], "if_primary_term": document["_primary_term"]}


def _content(
    index: ProductIndex, update: Update, product: Product, before: Mapping[Modality, str]
) -> dict[Modality, str]:
    """Files that an update does not name are not looked at: a price may come from where the photos are not."""
    unnamed = {modality: name for modality, name in FIELDS.items() if not update.names(name)}
    named = product.model_copy(update=dict.fromkeys(unnamed.values(), ()))
    return {
        **{modality: hash_ for modality, hash_ in before.items() if modality in unnamed},
        **content_hashes(named, index.media.main),
    }
