"""Changes from catalog systems: written at once, and what then lacks vectors sent to the workers."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from celery import Celery
from pydantic import TypeAdapter, ValidationError

from ltr_plugin.batches import batched
from ltr_plugin.catalog.changes import Change
from ltr_plugin.cluster.changing import apply_changes
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.decoding import mistakes
from ltr_plugin.errors import BrokerError
from ltr_plugin.pipelines.enqueue import send_lacking

TOGETHER = 500
"""Changes that are written in one call."""


@dataclass(frozen=True)
class Refused:
    """A change that was not made: its place among those handed over, counted from 1, its product's id, and why not.

    `id` is empty where the change has none that can be read.
    """

    place: int
    id: str
    reason: str


@dataclass
class Taken:
    """What became of changes: how many were made, how many embedding tasks' worth of products were sent (a product
    counts once a modality), and what was refused. `unsent` says why no tasks could be sent; the products are in the
    backlog, and the sweep sends them."""

    made: int = 0
    sent: int = 0
    refused: list[Refused] = field(default_factory=list)
    unsent: str | None = None


def take(
    cluster: Cluster,
    alias: str,
    records: Iterable[object],
    form: type[Change],
    *,
    queue: Celery,
    folder: Path | None = None,
    media_root: Path | None = None,
) -> Taken:
    """Makes the changes that are written down in `records`: JSON text or decoded JSON of this form, or changes.

    What is wrong with one record hinders no other. Relative media lie in `folder`, or where the index has its own.
    ClusterError when the cluster is out of reach: nothing is known of the last TOGETHER records then; hand them over
    again.
    """
    taken = Taken()
    adapter: TypeAdapter[Change] = TypeAdapter(form)
    for group in batched(enumerate(records, start=1), TOGETHER):
        good = list(_read(group, adapter, taken.refused))
        found = apply_changes(cluster, alias, [change for _, change in good], folder=folder, media_root=media_root)
        for (place, change), wrong in zip(good, found, strict=True):
            if wrong:
                taken.refused.append(Refused(place, change.id, wrong))
        changed = [change.id for (_, change), wrong in zip(good, found, strict=True) if wrong is None]
        taken.made += len(changed)
        try:
            taken.sent += send_lacking(ProductIndex(cluster, alias), changed, queue=queue)
        except BrokerError as error:
            taken.unsent = str(error)
    taken.refused.sort(key=lambda one: one.place)
    return taken


def _read(
    group: Sequence[tuple[int, object]], adapter: TypeAdapter[Change], refused: list[Refused]
) -> Iterator[tuple[int, Change]]:
    for place, record in group:
        if isinstance(record, Change):
            yield place, record
            continue
        text = isinstance(record, str | bytes)
        try:
            yield place, adapter.validate_json(record) if text else adapter.validate_python(record)  # type: ignore[arg-type]
        except ValidationError as error:
            reason = "; ".join(f"{wrong.where}  {wrong.what}" for wrong in mistakes(error, None if text else record))
            refused.append(Refused(place, _id_of(record), reason))


def _id_of(record: object) -> str:
    if isinstance(record, str | bytes):
        try:
            record = json.loads(record)
        except (ValueError, RecursionError):
            return ""
    id_ = record.get("id") if isinstance(record, dict) else None
    return id_ if isinstance(id_, str) else ""
