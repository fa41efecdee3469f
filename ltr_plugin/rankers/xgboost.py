"""XGBoost's `rank:ndcg` trees (Chen and Guestrin, XGBoost, KDD 2016), which the plugin walks as they are."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.extras import require_module
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import make_card, read_model
from ltr_plugin.rankers.ranker import BaseRanker, Export, Scores
from ltr_plugin.rankers.training.early_stopping import early_stopping, make_validation_folds, mean_curve
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.validation import StrictModel

if TYPE_CHECKING:
    import xgboost as xgb

KIND = "xgboost"
MODEL = "model.json"
SMOOTHING_WINDOW = 25
"""Numbers of trees over which a validation curve is smoothed."""

Fraction = Annotated[FiniteFloat, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class XGBoostSettings(StrictModel):
    """How to boost; `validation_fraction`, `folds` and `refit` as for LambdaMART."""

    num_trees: Count = 500
    early_stopping_rounds: Count = 100
    num_trees_without_validation: Count = 50
    learning_rate: Fraction = 0.05
    max_depth: Annotated[int, Field(ge=1, le=16)] = 4
    min_child_weight: Annotated[FiniteFloat, Field(ge=0)] = 1.0
    feature_fraction: Fraction = 0.8
    subsample: Fraction = 0.8
    lambda_l2: Annotated[FiniteFloat, Field(ge=0)] = 1.0
    validation_fraction: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=0)] = 0
    refit: bool = True
    num_threads: Count = 1
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


@dataclass(frozen=True)
class XGBoostRanker(BaseRanker):
    """An XGBoost ranker and its card."""

    MODEL_FILE = MODEL

    model: bytes = field(repr=False)
    booster: "xgb.Booster" = field(repr=False, compare=False)

    def predict(self, values: Floats) -> Scores:
        """See Ranker. XGBoost's float32 sums."""
        zero_filled = zero_fill(values)
        if not len(zero_filled):
            return np.empty(0)
        import xgboost as xgb

        matrix = xgb.DMatrix(zero_filled, feature_names=list(self.feature_set.feature_names), nthread=1)
        return np.asarray(self.booster.predict(matrix, output_margin=True), dtype=np.float64)

    def export(self) -> Export:
        """See Ranker. XGBoost's own dump; its starting score is 0, and total features leave nothing missing."""
        return Export("model/xgboost+json", [json.loads(tree) for tree in self.booster.get_dump(dump_format="json")])

    def serialize(self) -> bytes:
        """See CardedRanker."""
        return self.model

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when it is none or is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        require_module("xgboost", "an XGBoost ranker")
        import xgboost as xgb

        try:
            booster = xgb.Booster(model_file=bytearray(model))
        except xgb.core.XGBoostError as error:
            raise InputError(str(folder / MODEL), f"no XGBoost model: {error}") from None
        if tuple(booster.feature_names or ()) != card.feature_set.feature_names:
            raise InputError(str(folder / MODEL), f"reads other features than its set {card.feature_set_id!r}")
        return cls(card, model, booster)


def train_xgboost(
    table: FeatureTable, settings: XGBoostSettings | None = None, *, progress: Progress = no_progress
) -> XGBoostRanker:
    """A ranker trained on `table`, with missing values as 0; InputError as for LambdaMART; LtrError without XGBoost."""
    require_module("xgboost", "an XGBoost ranker")
    import xgboost as xgb

    settings = settings or XGBoostSettings()
    rows = TrainingRows.of(table)
    params = _params(settings, table.feature_set.monotone_constraints)
    everything = set(rows.queries)
    if len(everything) > 1:
        validation_folds = make_validation_folds(
            rows.queries, settings.validation_fraction, settings.folds, settings.seed
        )
        curve = mean_curve(
            [_curve(rows, table.feature_names, params, fold) for fold in validation_folds],
            list(map(len, validation_folds)),
        )
        best, ndcg = early_stopping(
            curve,
            max_steps=settings.num_trees,
            patience=settings.early_stopping_rounds,
            window=SMOOTHING_WINDOW,
            progress=progress,
        )
        notes = rows.notes
    else:
        validation_folds, best, ndcg = [], min(settings.num_trees, settings.num_trees_without_validation), None
        notes = (*rows.notes, f"one query only: nothing to validate on, so {best} trees")
    fitted = rows if settings.refit or not validation_folds else rows.for_queries(everything - validation_folds[0])
    booster = xgb.train(params, _matrix(fitted, table.feature_names), num_boost_round=best)
    model = bytes(booster.save_raw("json"))
    gain = booster.get_score(importance_type="total_gain")
    card = make_card(
        KIND,
        table,
        model,
        queries=len(fitted.queries),
        rows=len(fitted),
        settings=settings.model_dump(),
        results={"trees": best, "validation_ndcg@10": ndcg, "validation_queries": sum(map(len, validation_folds))},
        importance={name: float(np.sum(gain.get(name, 0.0))) for name in table.feature_names},
        notes=notes,
        libraries=("xgboost-cpu",),
    )
    return XGBoostRanker(card, model, booster)


def _curve(
    rows: TrainingRows, names: tuple[str, ...], params: dict[str, Any], outside: Collection[str]
) -> Iterator[float]:
    """NDCG@10 of the queries held out, after each tree on the others."""
    import xgboost as xgb

    inside = _matrix(rows.for_queries(set(rows.queries) - set(outside)), names)
    held = _matrix(rows.for_queries(outside), names)
    booster = xgb.Booster(params, [inside, held])
    for number in count():
        booster.update(inside, number)
        yield float(booster.eval_set([(held, "held")], number).rpartition(":")[2])


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
        "colsample_bytree": settings.feature_fraction,
        "subsample": settings.subsample,
        "lambda": settings.lambda_l2,
        "monotone_constraints": monotone_constraints,
        "nthread": settings.num_threads,
        "seed": settings.seed,
        "verbosity": 0,
    }
