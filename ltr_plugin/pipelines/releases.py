"""Releases: which ranker storefronts get when they call a search template, and the way back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.profile import effective_profile
from ltr_plugin.cluster.names import require_name
from ltr_plugin.cluster.profiles import stored_profile
from ltr_plugin.cluster.ranker_facts import ranker_facts
from ltr_plugin.cluster.releases import Release, ReleaseHistory, current_releases, read_template
from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.search import AnyRanker, resolve_ranking
from ltr_plugin.pipelines.serving import require_searchable, serve
from ltr_plugin.profile.differences import ranking_differences
from ltr_plugin.queries.templates import Ranking, release_metadata, search_template, with_release_metadata


@dataclass(frozen=True)
class UploadedRanker:
    """A model by its name, and the search templates whose current release ranks by it."""

    model: str
    templates: tuple[str, ...]


def promote(index: Index, ranker: AnyRanker, template: str | None = None, *, force: bool = False) -> Release:
    """Makes a ranker what storefronts get when they call `template`, in one atomic call; earlier releases are kept.

    The template has the name of the index unless another one is given. It serves with the rules of the index.

    `ranker` is a baseline's or model's name, the folder of a trained ranker, or a ranker. InputError when the cluster
    does not have it or refuses a search by it, and when the template belongs to another index or was not made here,
    unless `force` takes it over. InputError, too, when a ranker was trained by a profile that ranks otherwise than that
    of the index; `force` promotes it, but not with vectors of other encoders.
    """
    template = require_name("template", template or index.alias)
    ranking = resolve_ranking(index, ranker)
    current, history = read_template(index.cluster, template), ReleaseHistory(index.cluster, template)
    served = release_metadata(current) if current else {}
    if current and not served and not force:
        raise InputError(f"template {template}", "was not made by `ltr ranker promote`; --force replaces it")
    latest = history.latest()
    previous = served or latest
    _require_kept_profile(index)
    _require_same_ranking(index, ranking, force=force)
    rules = latest_rules(index.cluster, index.alias)
    for number in count(1 + max(latest.get("number", 0), served.get("release", 0))):
        if previous and previous["index"] != index.alias and not force:
            raise InputError(
                f"template {template}",
                f"ranks index {previous['index']}; name another one, or --force makes it rank {index.alias}",
            )
        metadata = {
            "release": number,
            "ranker": ranking.model or ranking.name,
            "index": index.alias,
            "promoted": datetime.now(UTC).isoformat(timespec="seconds"),
            "profile": index.profile.digest,
            "filters": _filter_fields(index),
            "rendered": _rendered_from(index),
            "spaces": _vector_fingerprints(index) if ranking.knn or ranking.model else {},
        }
        text = with_release_metadata(search_template(index.retrieval(), ranking, rules=True), metadata)
        require_searchable(index, text, ranking.name, rules.rules if rules else None)
        rendered_from = index.profile.ranking(vectors=ranking.knn or ranking.model is not None)
        if history.create(number, index=index.alias, text=text, profile=rendered_from):
            break
        previous = history.get(number)  # of another command at the same time
    serve(index, template)
    return Release(template, number, metadata)


def rollback(cluster: Cluster, template: str, release: int | None = None, *, force: bool = False) -> Release:
    """Puts an earlier release of a template back: the one before the current, or the numbered one.

    It serves with the rules that its index has now. InputError when there is none, when its index has vectors of other
    encoders now than at its promotion, and when the cluster does not have its model any more or refuses a search by it;
    also when the index's profile ranks otherwise now or filters by more, unless `force` puts it back as it is.
    """
    current = read_template(cluster, require_name("template", template))
    if current is None:
        raise InputError(
            "rollback", f"no search template {template!r} in the cluster; make one with `ltr ranker promote`"
        )
    number = release if release is not None else int(release_metadata(current).get("release", 0)) - 1
    history = ReleaseHistory(cluster, template)
    earlier = history.get(number)
    if not earlier:
        before = (
            f"it serves the first of {latest} releases; name a later one by its number, or promote another ranker"
            if number < 1 < (latest := history.latest().get("number", 1))
            else "it has only one release; promote another ranker first"
            if number < 1
            else f"it has no release {number}"
        )
        raise InputError("rollback", f"search template {template!r} cannot be rolled back: {before}")
    metadata = release_metadata(earlier["text"])
    index = Index.open(cluster, metadata["index"])
    other = _mismatched_vectors(index, metadata)
    if other:
        raise InputError(
            f"{template} release {number}",
            f"it ranks by {', '.join(other)} of other encoders than {metadata['index']} has now; go back to a release "
            f"that was promoted since, or put those vectors back with `ltr index rollback {metadata['index']}`",
        )
    then = earlier.get("profile")  # releases of earlier versions have none
    changes = ranking_differences(then, index.profile.ranking(vectors="vectors" in then)) if then else []
    filters = metadata.get("filters")  # releases of earlier versions have none
    if filters is not None and filters != (now := _filter_fields(index)):
        changes.append(f"its filters are {_listed(filters)}, not {_listed(now)}")
    if changes and not force:
        raise InputError(
            f"{template} release {number}",
            f"it was made by another profile than {metadata['index']} has now: {'; '.join(changes)}. "
            "--force puts it back as it is, which searches by the profile of then",
        )
    resolve_ranking(index, metadata["ranker"])
    rules = latest_rules(cluster, index.alias)
    require_searchable(index, earlier["text"], metadata["ranker"], rules.rules if rules else None)
    history.choose(number)
    serve(index, template)
    return Release(template, number, metadata)


def list_rankers(cluster: Cluster) -> list[UploadedRanker]:
    """All models of the default feature store, by name."""
    templates: dict[str, list[str]] = {}
    for release in current_releases(cluster):
        templates.setdefault(release.metadata["ranker"], []).append(release.template)
    return [UploadedRanker(name, tuple(templates.get(name, ()))) for name in FeatureStore(cluster).model_names()]


def templates_of_former_profile(cluster: Cluster, name: str) -> list[str]:
    """The templates that rank an index by another profile than the one that is kept for it, or page by another."""
    index = Index.open(cluster, name)
    return [
        one.template
        for one in current_releases(cluster, name)
        if one.metadata.get("rendered", "") not in ("", _rendered_from(index))
    ]


def _rendered_from(index: Index) -> str:
    """A digest of all that a template is rendered from."""
    return digest(index.profile.model_dump(mode="json", exclude={"media_root", "language"}))


def stale_releases(index: Index) -> list[Release]:
    """The current releases that rank this index by vectors of other encoders than it has."""
    return [
        release
        for release in current_releases(index.cluster, index.alias)
        if _mismatched_vectors(index, release.metadata)
    ]


def _require_kept_profile(index: Index) -> None:
    """InputError unless the index's profile is the one that the cluster keeps, which a rollback reads."""
    kept = stored_profile(index.cluster, index.alias)
    used = effective_profile(index.alias, index.mapping.get("_meta", {}), kept)
    anywhere = {"media_root": index.profile.media_root}  # a folder of the machine, which searches do not read
    if used is None or used.model_copy(update=anywhere) != index.profile:
        raise InputError(
            "profile", f"the cluster keeps another one of {index.alias}; keep this one first with `ltr profile put`"
        )


def _require_same_ranking(index: Index, ranking: Ranking, *, force: bool) -> None:
    """InputError where a ranker was trained by a profile that ranks otherwise than the index's own."""
    trained = ranker_facts(index.cluster, ranking.model).get("profile")
    changes = ranking_differences(trained, index.profile.ranking()) if trained else []
    if not trained or not changes:
        return
    spaces = {name: vector["encoder"] for name, vector in trained["vectors"].items()}
    remade = [
        one.name for one in index.vectors if spaces.get(one.name, one.fingerprint.digest) != one.fingerprint.digest
    ]
    if remade or not force:
        instead = "" if remade else ", or --force promotes it as it is"
        raise InputError(
            f"ranker {ranking.name}",
            f"it was trained by another profile than {index.alias} has now: {'; '.join(changes)}. Log features and "
            f"train again{instead}",
        )


def _filter_fields(index: Index) -> dict[str, str]:
    """The field of each filter by its name: what storefronts send parameters for."""
    return {one.name: one.field for one in index.profile.filters}


def _listed(filters: dict[str, str]) -> str:
    return ", ".join(name if name == field else f"{name} ({field})" for name, field in filters.items()) or "none"


def _vector_fingerprints(index: Index) -> dict[str, str]:
    return {vector.name: vector.fingerprint.digest for vector in index.vectors}


def _mismatched_vectors(index: Index, metadata: dict[str, Any]) -> list[str]:
    """The vector fields of a release that its index lacks, or has of another encoder."""
    now = _vector_fingerprints(index)
    return [name for name, space in metadata["spaces"].items() if now.get(name) != space]
