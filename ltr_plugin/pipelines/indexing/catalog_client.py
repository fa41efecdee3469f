"""The Python client for catalog systems: puts, updates and deletes products, and has workers make their vectors."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ltr_plugin.catalog.changes import ChangeKind
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import InputError
from ltr_plugin.settings import Settings
from ltr_plugin.validation import shorten

if TYPE_CHECKING:
    from celery import Celery

    from ltr_plugin.pipelines.indexing.ingest import IngestResult

CatalogRecord = Mapping[str, Any] | str | bytes
"""A product or an update as in a line of a catalog: decoded JSON, or its text."""

Item = TypeVar("Item")


class CatalogClient:
    """Changes the products of an index from a program.

    Text can be found after the index's next refresh. Tasks for the products that now lack vectors are sent to the
    workers of the broker (LTR_BROKER_URL). Each call takes any number of changes in a list, InputError for one alone,
    and applies them in their order; a change that is refused does not stop the others, and the result names it with
    the reason. Relative media references are relative to `folder`, or without it to the media folder of the index.
    Calls may run concurrently.
    """

    def __init__(
        self,
        alias: str,
        *,
        folder: Path | None = None,
        settings: Settings | None = None,
        cluster: Cluster | None = None,
        client: "Celery | None" = None,
    ) -> None:
        """ClusterError when there is no such index: `ltr index create` makes it, with the encoders of your choice."""
        from ltr_plugin.broker.messages import celery_client

        settings = settings or Settings.from_env()
        self.alias = alias
        self._cluster = cluster or connect(settings=settings)
        self._client = client or celery_client(settings)
        self._folder = folder
        self._media_roots = settings.media_root
        ManagedIndex.open(self._cluster, alias)

    def put(self, products: Iterable[Product | CatalogRecord]) -> "IngestResult":
        """Adds products, or replaces those of the same ids. One with `deleted: true` is deleted.

        A vector is made again when its source has changed: the text, the list of media, or the name, size or
        modification time of a file. A new price makes no vector again.
        """
        return self._ingest(products, "put")

    def update(self, updates: Iterable[CatalogRecord]) -> "IngestResult":
        """Gives some fields of existing products new values; each update is a JSON merge patch (RFC 7396) with an id.

        Files are checked for changes only in the media fields that the update names: repeat a field to say that a file
        was replaced.
        """
        return self._ingest(updates, "update")

    def delete(self, ids: Iterable[str]) -> "IngestResult":
        """Deletes products by id; an id that the index does not have is no error."""
        return self._ingest(({"id": id_, "deleted": True} for id_ in several(ids)), "put")

    def reembed(self, ids: Iterable[str]) -> "IngestResult":
        """Has all vectors of products made again, for example when a photo changed behind the same URL."""
        return self._ingest(({"id": id_} for id_ in several(ids)), "reembed")

    def _ingest(self, records: Iterable[object], kind: ChangeKind) -> "IngestResult":
        from ltr_plugin.pipelines.indexing.ingest import ingest

        return ingest(
            self._cluster, self.alias, several(records), kind, client=self._client, folder=self._folder,
            media_roots=self._media_roots,
        )  # fmt: skip


def several(items: Iterable[Item]) -> Iterable[Item]:
    """The items. InputError for a text or an object, which would be taken apart into its letters or its keys."""
    if isinstance(items, str | bytes | Mapping):
        raise InputError(shorten(items), "is one, where a list is expected; write it in [ ]")
    return items
