"""Late fusion: one ranker for each modality, and a combination of their scores or ranks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import ExportError, InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import RankerCard, make_card, read_model
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.rankers.lambdamart import LambdaMARTRanker, LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import Bounds, LinearRanker, listwise, minimise, train_linear
from ltr_plugin.rankers.ranker import BaseRanker, Scores
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.validation import StrictModel, decode, parse_json

KIND = "late"
MODEL = "members.json"
RRF_K = 60
"""The constant k of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)."""

Member = LambdaMARTRanker | LinearRanker


class LateFusionSettings(StrictModel):
    """Settings of late fusion.

    `sum` weights the members' scores so that they order best the rows that the members were not trained on (stacking,
    Wolpert 1992). `rrf` is reciprocal rank fusion: the sum of 1 / (60 + rank). `borda` is Borda's count: the sum of the
    numbers of products that each member ranks lower. A rank depends on the other products of the query, and a model in
    the cluster sees one product at a time, so only `sum` can be exported.
    """

    members: Literal["lambdamart", "linear"] = Field(
        default="lambdamart", description="Kind of the ranker of each modality."
    )
    combine: Literal["sum", "rrf", "borda"] = Field(
        default="sum", description="How scores are combined; rrf and borda combine ranks and cannot run in the cluster."
    )
    num_trees: int = Field(default=200, ge=1, description="Maximum number of trees of each member of kind lambdamart.")
    num_leaves: int = Field(
        default=7, ge=2, le=4096, description="Maximum number of leaves of a tree of each member of kind lambdamart."
    )
    folds: int = Field(default=3, ge=2, description="Number of folds that train the weights of the members' scores.")
    seed: int = Field(default=7, ge=0, lt=2**31, description="Random seed of the folds.")


@dataclass(frozen=True)
class LateFusionRanker(BaseRanker):
    """A member ranker and a weight for each modality, and a card."""

    MODEL_FILE = MODEL

    combine: Literal["sum", "rrf", "borda"]
    members: Mapping[str, Member] = field(repr=False, compare=False)
    weights: Mapping[str, float]
    model: bytes = field(repr=False)

    def predict(self, values: Floats) -> Scores:
        """The combined scores, float64 (rows,), of the rows of one query; products with equal scores share a rank."""
        total = np.zeros(len(values))
        for name, member in self.members.items():
            total += self.weights[name] * _member_scores(self.combine, member.predict(values))
        return total

    def export(self) -> Export:
        """One linear model, or the trees of all members with weighted leaves; ExportError for combinations of ranks."""
        if self.combine != "sum":
            raise ExportError(
                f"{self.combine!r} combines ranks, but a model in the cluster sees one product at a time; "
                "train with combine=sum, or use this ranker outside the cluster"
            )
        if all(isinstance(member, LinearRanker) for member in self.members.values()):
            return Export.of_sum(self._summed_weights(), prefix=self.kind)
        trees: list[dict[str, Any]] = []
        for name, member in self.members.items():
            if isinstance(member, LambdaMARTRanker) and self.weights[name]:
                dump = member.booster.dump_model()
                trees += export_trees(dump, self.feature_set.feature_names, weight=self.weights[name])
        return Export.of_trees(trees)

    def _summed_weights(self) -> dict[str, float]:
        summed = dict.fromkeys(self.feature_set.feature_names, 0.0)
        for name, member in self.members.items():
            for feature, weight in member.weights.items() if isinstance(member, LinearRanker) else ():
                summed[feature] += self.weights[name] * weight
        return summed

    def serialize(self) -> bytes:
        """The members' models and weights as JSON."""
        return self.model

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when there is none of this kind, or it is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        source = str(folder / MODEL)
        saved = decode(_MembersFile, parse_json(model, source=source), source=source)
        try:
            members = {name: _load_member(card, member) for name, member in saved.members.items()}
        except ValueError as error:
            raise InputError(source, str(error)) from None
        return cls(card, saved.combine, members, saved.weights, model)


class _MembersFile(StrictModel):
    """The model file; a member is the text of a LightGBM model, or the weights of a linear ranker."""

    combine: Literal["sum", "rrf", "borda"]
    members: dict[str, str | dict[str, FiniteFloat]]
    weights: dict[str, FiniteFloat]


def train_late_fusion(
    table: FeatureTable, settings: LateFusionSettings | None = None, *, progress: Progress = no_progress
) -> LateFusionRanker:
    """A ranker made of one member for each modality of the feature set, `behaviour` included.

    A member reads the features of its modality and those of the query. `progress` counts the members that are trained.
    InputError when the grades do not allow training.
    """
    settings = settings or LateFusionSettings()
    features, rows = table.feature_set, TrainingRows.of(table)
    modalities: list[str] = list(dict.fromkeys(feature.modality for feature in features.features))
    views = {name: view for name in modalities if (view := _modality_view(table, features, name))}
    if not views:
        raise InputError("feature table", "all features of every modality are constant; log the features again")
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
    """The table with the features of other modalities as 0; None when all features of this modality are constant."""
    own = np.array([feature.modality == modality for feature in features.features])
    if modality == "query" or not np.ptp(table.zero_filled[:, own], axis=0).any():
        return None
    visible = own | np.array([feature.modality == "query" for feature in features.features])
    return replace(table, values=np.where(visible, table.values, np.float32(0)))


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
    """The non-negative weights with which the members' scores best order rows that no member was trained on."""
    scores = np.zeros((len(rows), len(views)))
    for fold in folds:
        held_out = rows.mask(fold)
        for column, view in enumerate(views.values()):
            member = train(view.for_queries(set(rows.queries) - fold))
            scores[held_out, column] = member.predict(rows.values[held_out])
    std = scores.std(axis=0)
    std[std == 0] = 1.0
    bounds: list[Bounds] = [(0.0, None)] * len(views)
    minimum = minimise(listwise(rows), (scores - scores.mean(axis=0)) / std, 1e-3, bounds, 500)
    return dict(zip(views, map(float, minimum.coefficients / std), strict=True))


def _member_scores(combine: str, scores: Scores) -> Scores:
    """The scores of one query's products as they are added up: as they are, as reciprocal ranks or as Borda counts."""
    if combine == "sum":
        return scores
    from scipy.stats import rankdata

    ranks: Scores = rankdata(-scores)
    return 1 / (RRF_K + ranks) if combine == "rrf" else len(scores) - ranks


def _importance(members: Mapping[str, Member], weights: Mapping[str, float], rows: TrainingRows) -> dict[str, float]:
    """A feature's share of its member's importance, times the standard deviation of the member's weighted scores."""
    total: dict[str, float] = {}
    for name, member in members.items():
        whole = sum(member.card.importance.values()) or 1.0
        std = weights[name] * float(member.predict(rows.values).std())
        for feature, importance in member.card.importance.items():
            total[feature] = total.get(feature, 0.0) + std * importance / whole
    return total


def _load_member(card: RankerCard, saved: str | dict[str, float]) -> Member:
    if isinstance(saved, dict):
        return LinearRanker(card, saved)
    return LambdaMARTRanker.from_text(card, saved)
