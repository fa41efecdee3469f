"""Releases: which ranker storefronts get when they call a search template, and the way back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.names import require_name
from ltr_plugin.cluster.search import search
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.pipelines.search import AnyRanker, resolve_ranking
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import release_metadata, search_template, with_release_metadata


@dataclass(frozen=True)
class Release:
    """A search template that storefronts call by `template`; `number` counts its releases."""

    template: str
    number: int
    metadata: dict[str, Any]


@dataclass(frozen=True)
class UploadedRanker:
    """A model by its name, and the search templates whose current release ranks by it."""

    model: str
    templates: tuple[str, ...]


def promote(index: Index, ranker: AnyRanker, template: str = "shop") -> Release:
    """Makes a ranker what storefronts get when they call `template`, in one atomic call; earlier releases are kept.

    `ranker` is a baseline's or model's name, the folder of a trained ranker, or a ranker. InputError when the cluster
    does not have it, or refuses a search by it.
    """
    require_name("template", template)
    ranking = resolve_ranking(index, ranker)
    number = _next_number(index.cluster, template)
    metadata = {
        "release": number,
        "ranker": ranking.model or ranking.name,
        "index": index.alias,
        "promoted": datetime.now(UTC).isoformat(timespec="seconds"),
        "spaces": _vector_fingerprints(index) if ranking.knn or ranking.model else {},
    }
    text = with_release_metadata(search_template(Retrieval(index.profile), ranking), metadata)
    _require_searchable(index, text, ranking.name)
    _write_template(index.cluster, _release_name(template, number), text)
    _write_template(index.cluster, template, text)
    return Release(template, number, metadata)


def rollback(cluster: Cluster, template: str = "shop", release: int | None = None) -> Release:
    """Puts an earlier release of a template back: the one before the current, or the numbered one.

    InputError when there is none, or when its index has vectors of other encoders now than at its promotion.
    """
    current = _read_template(cluster, require_name("template", template))
    if current is None:
        raise InputError(
            "rollback", f"no search template {template!r} in the cluster; make one with `ltr ranker promote`"
        )
    number = release if release is not None else int(release_metadata(current)["release"]) - 1
    earlier = _read_template(cluster, _release_name(template, number))
    if earlier is None:
        before = (
            "it has only one release; promote another ranker first" if number < 1 else f"it has no release {number}"
        )
        raise InputError("rollback", f"search template {template!r} cannot be rolled back: {before}")
    metadata = release_metadata(earlier)
    other = _mismatched_vectors(Index.open(cluster, metadata["index"]), metadata)
    if other:
        raise InputError(
            f"{template} release {number}",
            f"it ranks by {', '.join(other)} of other encoders than {metadata['index']} has now; go back to a release "
            f"that was promoted since, or put those vectors back with `ltr index rollback {metadata['index']}`",
        )
    _write_template(cluster, template, earlier)
    return Release(template, number, metadata)


def list_rankers(cluster: Cluster) -> list[UploadedRanker]:
    """All models of the default feature store, by name."""
    templates: dict[str, list[str]] = {}
    for release in current_releases(cluster):
        templates.setdefault(release.metadata["ranker"], []).append(release.template)
    return [UploadedRanker(name, tuple(templates.get(name, ()))) for name in FeatureStore(cluster).model_names()]


def current_releases(cluster: Cluster) -> list[Release]:
    """The release of each search template that storefronts call now, by template."""
    metadata = cluster.call("GET", "/_cluster/state/metadata", filter_path="metadata.stored_scripts")
    scripts = metadata.get("metadata", {}).get("stored_scripts", {})
    releases: list[Release] = []
    for template, script in sorted(scripts.items()):
        stored = release_metadata(script.get("source", ""))
        if stored and not template.endswith(f".v{stored['release']}"):
            releases.append(Release(template, stored["release"], stored))
    return releases


def stale_releases(index: Index) -> list[Release]:
    """The current releases that rank this index by vectors of other encoders than it has."""
    return [
        release
        for release in current_releases(index.cluster)
        if release.metadata["index"] == index.alias and _mismatched_vectors(index, release.metadata)
    ]


def _require_searchable(index: Index, template: str, ranker: str) -> None:
    """One search before any shopper's; InputError with the cluster's reason, such as an `index.max_rescore_window`."""
    try:
        search(index.cluster, index.name, {"source": template}, {"text": "a"})
    except ClusterError as error:
        if error.retryable:
            raise
        raise InputError(
            f"ranker {ranker}", f"the cluster refuses searches by it, nothing is promoted: {error}"
        ) from None


def _vector_fingerprints(index: Index) -> dict[str, str]:
    return {vector.name: vector.fingerprint.digest for vector in index.vectors}


def _mismatched_vectors(index: Index, metadata: dict[str, Any]) -> list[str]:
    """The vector fields of a release that its index lacks, or has of another encoder."""
    now = _vector_fingerprints(index)
    return [name for name, space in metadata["spaces"].items() if now.get(name) != space]


def _next_number(cluster: Cluster, template: str) -> int:
    """The first number that no release has. After a rollback, releases after the current one exist."""
    current = _read_template(cluster, template)
    number = int(release_metadata(current)["release"]) + 1 if current else 1
    return next(n for n in count(number) if _read_template(cluster, _release_name(template, n)) is None)


def _release_name(template: str, number: int) -> str:
    return f"{template}.v{number}"


def _read_template(cluster: Cluster, name: str) -> str | None:
    try:
        return str(cluster.call("GET", f"/_scripts/{name}")["script"]["source"])
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def _write_template(cluster: Cluster, name: str, text: str) -> None:
    cluster.call("PUT", f"/_scripts/{name}", {"script": {"lang": "mustache", "source": text}})
