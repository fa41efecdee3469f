"""XGBoost with its objective `rank:ndcg` (Chen and Guestrin, KDD 2016); the plugin reads its trees as they are."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.extras import require_module
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import make_card, read_model
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.ranker import BaseRanker, Scores
from ltr_plugin.rankers.training.early_stopping import (
    StoppingPoint,
    early_stopping,
    make_validation_folds,
    mean_curve,
)
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.rankers.training.settings import BoostingSettings

if TYPE_CHECKING:
    import xgboost as xgb

KIND = "xgboost"
MODEL = "model.json"
SMOOTHING_WINDOW = 25
"""Number of trees over which the validation curve is averaged."""


class XGBoostSettings(BoostingSettings):
    """Settings of XGBoost, with XGBoost's names. The defaults suit a few hundred queries."""

    max_depth: int = Field(default=4, ge=1, le=16, description="Maximum depth of a tree.")
    min_child_weight: FiniteFloat = Field(
        default=1.0, ge=0, description="Minimum sum of the Hessian in a child; a higher value makes simpler trees."
    )
    colsample_bytree: FiniteFloat = Field(
        default=0.8, gt=0, le=1, description="Share of the features that each tree may use."
    )
    subsample: FiniteFloat = Field(
        default=0.8, gt=0, le=1, description="Share of the products that each tree is grown on."
    )
    reg_lambda: FiniteFloat = Field(default=1.0, ge=0, description="L2 regularisation of the leaf values.")


@dataclass(frozen=True)
class XGBoostRanker(BaseRanker):
    """An XGBoost model and its card."""

    MODEL_FILE = MODEL

    model: bytes = field(repr=False)
    booster: "xgb.Booster" = field(repr=False, compare=False)

    def predict(self, values: Floats) -> Scores:
        """XGBoost's float32 scores as float64 (rows,), of float32 `values` (rows, features); NaN counts as 0."""
        zero_filled = zero_fill(values)
        if not len(zero_filled):
            return np.empty(0)
        import xgboost as xgb

        matrix = xgb.DMatrix(zero_filled, feature_names=list(self.feature_set.feature_names), nthread=1)
        return np.asarray(self.booster.predict(matrix, output_margin=True), dtype=np.float64)

    def export(self) -> Export:
        """XGBoost's own JSON dump, which is complete since the base score is 0 and no feature is missing."""
        return Export.of_trees([json.loads(tree) for tree in self.booster.get_dump(dump_format="json")])

    def serialize(self) -> bytes:
        """XGBoost's model file (JSON)."""
        return self.model

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when there is none of this kind, or it is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        require_module("xgboost", "an XGBoost ranker")
        import xgboost as xgb

        try:
            booster = xgb.Booster(model_file=bytearray(model))
        except xgb.core.XGBoostError as error:
            raise InputError(str(folder / MODEL), f"is not an XGBoost model: {error}") from None
        if tuple(booster.feature_names or ()) != card.feature_set.feature_names:
            raise InputError(
                str(folder / MODEL), f"reads other features than its feature set {card.feature_set_id!r} has"
            )
        return cls(card, model, booster)


def train_xgboost(
    table: FeatureTable, settings: XGBoostSettings | None = None, *, progress: Progress = no_progress
) -> XGBoostRanker:
    """A ranker trained on the grades of `table`.

    `progress` counts the trees that are tried to find the best number of them. InputError when the grades do not allow
    training; LtrError when XGBoost is not installed.
    """
    require_module("xgboost", "an XGBoost ranker")
    import xgboost as xgb

    settings = settings or XGBoostSettings()
    rows = TrainingRows.of(table)
    params = _params(settings, table.feature_set.monotone_constraints)
    stop = _stopping_point(rows, table.feature_names, params, settings, progress)
    final = rows.for_queries(stop.training_queries(rows.queries, refit=settings.refit))
    booster = xgb.train(params, _matrix(final, table.feature_names), num_boost_round=stop.steps)
    model = bytes(booster.save_raw("json"))
    gain = booster.get_score(importance_type="total_gain")
    card = make_card(
        KIND,
        table,
        model,
        queries=len(final.queries),
        rows=len(final),
        settings=settings.model_dump(),
        results=stop.results("trees"),
        importance={name: float(np.sum(gain.get(name, 0.0))) for name in table.feature_names},
        notes=(*rows.notes, *stop.notes("trees")),
        libraries=("xgboost-cpu",),
    )
    return XGBoostRanker(card, model, booster)


def _stopping_point(
    rows: TrainingRows,
    names: tuple[str, ...],
    params: dict[str, Any],
    settings: XGBoostSettings,
    progress: Progress,
) -> StoppingPoint:
    """The number of trees with the best NDCG@10 on held-out queries."""
    if len(rows.queries) == 1:
        return StoppingPoint(min(settings.num_trees, settings.num_trees_without_validation))
    validation_folds = make_validation_folds(rows.queries, settings)
    best, ndcg = early_stopping(
        mean_curve(
            [_validation_curve(rows, names, params, fold) for fold in validation_folds],
            list(map(len, validation_folds)),
        ),
        max_steps=settings.num_trees,
        patience=settings.early_stopping_rounds,
        window=SMOOTHING_WINDOW,
        progress=progress,
    )
    return StoppingPoint(best, ndcg, validation_folds)


def _validation_curve(
    rows: TrainingRows, names: tuple[str, ...], params: dict[str, Any], held_out: Collection[str]
) -> Iterator[float]:
    """NDCG@10 on the held-out queries after each tree that is grown on the other queries."""
    import xgboost as xgb

    training = _matrix(rows.for_queries(set(rows.queries) - set(held_out)), names)
    validation = _matrix(rows.for_queries(held_out), names)
    booster = xgb.Booster(params, [training, validation])
    for number in count():
        booster.update(training, number)
        yield float(booster.eval_set([(validation, "validation")], number).rpartition(":")[2])


def _matrix(rows: TrainingRows, names: tuple[str, ...]) -> "xgb.DMatrix":
    import xgboost as xgb

    return xgb.DMatrix(rows.values, rows.grades, group=rows.sizes, feature_names=list(names), nthread=1)


def _params(settings: XGBoostSettings, monotone_constraints: tuple[int, ...]) -> dict[str, Any]:
    return {
        "objective": "rank:ndcg",
        "eval_metric": "ndcg@10",
        "base_score": 0.0,
        "tree_method": "hist",
        "learning_rate": settings.learning_rate,
        "max_depth": settings.max_depth,
        "min_child_weight": settings.min_child_weight,
        "colsample_bytree": settings.colsample_bytree,
        "subsample": settings.subsample,
        "lambda": settings.reg_lambda,
        "monotone_constraints": monotone_constraints,
        "nthread": settings.num_threads,
        "seed": settings.seed,
        "verbosity": 0,
    }
