"""The Python call for catalog systems: products put, updated and deleted, and their vectors made by the workers."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.changes import CatalogEntry, Change, ProductUpdateModel, ReembedRequest
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.opensearch import connect
from ltr_plugin.cluster.versions import allow_media_root
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

    from ltr_plugin.pipelines.ingest import IngestResult

CatalogRecord = Mapping[str, Any] | str | bytes
"""A product as a line of a catalog has it: decoded JSON, or its text."""


class CatalogClient:
    """The products behind an alias, changed from a program.

    Words can be found at once (after the index's next refresh); for exactly the products that now lack vectors, tasks
    are sent to the workers of the broker (LTR_BROKER_URL). Each call takes any number of changes, makes them in their
    order, and tells what was refused, and why, without letting that hinder the others. Relative media lie in `folder`,
    or without it where those of the index do. Calls may run at the same time.
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
        """Gives the index leave to take media from `folder`.

        ClusterError when there is no such index: `ltr index create` makes it, with the encoders of your choice.
        """
        from ltr_plugin.broker.messages import celery_client

        settings = settings or Settings.from_env()
        self.alias = alias
        self._cluster = cluster or connect(settings=settings)
        self._client = client or celery_client(settings)
        self._folder = folder
        self._media_root = settings.media_root
        index = Index.open(self._cluster, alias, media_root=self._media_root)
        if folder:
            allow_media_root(index, folder)

    def put(self, products: Iterable[Product | CatalogRecord]) -> "IngestResult":
        """Adds products, or replaces those of the same ids. One with `deleted: true` is deleted.

        A vector is made again where what it is made of has changed: the words, the list of media, or the name, size or
        time of change of a file. A price costs no vector.
        """
        return self._ingest(products, CatalogEntry)

    def update(self, updates: Iterable[CatalogRecord]) -> "IngestResult":
        """Gives some fields of products that are there new values, as a JSON merge patch does (RFC 7396).

        Files are looked at where the update names their field: name it, with the same references, to tell that a file
        has been replaced.
        """
        return self._ingest(updates, ProductUpdateModel)

    def delete(self, ids: Iterable[str]) -> "IngestResult":
        """Deletes products; those that are not there are no mistake."""
        return self._ingest(({"id": id_, "deleted": True} for id_ in ids), CatalogEntry)

    def reembed(self, ids: Iterable[str]) -> "IngestResult":
        """Has all vectors of products made again: for a photo that changed behind the same URL, which nothing tells."""
        return self._ingest(({"id": id_} for id_ in ids), ReembedRequest)

    def _ingest(self, records: Iterable[object], change_type: type[Change]) -> "IngestResult":
        from ltr_plugin.pipelines.ingest import ingest

        where = {"folder": self._folder, "media_root": self._media_root}
        return ingest(self._cluster, self.alias, records, change_type, client=self._client, **where)
