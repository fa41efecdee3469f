"""Rankers where a modality is missing: what the cluster finds and logs then, ranked by the rankers that it has.

Queries lose a modality for good: they are searched and logged with the parameters that they would have without it. Of
products, the first pass is the cluster's own, with those that lose the modality kept from every clause that would find
them by it, so that one found in no other way is gone and the next ones move up. The features of what is found are
logged once; those that lose something are computed again here, as if the product had no such field. What the words of
the others weigh stays as it was (a shorter index would count them anew).

The scores are computed here too, by the rankers that `ltr push` proved to score as the cluster does.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.cluster.feature_log import LOG, Pairs, log_features
from ltr_plugin.cluster.ltr_api import log_name
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.cluster.search import search_many
from ltr_plugin.decoding import decode
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.ablation import SHARES, Ablation, Removal, ablated, taken, without_modality
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import flag_of
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.asking import Asked
from ltr_plugin.pipelines.logging import push_features
from ltr_plugin.pipelines.ranking import DEPTH, ranking_named
from ltr_plugin.progress import Progress, silent
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, search_template
from ltr_plugin.queries.thinning import REMOVED, Thinned
from ltr_plugin.rankers.folds import shuffled
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.modalities import Gaps
from ltr_plugin.rankers.ranker import Ranker

MOST_REMOVED = 65_536
"""Ids that a cluster takes in one clause, unless it is told otherwise."""

Rivals = Mapping[Modality, Mapping[str, Ranker]]
"""Rankers trained without a modality."""


def pushed_rankers(index: ProductIndex, folders: Sequence[str]) -> dict[str, Ranker]:
    """The rankers in these folders; InputError when one is no folder, or the cluster does not have it."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError("--ranker", f"{folder!r} is no folder of a trained ranker")
        ranking_named(index, folder)
    return {folder: load_ranker(Path(folder)) for folder in folders}


def train_rivals(table: FeatureTable, rankers: Mapping[str, Ranker], *, progress: Progress = silent) -> Rivals:
    """Each ranker trained again, of its kind and with its settings, without each modality that its features know.

    InputError when the table was logged for other features.
    """
    from ltr_plugin.rankers.trainers import trainer_of

    for name, ranker in rankers.items():
        if table.origin.feature_set_digest != ranker.feature_set.digest:
            raise InputError("--table", f"was logged for {table.origin.feature_set_id}, not for the features of {name}")
    rivals: dict[Modality, dict[str, Ranker]] = {modality: {} for modality in MODALITIES}
    jobs = [(modality, name) for modality in MODALITIES for name in rankers]
    for done, (modality, name) in enumerate(jobs):
        progress(done, len(jobs))
        blind = without_modality(table, modality)
        if not np.array_equal(blind.values, table.total):
            form, train = trainer_of(rankers[name].kind)
            settings = {key: value for key, value in rankers[name].card.settings.items() if key in form.model_fields}
            rivals[modality][name] = train(blind, decode(form, settings, source=name))
    return rivals


def ablate(
    index: ProductIndex,
    asked: Sequence[Asked],
    qrels: Qrels,
    rankers: Mapping[str, Ranker],
    *,
    rivals: Rivals | None = None,
    shares: Sequence[float] = SHARES,
    seed: int = 7,
    progress: Progress = silent,
) -> Ablation:
    """The matrix: each modality taken from the queries that have another, and from each share of all products.

    The products of a smaller share are among those of a larger one. Rivals are shown the same products as the rankers,
    without the modality. InputError when no query is judged, or the index is too large to name its products.
    """
    judged = [one for one in asked if qrels.of(one.query.id)]
    if not judged:
        raise InputError("judgments", "they judge none of these queries; are the ids the same in both files?")
    order = shuffled(index.ids(), seed)
    if len(order) * max(shares, default=0) > MOST_REMOVED:
        raise InputError("ltr ablate", f"{len(order):,} products are too many to name; index a part of the catalog")
    rivals = rivals or {}
    everyone = [*rankers.values(), *(one for known in rivals.values() for one in known.values())]
    sets = {one.feature_set.digest: one.feature_set for one in everyone}
    for features in sets.values():
        push_features(index, features)
    plain, logs = Retrieval.of(index.vectors), _Logs(index, sets)
    before = _ranked(rankers, logs, judged, _found(index, judged, plain))
    removals = _removals(index, judged, shares)
    rows = []
    for done, removal in enumerate(removals):
        progress(done, len(removals))
        modality = removal.modality
        if removal.side == "query":
            lost: frozenset[str] = frozenset()
            now = [_without(index, one, modality) for one in judged if _spares(index, one, modality)]
            own, shown = _Logs(index, sets), _found(index, now, plain)
        else:
            gone = order[: round(removal.share * len(order))]
            lost, now, own = frozenset(gone), judged, logs
            thinned = Thinned.from_whole(plain, _vectors(index, modality), text=modality != "text")
            shown = _found(index, judged, thinned, gone)
        runs = _ranked(rankers, own, now, shown, modality, lost)
        others = _ranked(rivals.get(modality, {}), own, now, shown, modality, blind=True)
        known = Qrels({one.query.id: qrels.of(one.query.id) for one in now})
        rows.append(ablated(removal, runs, before, others, known))
    progress(len(removals), len(removals))
    return Ablation(index=index.name, judgments=qrels.digest, seed=seed, rankers=tuple(rankers), rows=tuple(rows))


class _Logs:
    """Feature values of products for queries, each asked of the cluster once; 0 where a feature has no value."""

    def __init__(self, index: ProductIndex, sets: Mapping[str, FeatureSet]) -> None:
        self._index = index
        self._sets = sets
        self._rows: dict[str, dict[tuple[str, str], list[float]]] = {digest: {} for digest in sets}

    def values(self, digest: str, asked: Sequence[Asked], shown: Sequence[Sequence[str]]) -> Iterator[Floats]:
        """For each query the values of the products that it is shown, (products, features)."""
        features, rows = self._sets[digest], self._rows[digest]
        unknown = (
            Pairs(one.query.id, one.params, [id_ for id_ in ids if (one.query.id, id_) not in rows])
            for one, ids in zip(asked, shown, strict=True)
        )
        wanted = [pairs for pairs in unknown if pairs.products]
        found = log_features(self._index.cluster, self._index.name, log_name(features), wanted)
        for pairs, hits in zip(wanted, found, strict=True):
            for hit in hits:
                rows[pairs.query, hit.id] = [hit.features[LOG][name] or 0.0 for name in features.names]
        for one, ids in zip(asked, shown, strict=True):
            table = [rows[one.query.id, id_] for id_ in ids]
            yield np.array(table, dtype=np.float32).reshape(-1, len(features.names))


def _found(
    index: ProductIndex, asked: Sequence[Asked], first_pass: Retrieval, removed: Sequence[str] = ()
) -> list[list[str]]:
    """For each query the products that a ranker is shown, in order of id: what it scores alike stays in that order.

    (The cluster leaves them in the order of the index, which also says nothing of the query.)
    """
    template = {"source": search_template(first_pass, Ranking("first pass"))}
    more = {REMOVED: list(removed), "size": first_pass.window}
    searches = ((template, {**one.params, **more}) for one in asked)
    return [sorted(hit.id for hit in hits) for hits in search_many(index.cluster, index.name, searches)]


def _ranked(
    rankers: Mapping[str, Ranker],
    logs: _Logs,
    asked: Sequence[Asked],
    shown: Sequence[Sequence[str]],
    modality: Modality = "text",
    lost: Collection[str] = (),
    *,
    blind: bool = False,
) -> dict[str, Run]:
    """What each ranker makes of the products that each query is shown, of which some have `lost` the modality.

    To a `blind` one it is as if no query and no product had it.
    """
    runs: dict[str, Run] = {}
    for name, ranker in rankers.items():
        gaps = Gaps(ranker.feature_set)
        run: dict[str, list[tuple[str, float]]] = {}
        values = logs.values(ranker.feature_set.digest, asked, shown)
        for one, products, rows in zip(asked, shown, values, strict=True):
            less = [place for place, id_ in enumerate(products) if blind or id_ in lost]
            rows[less] = taken(gaps, rows[less], modality, query=blind, product=True)
            scores = ranker.predict(rows) if products else np.empty(0)
            best = np.argsort(-scores, kind="stable")[:DEPTH]
            run[one.query.id] = [(products[place], float(scores[place])) for place in best]
        runs[name] = run
    return runs


def _removals(index: ProductIndex, asked: Sequence[Asked], shares: Sequence[float]) -> list[Removal]:
    known = [name for name in MODALITIES if name == "text" or _vectors(index, name)]
    spared = [name for name in known if any(_spares(index, one, name) for one in asked)]
    queries = [Removal(side="query", modality=name) for name in spared]
    return queries + [Removal(side="product", modality=name, share=share) for name in known for share in shares]


def _vectors(index: ProductIndex, modality: Modality) -> frozenset[str]:
    """The fields with what is made of this modality."""
    return frozenset(vector.name for vector in index.vectors if vector.source == modality)


def _without(index: ProductIndex, asked: Asked, modality: Modality) -> Asked:
    """The query with the parameters that it has without this modality."""
    gone = _vectors(index, modality)
    params = {name: value for name, value in asked.params.items() if name not in gone}
    params |= {flag_of(name): False for name in gone}
    if modality == "text":
        params |= {"text": "", flag_of("text"): False}
    return Asked(asked.query, params)


def _spares(index: ProductIndex, asked: Asked, modality: Modality) -> bool:
    """Whether a query has this modality, and something else to ask with."""
    flags = {flag_of(name) for name in ("text", *(vector.name for vector in index.vectors))}
    brought = {flag for flag in flags if asked.params.get(flag)}
    left = {flag for flag in flags if _without(index, asked, modality).params.get(flag)}
    return bool(left) and left < brought
