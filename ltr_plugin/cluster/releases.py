"""Releases of search templates that the cluster keeps, and the stored templates that storefronts call."""

from dataclasses import dataclass
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.state import RELEASES, StateIndex
from ltr_plugin.errors import ClusterError
from ltr_plugin.queries.templates import release_metadata

MAX_TEMPLATES = 1000
"""Search templates that are found."""


@dataclass(frozen=True)
class Release:
    """A search template that storefronts call by `template`; `number` counts its releases."""

    template: str
    number: int
    metadata: dict[str, Any]


class ReleaseHistory:
    """The releases of one template: documents with its name as `template`, `number`, `index`, the `text`, and
    what of the `profile` it was rendered from."""

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._documents = StateIndex(cluster, RELEASES)
        self._template = template

    def latest(self) -> dict[str, Any]:
        """The release with the highest number, which after a rollback is not the current one; or nothing."""
        body = {"query": {"term": {"template": self._template}}, "sort": [{"number": "desc"}], "size": 1}
        return next(iter(self._documents.search(body)), {})

    def current(self) -> dict[str, Any]:
        """The release that the template serves: the latest, or the one that was put back since; or nothing."""
        latest, choice = self.latest(), self._documents.get(self._choice_id)
        if latest and choice.get("latest") == latest["number"]:
            return self.get(choice["chosen"])
        return latest

    def get(self, number: int) -> dict[str, Any]:
        """The release of a number, or nothing."""
        return self._documents.get(self._id(number))

    def create(self, number: int, **facts: Json) -> bool:
        """Adds a release, which is the current one then; False when there is one of this number."""
        return self._documents.create(self._id(number), {"template": self._template, "number": number, **facts})

    def choose(self, number: int) -> None:
        """Makes a release the current one, until the next is created."""
        self._documents.merge(self._choice_id, chosen=number, latest=self.latest()["number"])

    @property
    def _choice_id(self) -> str:
        return f"{self._template}.choice"

    def _id(self, number: int) -> str:
        return f"{self._template}.v{number}"


def current_releases(cluster: Cluster, index: str | None = None) -> list[Release]:
    """The release of each search template that storefronts call now, by template; of those that rank an index of this
    name, or of all.

    Templates are looked up by the names that have releases: a list of stored scripts is part of the cluster's state,
    which has the mappings of all indices and which few users may read.
    """
    releases: list[Release] = []
    for template in sorted(_released(cluster, index)):
        text = read_template(cluster, template)
        stored = release_metadata(text) if text else None
        if stored and index in (None, stored["index"]):
            releases.append(Release(template, stored["release"], stored))
    return releases


def _released(cluster: Cluster, index: str | None) -> set[str]:
    """The names of the templates that have releases, for this index or for any."""
    query = {"term": {"index": index}} if index else {"exists": {"field": "template"}}
    body = {"query": query, "collapse": {"field": "template"}, "_source": ["template"], "size": MAX_TEMPLATES}
    return {found["template"] for found in StateIndex(cluster, RELEASES).search(body)}


def read_template(cluster: Cluster, name: str) -> str | None:
    """The text of a stored template; None where there is none."""
    try:
        return str(cluster.call("GET", f"/_scripts/{name}")["script"]["source"])
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def write_template(cluster: Cluster, name: str, text: str) -> None:
    """Stores a template, or replaces it, in one atomic call."""
    cluster.call("PUT", f"/_scripts/{name}", {"script": {"lang": "mustache", "source": text}})
