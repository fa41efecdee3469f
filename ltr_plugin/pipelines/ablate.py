"""How rankers do when queries or products lack a modality.

A query without a modality is searched and logged with the parameters that it would have without it. For products
without a modality, the first pass runs in the cluster with a mask: no clause on that modality matches them, so a
product that no other clause matches is gone, and the next ones move up. Features are logged once; those of masked
products are computed again here, as if the product did not have the field. Term statistics stay those of the full
index.

Scores are computed here too, by rankers whose scores `ltr ranker push` compared with the cluster's.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.cluster.feature_log import QueryProducts, feature_matrix, fetch_features
from ltr_plugin.cluster.feature_store import push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.ablation import (
    REMOVED_FRACTIONS,
    Ablation,
    Removal,
    drop_modality,
    evaluate_removal,
    mask_modality,
)
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.judgments.qrels import Qrels, no_judged_query
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.evaluate import EVALUATION_DEPTH
from ltr_plugin.pipelines.search import first_pass, resolve_ranking
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.masking import MASKED_IDS, MaskedRetrieval
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.rankers.training.folds import shuffled
from ltr_plugin.validation import decode

MAX_REMOVED_IDS = 65_536
"""Ids in one clause that a cluster accepts by default (`index.max_terms_count`)."""

BlindBaselines = Mapping[Modality, Mapping[str, Ranker]]
"""By modality, the rankers trained without it."""


def load_pushed_rankers(index: Index, folders: Sequence[str]) -> dict[str, Ranker]:
    """The rankers in these folders, by folder; InputError for no folder, or when the cluster does not have a ranker."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError("--ranker", f"{folder!r} is no folder of a trained ranker")
        resolve_ranking(index, folder)
    return {folder: load_ranker(Path(folder)) for folder in folders}


def train_blind_baselines(
    table: FeatureTable, rankers: Mapping[str, Ranker], *, progress: Progress = no_progress
) -> BlindBaselines:
    """Each ranker trained again with its settings, once without each modality that its features read.

    InputError when the table was logged for other features.
    """
    from ltr_plugin.rankers.trainers import get_trainer

    for name, ranker in rankers.items():
        if table.provenance.feature_set_digest != ranker.feature_set.digest:
            raise InputError(
                "--table", f"was logged for {table.provenance.feature_set_id}, not for the features of {name}"
            )
    blind_baselines: dict[Modality, dict[str, Ranker]] = {modality: {} for modality in MODALITIES}
    jobs = [(modality, name) for modality in MODALITIES for name in rankers]
    for done, (modality, name) in enumerate(jobs):
        progress(done, len(jobs))
        blind = mask_modality(table, modality)
        if not np.array_equal(blind.values, table.zero_filled):
            settings_type, train = get_trainer(rankers[name].kind)
            settings = {
                key: value for key, value in rankers[name].card.settings.items() if key in settings_type.model_fields
            }
            blind_baselines[modality][name] = train(blind, decode(settings_type, settings, source=name))
    return blind_baselines


def ablate(
    index: Index,
    encoded: Sequence[EncodedQuery],
    qrels: Qrels,
    rankers: Mapping[str, Ranker],
    *,
    blind_baselines: BlindBaselines | None = None,
    removed_fractions: Sequence[float] = REMOVED_FRACTIONS,
    seed: int = 7,
    progress: Progress = no_progress,
) -> Ablation:
    """The rankers measured with each modality removed: from the queries that have another one, and from each fraction
    of all products.

    The products of a smaller fraction are among those of a larger one. `blind_baselines` rank the same candidates
    without the modality. InputError when no query is judged, or the index has too many products to list their ids.
    """
    judged = [one for one in encoded if qrels.for_query(one.query.id)]
    if not judged:
        raise no_judged_query(qrels)
    shuffled_ids = shuffled(sorted(index.ids()), seed)
    if len(shuffled_ids) * max(removed_fractions, default=0) > MAX_REMOVED_IDS:
        raise InputError(
            "ltr ablate", f"{len(shuffled_ids):,} products are too many to list in a query; index a part of the catalog"
        )
    blind_baselines = blind_baselines or {}
    all_rankers = [*rankers.values(), *(one for blind in blind_baselines.values() for one in blind.values())]
    sets = {one.feature_set.digest: one.feature_set for one in all_rankers}
    for features in sets.values():
        push_features(index, features)
    retrieval, logs = index.retrieval(), _FeatureValues(index, sets)
    baseline_runs = _rank(rankers, logs, judged, _candidate_ids(index, judged, retrieval))
    removals = _removals(index, judged, removed_fractions)
    rows = []
    for done, removal in enumerate(removals):
        progress(done, len(removals))
        modality = removal.modality
        if removal.side == "query":
            affected: frozenset[str] = frozenset()
            affected_queries = [
                _drop_modality(index, one, modality) for one in judged if _keeps_another_modality(index, one, modality)
            ]
            own, candidate_ids = _FeatureValues(index, sets), _candidate_ids(index, affected_queries, retrieval)
        else:
            removed_ids = shuffled_ids[: round(removal.fraction * len(shuffled_ids))]
            affected, affected_queries, own = frozenset(removed_ids), judged, logs
            masked = MaskedRetrieval.from_retrieval(
                retrieval, _vector_names(index, modality), match_text=modality != "text"
            )
            candidate_ids = _candidate_ids(index, judged, masked, removed_ids)
        runs = _rank(rankers, own, affected_queries, candidate_ids, modality, affected)
        blind_runs = _rank(
            blind_baselines.get(modality, {}), own, affected_queries, candidate_ids, modality, blind=True
        )
        known = Qrels({one.query.id: qrels.for_query(one.query.id) for one in affected_queries})
        rows.append(evaluate_removal(removal, runs, baseline_runs, blind_runs, known))
    progress(len(removals), len(removals))
    return Ablation(index=index.name, judgments=qrels.digest, seed=seed, rankers=tuple(rankers), rows=tuple(rows))


class _FeatureValues:
    """Feature values of products for queries, each asked of the cluster once; 0 where a feature has no value."""

    def __init__(self, index: Index, sets: Mapping[str, FeatureSet]) -> None:
        self._index = index
        self._sets = sets
        self._rows: dict[str, dict[tuple[str, str], Floats]] = {digest: {} for digest in sets}

    def values(
        self, digest: str, encoded: Sequence[EncodedQuery], candidate_ids: Sequence[Sequence[str]]
    ) -> Iterator[Floats]:
        """For each query the values of the products that it is shown, (products, features)."""
        features, rows = self._sets[digest], self._rows[digest]
        unknown = (
            QueryProducts(one.query.id, one.params, [id_ for id_ in ids if (one.query.id, id_) not in rows])
            for one, ids in zip(encoded, candidate_ids, strict=True)
        )
        wanted = [pairs for pairs in unknown if pairs.products]
        fetched = fetch_features(self._index, features, wanted)
        for pairs, hits in zip(wanted, fetched, strict=True):
            for hit, row in zip(hits, feature_matrix(hits, features), strict=True):
                rows[pairs.query, hit.id] = row
        for one, ids in zip(encoded, candidate_ids, strict=True):
            table = [rows[one.query.id, id_] for id_ in ids]
            yield np.array(table, dtype=np.float32).reshape(-1, len(features.feature_names))


def _candidate_ids(
    index: Index, encoded: Sequence[EncodedQuery], retrieval: Retrieval, removed: Sequence[str] = ()
) -> list[list[str]]:
    """For each query the candidates in order of id, in which products of equal score stay.

    (The cluster leaves them in the order of the index, which also says nothing of the query.)
    """
    return [sorted(ids) for ids in first_pass(index, encoded, retrieval, params={MASKED_IDS: list(removed)})]


def _rank(
    rankers: Mapping[str, Ranker],
    logs: _FeatureValues,
    encoded: Sequence[EncodedQuery],
    candidate_ids: Sequence[Sequence[str]],
    modality: Modality = "text",
    affected: Collection[str] = (),
    *,
    blind: bool = False,
) -> dict[str, Run]:
    """What each ranker makes of the products that each query is shown, of which some have `affected` the modality.

    To a `blind` one it is as if no query and no product had it.
    """
    runs: dict[str, Run] = {}
    for name, ranker in rankers.items():
        modality_mask = ModalityMask(ranker.feature_set)
        run: dict[str, list[tuple[str, float]]] = {}
        values = logs.values(ranker.feature_set.digest, encoded, candidate_ids)
        for one, products, rows in zip(encoded, candidate_ids, values, strict=True):
            affected_rows = [position for position, id_ in enumerate(products) if blind or id_ in affected]
            rows[affected_rows] = drop_modality(modality_mask, rows[affected_rows], modality, query=blind, product=True)
            scores = ranker.predict(rows) if products else np.empty(0)
            best = np.argsort(-scores, kind="stable")[:EVALUATION_DEPTH]
            run[one.query.id] = [(products[position], float(scores[position])) for position in best]
        runs[name] = run
    return runs


def _removals(index: Index, encoded: Sequence[EncodedQuery], removed_fractions: Sequence[float]) -> list[Removal]:
    known = [name for name in MODALITIES if name == "text" or _vector_names(index, name)]
    removable = [name for name in known if any(_keeps_another_modality(index, one, name) for one in encoded)]
    queries = [Removal(side="query", modality=name) for name in removable]
    return queries + [
        Removal(side="product", modality=name, fraction=share) for name in known for share in removed_fractions
    ]


def _vector_names(index: Index, modality: Modality) -> frozenset[str]:
    """The fields with what is made of this modality."""
    return frozenset(vector.name for vector in index.vectors if vector.source == modality)


def _drop_modality(index: Index, encoded: EncodedQuery, modality: Modality) -> EncodedQuery:
    """The query with the parameters that it has without this modality."""
    removed_fields = _vector_names(index, modality)
    params = {name: value for name, value in encoded.params.items() if name not in removed_fields}
    if modality == "text":
        params["text"] = ""
    return EncodedQuery(encoded.query, params)


def _keeps_another_modality(index: Index, encoded: EncodedQuery, modality: Modality) -> bool:
    """Whether a query has this modality, and something else to ask with."""
    names = ("text", *(vector.name for vector in index.vectors))
    present = {name for name in names if encoded.params.get(name)}
    remaining = {name for name in names if _drop_modality(index, encoded, modality).params.get(name)}
    return bool(remaining) and remaining < present
