"""A trained ranker into the cluster: uploaded under its own name, and kept only if the cluster scores it exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ltr_plugin.catalog.product import digest
from ltr_plugin.cluster.feature_log import QueryProducts, feature_matrix, fetch_features
from ltr_plugin.cluster.feature_store import TRIAL, FeatureStore, push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.ranker_facts import write_ranker_facts
from ltr_plugin.cluster.scoring import similarity_facts
from ltr_plugin.cluster.search import OnError, raise_error
from ltr_plugin.engines import engine_named
from ltr_plugin.errors import InputError, ParityError
from ltr_plugin.features.kinds import scores_words
from ltr_plugin.features.table import Floats
from ltr_plugin.pipelines.encode_queries import (
    AnyQueries,
    EncodedQuery,
    FailedQueries,
    encode,
    sample_evenly,
)
from ltr_plugin.pipelines.evaluation.summaries import SUMMARY, summarize
from ltr_plugin.pipelines.search import first_pass
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.export.parity import Parity, compare_scores
from ltr_plugin.rankers.loading import as_ranker
from ltr_plugin.rankers.ranker import Ranker, model_name

SCORING_BEFORE: Mapping[str, Any] = {"engine": "opensearch", "similarity": "BM25", "bm25_scale": 1.0}
"""Of rankers of earlier versions."""


@dataclass(frozen=True)
class PushResult:
    """An uploaded ranker: its name in the cluster, and the comparison of its scores there with the local ones.

    `failed` queries were not compared: their ids with the reasons.
    """

    model: str
    parity: Parity
    failed: Mapping[str, str]


def push(
    index: Index,
    ranker: Ranker | Path | str,
    queries: AnyQueries | None = None,
    *,
    sample_queries: int | None = 50,
    progress: Progress = no_progress,
) -> PushResult:
    """Uploads a ranker and keeps it only if the cluster scores live products as the ranker does here.

    At most `sample_queries` queries are scored (None: all); without `queries`, those that the ranker carries from its
    training. A query that fails is named in the result. InputError when the ranker was trained for another version of
    its feature set or on vectors of other encoders; ExportError when the plugin cannot express it; ParityError when
    scores or their order differ; ClusterError when all queries fail. The ranker is scored under a name of this call
    alone, and gets its own afterwards: what can be promoted is proved, and is never withdrawn. A model of its name that
    existed before stays after an error too, since shoppers may be served by it.
    """
    ranker = as_ranker(ranker)
    _require_same_encoders(index, ranker)
    _require_same_scoring(index, ranker)
    export = ranker.export()
    push_features(index, ranker.feature_set)
    failed = FailedQueries()
    if queries is None:
        encoded = _carried(ranker, sample_queries)
    else:
        encoded = encode(index, queries, limit=sample_queries, failed=failed)
    store = FeatureStore(index.cluster)
    name = model_name(ranker, export)
    features = export.with_derived_features(ranker.feature_set)
    trial = f"{name}{TRIAL}{uuid4().hex[:8]}" if store.model(name) is None else None
    if trial:
        store.put_model(trial, features, export.model())
    try:
        parity = verify_parity(index, ranker, export, trial or name, encoded, progress=progress, on_error=failed.add)
        failed.raise_if_all(one.query.id for one in encoded)
        if not parity.passed:
            fate = "is withdrawn" if trial else "was in the cluster before and stays there; do not promote it"
            raise ParityError(f"the cluster does not score {name} as trained; it {fate}. {parity}")
        known = {
            "profile": ranker.card.provenance.get("profile"),
            "trained_with": [digest(one["query"]) for one in ranker.card.sample_queries],
            SUMMARY: summarize(ranker.card).to_json(),
        }
        if facts := {key: value for key, value in known.items() if value}:
            write_ranker_facts(index.cluster, name, facts)
        if trial:
            store.put_model(name, features, export.model())
    finally:
        if trial:
            store.delete_model(trial)
    return PushResult(name, parity, failed)


def verify_parity(
    index: Index,
    ranker: Ranker,
    export: Export,
    model: str,
    encoded: Sequence[EncodedQuery],
    *,
    progress: Progress = no_progress,
    on_error: OnError = raise_error,
) -> Parity:
    """Compares scores of these queries' candidates: by `sltr`, and predicted here from features of the same search."""
    pairs = (
        QueryProducts(one.query.id, one.params, products)
        for one, products in zip(encoded, first_pass(index, encoded, on_error=on_error), strict=True)
    )
    queries: list[str] = []
    remote: list[float] = []
    values: list[Floats] = []
    with_candidates = (one for one in pairs if one.products)
    scored = fetch_features(index, ranker.feature_set, with_candidates, model=model, on_error=on_error)
    for done, hits in enumerate(scored, start=1):
        queries += [str(done)] * len(hits)
        remote += [hit.score for hit in hits]
        values.append(feature_matrix(hits, ranker.feature_set))
        progress(done, len(encoded))
    rows = np.concatenate(values) if values else feature_matrix([], ranker.feature_set)
    scores = export.ranker_scores(np.array(remote))
    return compare_scores(np.array(queries, dtype=object), ranker.predict(rows), scores, export.tolerance)


def _carried(ranker: Ranker, limit: int | None) -> list[EncodedQuery]:
    """The encoded queries that the ranker carries from its training."""
    if not ranker.card.sample_queries:
        raise InputError(f"ranker {ranker.kind}", "carries no queries of its training; name some with --queries")
    return [EncodedQuery.from_json(one) for one in sample_evenly(ranker.card.sample_queries, limit)]


def _require_same_encoders(index: Index, ranker: Ranker) -> None:
    trained = ranker.card.provenance["fingerprints"]
    for vector in index.vectors:
        made = trained.get(vector.name)
        if made and made != vector.fingerprint.digest:
            raise InputError(
                f"ranker {ranker.kind}",
                f"it was trained on {vector.name} of encoder {made}, and {index.name} has those of "
                f"{vector.fingerprint.digest} ({vector.encoder}); log features and train again",
            )


def _require_same_scoring(index: Index, ranker: Ranker) -> None:
    """InputError when a ranker that reads scores of words learned them on another scale."""
    trained = {**SCORING_BEFORE, **(ranker.card.provenance.get("scoring") or {})}
    here = similarity_facts(index)
    scales = [(one["bm25_scale"] or one["similarity"]) for one in (trained, here)]
    if scales[0] == scales[1] or not any(map(scores_words, ranker.feature_set.features)):
        return
    was, now = (f"{engine_named(one['engine']).title} with {one['similarity']}" for one in (trained, here))
    known = trained["bm25_scale"] and here["bm25_scale"]
    factor = f"{here['bm25_scale'] / trained['bm25_scale']:.2g} times as high" if known else "otherwise"
    reason = f"it was trained on {was}, and {now} scores words {factor}, so it would rank wrongly"
    raise InputError(f"ranker {ranker.kind}", f"{reason}; log features on {index.name} and train again")
