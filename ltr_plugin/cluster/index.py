"""Any index of products, ours or a shop's own: opened with its profile, and read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.profile import effective_profile
from ltr_plugin.cluster.names import require_name
from ltr_plugin.cluster.profiles import stored_profile
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.profile.first_pass import SearchType
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.retrieval import Retrieval

PAGE_SIZE, SCROLL = 1000, "1m"
"""Hits of a page, and how long the cluster keeps the next ones."""


@dataclass(frozen=True)
class Index:
    """A handle on one index of products, as it was when it was opened. Nothing that it does writes to the index.

    `alias` is the name it was opened by, `name` the index behind it, `uuid` what tells it from another one of its name
    later, `mapping` what the cluster says of its fields, `settings` what it has below `index`.
    """

    cluster: Cluster = field(repr=False)
    alias: str
    name: str
    uuid: str = field(repr=False)
    profile: IndexProfile = field(repr=False)
    media_roots: MediaRoots = field(repr=False)
    mapping: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)

    @classmethod
    def open(
        cls,
        cluster: Cluster,
        name: str,
        *,
        profile: IndexProfile | None = None,
        media_roots: Iterable[Path] = (),
    ) -> Self:
        """The index of this name or alias.

        `profile` says what its fields mean; without it, the profile that the cluster keeps for this name does, or that
        of an index which this library makes. The vector fields of such an index are always its own. `media_roots` are
        the folders that this process may read media from (see `MediaRoots`). ClusterError when there is no such index,
        and when the user may not read the profiles that the cluster keeps, which `profile` makes unnecessary;
        InputError for a name that cannot be one index's, for an index without a profile, and for one that an earlier
        version of this library made.
        """
        resolved, body = get_index(cluster, name)
        mapping = body["mappings"]
        meta = mapping.get("_meta", {})
        cls.check_meta(name, meta)
        profile = effective_profile(name, meta, profile or cls.kept_profile(cluster, name))
        if profile is None:
            raise InputError(
                f"index {name}",
                f"it has no profile that says what its fields mean; write one with `ltr profile init --index {name}`, "
                f"keep it with `ltr profile put`, or name it with --profile",
            )
        roots = MediaRoots.of(Path(profile.media_root or ""), media_roots)
        settings = body["settings"]["index"]
        return cls(cluster, name, resolved, settings["uuid"], profile, roots, mapping, settings)

    @classmethod
    def kept_profile(cls, cluster: Cluster, name: str) -> IndexProfile | None:
        """The profile that the cluster keeps for the index of this name, if any."""
        try:
            return stored_profile(cluster, name)
        except ClusterError as error:
            if error.status != 403:
                raise
            reason = f"{error}, or names a profile with --profile"
            raise ClusterError(reason, status=error.status, error_type=error.error_type) from None

    @classmethod
    def check_meta(cls, name: str, meta: Mapping[str, Any]) -> None:
        """InputError for an index that this kind of handle cannot be of, by what its `_meta` says."""

    def allow_media(self, *folders: Path) -> Self:
        """The same index; this process may read media from these folders too, on behalf of its user."""
        allowed = (*self.media_roots.allowed, *(folder.resolve() for folder in folders))
        return replace(self, media_roots=replace(self.media_roots, allowed=tuple(dict.fromkeys(allowed))))

    @property
    def vectors(self) -> tuple[VectorField, ...]:
        """The vector fields of the profile."""
        return self.profile.vectors

    def products(self, ids: Sequence[str], language: str | None = None) -> dict[str, Product]:
        """The products of these ids that exist, by id, as far as the profile says which fields hold their parts.

        Texts in several languages are in that of this code, or else in the first of the profile that they have.
        """
        body = {
            "query": self.profile.ids_query(ids),
            "size": len(ids),
            "_source": [*self.profile.part_fields, *self.profile.id_source],
        }
        hits = self.cluster.call("POST", f"/{self.name}/_search", body)["hits"]["hits"] if ids else []
        found = ((self.profile.product_id(hit), hit["_source"]) for hit in hits)
        return {id_: self.profile.read_product(id_, source, language) for id_, source in found}

    @property
    def search_type(self) -> SearchType:
        """How its searches count how rare a word is: in each shard, or in all of them together."""
        return self.profile.first_pass.search_type or "query_then_fetch"

    @property
    def url_parameters(self) -> dict[str, str]:
        """What every search of it has in its address: the search type, where it is not the default."""
        return {} if self.search_type == "query_then_fetch" else {"search_type": self.search_type}

    def retrieval(self, window: int | None = None) -> Retrieval:
        """The first pass over it; `window` replaces that of the profile."""
        return Retrieval(self.profile, window, self.cluster.engine)

    def count(self, query: Mapping[str, Any] | None = None) -> int:
        """The number of products that a search can see, or of those that a query finds."""
        body = {"query": query} if query else None
        return int(self.cluster.call("GET", f"/{self.name}/_count", body)["count"])

    def ids(self) -> Iterator[str]:
        """The ids of all products that a search can see, in no order."""
        body = {"size": PAGE_SIZE, "sort": ["_doc"], "_source": list(self.profile.id_source)}
        page = self.cluster.call("POST", f"/{self.name}/_search", body, scroll=SCROLL)
        while hits := page["hits"]["hits"]:
            yield from map(self.profile.product_id, hits)
            page = self.cluster.call("POST", "/_search/scroll", {"scroll": SCROLL, "scroll_id": page["_scroll_id"]})
        self.cluster.call("DELETE", "/_search/scroll", {"scroll_id": page["_scroll_id"]})

    def refresh(self) -> None:
        """Makes all writes so far visible to searches."""
        self.cluster.call("POST", f"/{self.name}/_refresh")


def get_index(cluster: Cluster, name: str) -> tuple[str, Mapping[str, Any]]:
    """The one index behind a name, with its `settings` and `mappings`; errors as of `Index.open`, without a profile."""
    require_name("index", name)
    try:
        found = cluster.call("GET", f"/{name}")
    except ClusterError as error:
        if error.status != 404:
            raise
        reason = f"there is no index {name!r}; `GET /_cat/indices` shows those there are, `ltr index create` makes one"
        raise ClusterError(reason, status=404, error_type=error.error_type) from None
    if len(found) > 1:
        raise InputError(f"index {name}", f"this alias stands for {', '.join(sorted(found))}; name one of them")
    resolved, body = next(iter(found.items()))
    if "filter" in body.get("aliases", {}).get(name, {}):
        reason = f"this alias has a filter, which nothing here would keep to; name the index {resolved!r} itself"
        raise InputError(f"index {name}", f"{reason}, and let searches send the filter as `filters`")
    return resolved, body
