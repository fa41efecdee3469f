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
from ltr_plugin.cluster.feature_log import LOG, Pairs, log_features
from ltr_plugin.cluster.ltr_api import LtrStore, log_name
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.errors import ClusterError, InputError, ParityError
from ltr_plugin.pipelines.asking import Asked
from ltr_plugin.pipelines.candidates import candidates
from ltr_plugin.pipelines.logging import push_features
from ltr_plugin.progress import Progress, silent
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, release_of, search_template, with_release
from ltr_plugin.rankers.parity import TOLERANCE, Parity, compare_scores
from ltr_plugin.rankers.ranker import Ranker


@dataclass(frozen=True)
class Pushed:
    """An uploaded ranker: its name in the cluster, and the proof."""

    model: str
    parity: Parity


@dataclass(frozen=True)
class Release:
    """A search template that storefronts call by `template`; `number` counts its releases."""

    template: str
    number: int
    facts: dict[str, Any]


def model_name(ranker: Ranker) -> str:
    """The name that a ranker has in a cluster: its feature set, its kind, and a digest of what is uploaded."""
    export = ranker.export()
    packed = json.dumps([export.model(), export.served(ranker.feature_set).digest], sort_keys=True).encode()
    return f"{ranker.feature_set.id}.{ranker.kind}.{hashlib.blake2b(packed, digest_size=5).hexdigest()}"


def push_ranker(
    index: ProductIndex,
    ranker: Ranker,
    asked: Sequence[Asked],
    *,
    progress: Progress = silent,
) -> Pushed:
    """Uploads a ranker and keeps it only if the cluster scores live rows as the ranker does here.

    InputError when it was trained for another version of its feature set or on vectors of other encoders; ExportError
    when the plugin cannot express it; ParityError when scores or their order differ. Whatever goes wrong, what this
    call uploaded is withdrawn; a model that was there before stays, since shoppers may be served by it.
    """
    _require_fit(index, ranker)
    export = ranker.export()
    push_features(index, ranker.feature_set)
    store = LtrStore(index.cluster)
    name = model_name(ranker)
    ours = store.model(name) is None
    if ours:
        store.put_model(name, export.served(ranker.feature_set), export.model())
    try:
        parity = prove(index, ranker, name, asked, tolerance=export.tolerance, progress=progress)
        if not parity.holds:
            fate = "is withdrawn" if ours else "was in the cluster before and stays there; do not promote it"
            raise ParityError(f"the cluster does not score {name} as trained; it {fate}. {parity}")
    except BaseException:
        if ours:
            store.delete_model(name)
        raise
    return Pushed(name, parity)


def spread(queries: Sequence[Query], wanted: int) -> list[Query]:
    """At most `wanted` of the queries, evenly over their order, so that every kind of them is among the probes."""
    step = max(1, len(queries) // wanted)
    return list(queries[::step][:wanted])


def prove(
    index: ProductIndex,
    ranker: Ranker,
    model: str,
    asked: Sequence[Asked],
    *,
    tolerance: float = TOLERANCE,
    progress: Progress = silent,
) -> Parity:
    """Scores the candidates of these queries through `sltr` and here, from features logged in the same search."""
    pairs = (
        Pairs(one.query.id, one.params, products) for one, products in zip(asked, candidates(index, asked), strict=True)
    )
    names = ranker.feature_set.names
    queries: list[str] = []
    remote: list[float] = []
    values: list[list[float]] = []
    scored = log_features(
        index.cluster, index.name, log_name(ranker.feature_set), (p for p in pairs if p.products), model=model
    )
    for done, hits in enumerate(scored, start=1):
        queries += [str(done)] * len(hits)
        remote += [hit.score for hit in hits]
        values += [[hit.features[LOG][name] or 0.0 for name in names] for hit in hits]
        progress(done, len(asked))
    local = ranker.predict(np.array(values, dtype=np.float32).reshape(-1, len(names)))
    return compare_scores(np.array(queries, dtype=object), local, np.array(remote), tolerance)


def promote(index: ProductIndex, ranking: Ranking, template: str) -> Release:
    """Makes `ranking` what storefronts get when they call `template`, in one atomic call; earlier releases are kept."""
    number = next(n for n in count(1) if _stored(index.cluster, _numbered(template, n)) is None)
    facts = {
        "release": number,
        "ranker": ranking.model or ranking.name,
        "index": index.alias,
        "promoted": datetime.now(UTC).isoformat(timespec="seconds"),
        "spaces": _spaces(index) if ranking.vectors or ranking.model else {},
    }
    text = with_release(search_template(Retrieval.of(index.vectors), ranking), facts)
    _store(index.cluster, _numbered(template, number), text)
    _store(index.cluster, template, text)
    return Release(template, number, facts)


def roll_back(cluster: Cluster, template: str, number: int | None = None) -> Release:
    """Puts an earlier release of a template back: the one before the current, or the numbered one.

    InputError when there is none, or when its index has vectors of other encoders now than at its promotion.
    """
    current = _stored(cluster, template)
    if current is None:
        raise InputError("rollback", f"the cluster has no search template {template!r}; make one with `ltr promote`")
    number = number if number is not None else int(release_of(current)["release"]) - 1
    earlier = _stored(cluster, _numbered(template, number))
    if earlier is None:
        raise InputError("rollback", f"{template!r} has no release {number}")
    facts = release_of(earlier)
    other = _other_spaces(ProductIndex(cluster, facts["index"]), facts)
    if other:
        raise InputError(
            f"{template} release {number}",
            f"it ranks by {', '.join(other)} of other encoders than {facts['index']} has now; go back to a release "
            f"that was promoted since, or put those vectors back with `ltr index --index {facts['index']} --rollback`",
        )
    _store(cluster, template, earlier)
    return Release(template, number, facts)


def outdated(index: ProductIndex) -> list[Release]:
    """The releases that storefronts call now which rank this index by vectors of other encoders than it has."""
    metadata = index.cluster.call("GET", "/_cluster/state/metadata", filter_path="metadata.stored_scripts")
    scripts = metadata.get("metadata", {}).get("stored_scripts", {})
    found: list[Release] = []
    for template, script in sorted(scripts.items()):
        facts = release_of(script.get("source", ""))
        called = facts and not template.endswith(f".v{facts['release']}")
        if called and facts["index"] == index.alias and _other_spaces(index, facts):
            found.append(Release(template, facts["release"], facts))
    return found


def _spaces(index: ProductIndex) -> dict[str, str]:
    return {vector.name: vector.fingerprint.digest for vector in index.vectors}


def _other_spaces(index: ProductIndex, facts: dict[str, Any]) -> list[str]:
    """The vector fields of a release that its index lacks, or has of another encoder."""
    now = _spaces(index)
    return [name for name, space in facts["spaces"].items() if now.get(name) != space]


def _require_fit(index: ProductIndex, ranker: Ranker) -> None:
    stored = LtrStore(index.cluster).feature_set(ranker.feature_set.id)
    if stored and stored["features"] != ranker.feature_set.rendered():
        raise InputError(
            f"ranker {ranker.kind}",
            f"it was trained for another {ranker.feature_set.id} than the cluster has; log features and train again",
        )
    trained = ranker.card.origin["fingerprints"]
    for vector in index.vectors:
        made = trained.get(vector.name)
        if made and made != vector.fingerprint.digest:
            raise InputError(
                f"ranker {ranker.kind}",
                f"it was trained on {vector.name} of encoder {made}, and {index.name} has those of "
                f"{vector.fingerprint.digest} ({vector.encoder}); log features and train again",
            )


def _numbered(template: str, number: int) -> str:
    return f"{template}.v{number}"


def _stored(cluster: Cluster, name: str) -> str | None:
    try:
        return str(cluster.call("GET", f"/_scripts/{name}")["script"]["source"])
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def _store(cluster: Cluster, name: str, text: str) -> None:
    cluster.call("PUT", f"/_scripts/{name}", {"script": {"lang": "mustache", "source": text}})
