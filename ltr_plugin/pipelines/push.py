"""A trained ranker into the cluster: uploaded under its own name, proved on live rows, then shown to shoppers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feature_log import LOG_NAME, QueryProducts, log_features
from ltr_plugin.cluster.feature_store import FeatureStore, logging_set_name
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import ClusterError, InputError, ParityError
from ltr_plugin.pipelines.candidates import candidates
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.log_features import push_features
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, release_metadata, search_template, with_release_metadata
from ltr_plugin.rankers.export.parity import TOLERANCE, Parity, compare_scores
from ltr_plugin.rankers.ranker import Ranker


@dataclass(frozen=True)
class PushResult:
    """An uploaded ranker: its name in the cluster, and the proof."""

    model: str
    parity: Parity


@dataclass(frozen=True)
class Release:
    """A search template that storefronts call by `template`; `number` counts its releases."""

    template: str
    number: int
    metadata: dict[str, Any]


def model_name(ranker: Ranker) -> str:
    """The name that a ranker has in a cluster: its feature set, its kind, and a digest of what is uploaded."""
    export = ranker.export()
    serialized = json.dumps(
        [export.model(), export.with_derived_features(ranker.feature_set).digest], sort_keys=True
    ).encode()
    return f"{ranker.feature_set.id}.{ranker.kind}.{hashlib.blake2b(serialized, digest_size=5).hexdigest()}"


def push_ranker(
    index: Index,
    ranker: Ranker,
    encoded: Sequence[EncodedQuery],
    *,
    progress: Progress = no_progress,
) -> PushResult:
    """Uploads a ranker and keeps it only if the cluster scores live rows as the ranker does here.

    InputError when it was trained for another version of its feature set or on vectors of other encoders; ExportError
    when the plugin cannot express it; ParityError when scores or their order differ. Whatever goes wrong, what this
    call uploaded is withdrawn; a model that was there before stays, since shoppers may be served by it.
    """
    _require_compatible(index, ranker)
    export = ranker.export()
    push_features(index, ranker.feature_set)
    store = FeatureStore(index.cluster)
    name = model_name(ranker)
    uploaded = store.model(name) is None
    if uploaded:
        store.put_model(name, export.with_derived_features(ranker.feature_set), export.model())
    try:
        parity = verify_parity(index, ranker, name, encoded, tolerance=export.tolerance, progress=progress)
        if not parity.passed:
            fate = "is withdrawn" if uploaded else "was in the cluster before and stays there; do not promote it"
            raise ParityError(f"the cluster does not score {name} as trained; it {fate}. {parity}")
    except BaseException:
        if uploaded:
            store.delete_model(name)
        raise
    return PushResult(name, parity)


def sample_evenly(queries: Sequence[Query], limit: int) -> list[Query]:
    """At most `wanted` of the queries, evenly over their order, so that every kind of them is among the probes."""
    step = max(1, len(queries) // limit)
    return list(queries[::step][:limit])


def verify_parity(
    index: Index,
    ranker: Ranker,
    model: str,
    encoded: Sequence[EncodedQuery],
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = no_progress,
) -> Parity:
    """Scores the candidates of these queries through `sltr` and here, from features logged in the same search."""
    pairs = (
        QueryProducts(one.query.id, one.params, products)
        for one, products in zip(encoded, candidates(index, encoded), strict=True)
    )
    feature_names = ranker.feature_set.feature_names
    queries: list[str] = []
    remote: list[float] = []
    values: list[list[float]] = []
    scored = log_features(
        index.cluster, index.name, logging_set_name(ranker.feature_set), (p for p in pairs if p.products), model=model
    )
    for done, hits in enumerate(scored, start=1):
        queries += [str(done)] * len(hits)
        remote += [hit.score for hit in hits]
        values += [[hit.features[LOG_NAME][name] or 0.0 for name in feature_names] for hit in hits]
        progress(done, len(encoded))
    local = ranker.predict(np.array(values, dtype=np.float32).reshape(-1, len(feature_names)))
    return compare_scores(np.array(queries, dtype=object), local, np.array(remote), tolerance)


def promote(index: Index, ranking: Ranking, template: str) -> Release:
    """Makes `ranking` what storefronts get when they call `template`, in one atomic call; earlier releases are kept."""
    number = next(n for n in count(1) if _read_template(index.cluster, _release_name(template, n)) is None)
    metadata = {
        "release": number,
        "ranker": ranking.model or ranking.name,
        "index": index.alias,
        "promoted": datetime.now(UTC).isoformat(timespec="seconds"),
        "spaces": _vector_fingerprints(index) if ranking.knn or ranking.model else {},
    }
    text = with_release_metadata(search_template(Retrieval.from_vectors(index.vectors), ranking), metadata)
    _write_template(index.cluster, _release_name(template, number), text)
    _write_template(index.cluster, template, text)
    return Release(template, number, metadata)


def rollback(cluster: Cluster, template: str, number: int | None = None) -> Release:
    """Puts an earlier release of a template back: the one before the current, or the numbered one.

    InputError when there is none, or when its index has vectors of other encoders now than at its promotion.
    """
    current = _read_template(cluster, template)
    if current is None:
        raise InputError(
            "rollback", f"no search template {template!r} in the cluster; make one with `ltr ranker promote`"
        )
    number = number if number is not None else int(release_metadata(current)["release"]) - 1
    earlier = _read_template(cluster, _release_name(template, number))
    if earlier is None:
        raise InputError("rollback", f"{template!r} has no release {number}")
    metadata = release_metadata(earlier)
    other = _mismatched_vectors(Index(cluster, metadata["index"]), metadata)
    if other:
        raise InputError(
            f"{template} release {number}",
            f"it ranks by {', '.join(other)} of other encoders than {metadata['index']} has now; go back to a release "
            f"that was promoted since, or put those vectors back with `ltr index rollback {metadata['index']}`",
        )
    _write_template(cluster, template, earlier)
    return Release(template, number, metadata)


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
    """The releases that storefronts call now which rank this index by vectors of other encoders than it has."""
    return [
        release
        for release in current_releases(index.cluster)
        if release.metadata["index"] == index.alias and _mismatched_vectors(index, release.metadata)
    ]


def _vector_fingerprints(index: Index) -> dict[str, str]:
    return {vector.name: vector.fingerprint.digest for vector in index.vectors}


def _mismatched_vectors(index: Index, metadata: dict[str, Any]) -> list[str]:
    """The vector fields of a release that its index lacks, or has of another encoder."""
    now = _vector_fingerprints(index)
    return [name for name, space in metadata["spaces"].items() if now.get(name) != space]


def _require_compatible(index: Index, ranker: Ranker) -> None:
    stored = FeatureStore(index.cluster).feature_set(ranker.feature_set.id)
    if stored and stored["features"] != ranker.feature_set.rendered():
        raise InputError(
            f"ranker {ranker.kind}",
            f"it was trained for another {ranker.feature_set.id} than the cluster has; log features and train again",
        )
    trained = ranker.card.provenance["fingerprints"]
    for vector in index.vectors:
        made = trained.get(vector.name)
        if made and made != vector.fingerprint.digest:
            raise InputError(
                f"ranker {ranker.kind}",
                f"it was trained on {vector.name} of encoder {made}, and {index.name} has those of "
                f"{vector.fingerprint.digest} ({vector.encoder}); log features and train again",
            )


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
