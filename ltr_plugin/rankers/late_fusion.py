"""Decision-level fusion: a ranker of its own for each modality, and their decisions combined afterwards."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import ExportError, InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import RankerCard, make_card, read_model
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.rankers.lambdamart import LambdaMARTRanker, LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import Bounds, LinearRanker, listwise, minimise, train_linear
from ltr_plugin.rankers.ranker import BaseRanker, Export, Scores
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.validation import StrictModel, decode

KIND = "late"
MODEL = "members.json"
RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

Member = LambdaMARTRanker | LinearRanker


class LateFusionSettings(StrictModel):
    """What the members are, and how they are combined.

    `sum` adds their scores, weighed as orders best the rows that a member was not trained on (stacking, Wolpert 1992);
    `rrf` adds 1 / (60 + rank), `borda` the number of products that each member ranks lower (Borda's count). Ranks depend
    on the other products of a query, which no model in the cluster can see, so only `sum` can be exported.
    """

    members: Literal["lambdamart", "linear"] = "lambdamart"
    combine: Literal["sum", "rrf", "borda"] = "sum"
    num_trees: Annotated[int, Field(ge=1)] = 200
    num_leaves: Annotated[int, Field(ge=2, le=4096)] = 7
    folds: Annotated[int, Field(ge=2)] = 3
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


@dataclass(frozen=True)
class LateFusionRanker(BaseRanker):
    """A ranker and its weight for each modality, and a card."""

    MODEL_FILE = MODEL

    combine: Literal["sum", "rrf", "borda"]
    members: Mapping[str, Member] = field(repr=False, compare=False)
    weights: Mapping[str, float]
    model: bytes = field(repr=False)

    def predict(self, values: Floats) -> Scores:
        """See Ranker. With `rrf` and `borda` the rows are one query's, and products that score alike share a rank."""
        total = np.zeros(len(values))
        for name, member in self.members.items():
            total += self.weights[name] * _member_scores(self.combine, member.predict(values))
        return total

    def export(self) -> Export:
        """See Ranker. Weighted sums of linear rankers or trees are one; ExportError for sums of ranks."""
        if self.combine != "sum":
            raise ExportError(
                f"{self.combine!r} combines ranks, and a model in the cluster sees one product at a time; "
                "combine by sum, or use this ranker outside the cluster"
            )
        if all(isinstance(member, LinearRanker) for member in self.members.values()):
            return Export("model/linear", self._summed_weights())
        trees: list[dict[str, Any]] = []
        for name, member in self.members.items():
            if isinstance(member, LambdaMARTRanker) and self.weights[name]:
                dump = member.booster.dump_model()
                trees += export_trees(dump, self.feature_set.feature_names, weight=self.weights[name])
        return Export("model/xgboost+json", trees)

    def _summed_weights(self) -> dict[str, float]:
        summed = dict.fromkeys(self.feature_set.feature_names, 0.0)
        for name, member in self.members.items():
            for feature, weight in member.weights.items() if isinstance(member, LinearRanker) else ():
                summed[feature] += self.weights[name] * weight
        return summed

    def serialize(self) -> bytes:
        """See CardedRanker."""
        return self.model

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when it is none or is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        try:
            stated = decode(_MembersFile, json.loads(model), source=str(folder / MODEL))
        except ValueError as error:
            raise InputError(str(folder / MODEL), f"no JSON: {error}") from None
        try:
            members = {name: _load_member(card, saved) for name, saved in stated.members.items()}
        except ValueError as error:
            raise InputError(str(folder / MODEL), str(error)) from None
        return cls(card, stated.combine, members, stated.weights, model)


class _MembersFile(StrictModel):
    """The model file: LightGBM's text or the weights of each member."""

    combine: Literal["sum", "rrf", "borda"]
    members: dict[str, str | dict[str, FiniteFloat]]
    weights: dict[str, FiniteFloat]


def train_late_fusion(
    table: FeatureTable, settings: LateFusionSettings | None = None, *, progress: Progress = no_progress
) -> LateFusionRanker:
    """A ranker for each modality, and how much each counts.

    A member reads its own modality's features and the query's; `behaviour` has a member too. InputError as for
    LambdaMART. `progress` hears how many members are trained.
    """
    settings = settings or LateFusionSettings()
    features, rows = table.feature_set, TrainingRows.of(table)
    modalities: list[str] = list(dict.fromkeys(feature.modality for feature in features.features))
    views = {name: view for name in modalities if (view := _modality_view(table, features, name))}
    if not views:
        raise InputError("feature table", "no modality's features differ from row to row; log it again")
    stacked = settings.combine == "sum" and len(views) > 1 and len(rows.queries) > 1
    folds = folds_by_query(rows.queries, min(settings.folds, len(rows.queries)), settings.seed) if stacked else []
    done = count(1)

    def train(view: FeatureTable) -> Member:
        member = _train_member(view, settings)
        progress(next(done), len(views) * (1 + len(folds)))
        return member

    members = {name: train(view) for name, view in views.items()}
    weights = _stacking_weights(rows, views, folds, train) if stacked else dict.fromkeys(views, 1.0)
    texts = {
        name: member.model if isinstance(member, LambdaMARTRanker) else member.weights
        for name, member in members.items()
    }
    saved = _MembersFile(combine=settings.combine, members=texts, weights=weights)
    model = (saved.model_dump_json(indent=2) + "\n").encode()
    card = make_card(
        KIND,
        table,
        model,
        queries=len(rows.queries),
        rows=len(rows),
        settings=settings.model_dump(),
        results={f"weight_{name}": weight for name, weight in weights.items()},
        importance=_importance(members, weights, rows),
        notes=rows.notes,
        libraries=("lightgbm", "scipy"),
    )
    return LateFusionRanker(card, settings.combine, members, weights, model)


def _modality_view(table: FeatureTable, features: FeatureSet, modality: str) -> FeatureTable | None:
    """The table as a modality's member sees it, other features 0; None when it could not tell any rows apart."""
    own = np.array([feature.modality == modality for feature in features.features])
    if modality == "query" or not np.ptp(table.zero_filled[:, own], axis=0).any():
        return None
    seen = own | np.array([feature.modality == "query" for feature in features.features])
    return replace(table, values=np.where(seen, table.values, np.float32(0)))


def _train_member(view: FeatureTable, settings: LateFusionSettings) -> Member:
    if settings.members == "linear":
        return train_linear(view)
    return train_lambdamart(
        view, LambdaMARTSettings(num_trees=settings.num_trees, num_leaves=settings.num_leaves, early_stopping_rounds=50)
    )


def _stacking_weights(
    rows: TrainingRows,
    views: Mapping[str, FeatureTable],
    folds: Sequence[frozenset[str]],
    train: Callable[[FeatureTable], Member],
) -> dict[str, float]:
    """The members' weights that order best what they were not trained on; none is less than 0."""
    outside = np.zeros((len(rows), len(views)))
    for fold in folds:
        held = np.array([query in fold for query in rows.queries])[rows.query_of_row]
        for place, view in enumerate(views.values()):
            member = train(view.for_queries(set(rows.queries) - fold))
            outside[held, place] = member.predict(rows.values[held])
    std = outside.std(axis=0)
    std[std == 0] = 1.0
    bounds: list[Bounds] = [(0.0, None)] * len(views)
    found = minimise(listwise(rows), (outside - outside.mean(axis=0)) / std, 1e-3, bounds, 500)
    return dict(zip(views, map(float, found.coefficients / std), strict=True))


def _member_scores(combine: str, scores: Scores) -> Scores:
    """What a member says of the products of one query."""
    if combine == "sum":
        return scores
    from scipy.stats import rankdata

    ranks: Scores = rankdata(-scores)
    return 1 / (RRF_K + ranks) if combine == "rrf" else len(scores) - ranks


def _importance(members: Mapping[str, Member], weights: Mapping[str, float], rows: TrainingRows) -> dict[str, float]:
    """Each feature's share of its member's importance, times the spread of what the member adds to the score."""
    total: dict[str, float] = {}
    for name, member in members.items():
        whole = sum(member.card.importance.values()) or 1.0
        moved = weights[name] * float(member.predict(rows.values).std())
        for feature, importance in member.card.importance.items():
            total[feature] = total.get(feature, 0.0) + moved * importance / whole
    return total


def _load_member(card: RankerCard, saved: str | dict[str, float]) -> Member:
    if isinstance(saved, dict):
        return LinearRanker(card, saved)
    return LambdaMARTRanker.from_text(card, saved)
