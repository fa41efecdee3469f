"""LambdaMART by LightGBM: boosted trees for NDCG (Burges, From RankNet to LambdaRank to LambdaMART, 2010)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import RankerCard, make_card, read_model
from ltr_plugin.rankers.distillation import DistillationObjective, distillation_targets, teacher_metadata
from ltr_plugin.rankers.export.exported_model import Export
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.rankers.ranker import BaseRanker, Ranker, Scores
from ltr_plugin.rankers.training.early_stopping import StoppingPoint, best_step, make_validation_folds
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.rankers.training.settings import NEGATIVE_WEIGHT, BoostingSettings

if TYPE_CHECKING:
    import lightgbm as lgb

KIND = "lambdamart"
MODEL = "model.txt"
VALIDATION_MEASURE = "ndcg@10"
MAX_ROWS_PER_QUERY = 10_000
"""The largest group that LightGBM's lambdarank objective accepts."""
MIN_BAGGING_QUERIES = 10
"""With fewer queries there is no bagging: a sample of two queries can be empty, and its tree then learns nothing."""
SMOOTHING_WINDOW = 25
"""Number of trees over which the validation curve is averaged."""


class LambdaMARTSettings(BoostingSettings):
    """Settings of LambdaMART, with LightGBM's names. The defaults suit a few hundred queries.

    The number of trees is the one with the best mean NDCG@10 on held-out queries, at most `num_trees`. With one thread,
    the same rows and settings give the same model, bit for bit; with more, LightGBM adds in an order that changes from
    run to run, even with its `deterministic` parameter.
    """

    num_leaves: int = Field(default=15, ge=2, le=4096, description="Maximum number of leaves of a tree.")
    min_data_in_leaf: int = Field(default=10, ge=1, description="Minimum number of products in a leaf.")
    feature_fraction: FiniteFloat = Field(
        default=0.8, gt=0, le=1, description="Share of the features that each tree may use."
    )
    bagging_fraction: FiniteFloat = Field(
        default=0.8, gt=0, le=1, description="Share of the queries that each tree is grown on."
    )
    lambda_l2: FiniteFloat = Field(default=1.0, ge=0, description="L2 regularisation of the leaf values.")
    negative_weight: FiniteFloat = NEGATIVE_WEIGHT


@dataclass(frozen=True)
class LambdaMARTRanker(BaseRanker):
    """A LightGBM model and its card."""

    MODEL_FILE = MODEL

    model: str = field(repr=False)
    booster: "lgb.Booster" = field(repr=False, compare=False)

    def predict(self, values: Floats) -> Scores:
        """LightGBM's raw scores, float64 (rows,), of float32 `values` (rows, features); NaN counts as 0."""
        zero_filled = zero_fill(values)
        if not len(zero_filled):
            return np.empty(0)
        return np.asarray(self.booster.predict(zero_filled, raw_score=True), dtype=np.float64)

    def contributions(self, values: Floats) -> Scores:
        """TreeSHAP values from LightGBM, float64 (rows, features + 1); the last column is the expected score."""
        zero_filled = zero_fill(values)
        return np.asarray(self.booster.predict(zero_filled, pred_contrib=True), dtype=np.float64)

    def export(self) -> Export:
        """The trees in the plugin's form; `export.lightgbm_trees` says how exact it is."""
        return Export.of_trees(export_trees(self.booster.dump_model(), self.feature_set.feature_names))

    def serialize(self) -> bytes:
        """LightGBM's model file."""
        return self.model.encode()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when there is none of this kind, or it is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        try:
            return cls.from_text(card, model.decode())
        except ValueError as error:
            raise InputError(str(folder / MODEL), str(error)) from None

    @classmethod
    def from_text(cls, card: RankerCard, model: str) -> Self:
        """The ranker of a LightGBM model file; ValueError when it is damaged, or does not fit the card."""
        import lightgbm as lgb

        try:
            booster = lgb.Booster(model_str=model)
        except lgb.basic.LightGBMError as error:
            raise ValueError(f"is not a LightGBM model: {error}") from None
        if tuple(booster.feature_name()) != card.feature_set.feature_names:
            raise ValueError(f"reads other features than its feature set {card.feature_set_id!r} has")
        return cls(card, model, booster)


def train_lambdamart(
    table: FeatureTable,
    settings: LambdaMARTSettings | None = None,
    *,
    teacher: Ranker | None = None,
    progress: Progress = no_progress,
) -> LambdaMARTRanker:
    """A ranker trained on the grades of `table`, or on the scores of a `teacher` (see `distillation`).

    `progress` counts the trees that are tried to find the best number of them. With a `negative_weight` other than 1
    LightGBM weights the NDCG of a held-out query by the mean weight of its rows. InputError when the grades or the
    sizes of the queries do not allow training.
    """
    import lightgbm as lgb

    settings = settings or LambdaMARTSettings()
    rows = TrainingRows.of(table)
    _check_sizes(rows)
    params = _params(settings, rows, table.feature_set.monotone_constraints)
    if teacher:
        params["objective"] = DistillationObjective(distillation_targets(teacher, table, rows))
    stop = _stopping_point(rows, table.feature_names, params, settings, progress)
    final = rows.for_queries(stop.training_queries(rows.queries, refit=settings.refit))
    if teacher:
        params["objective"] = DistillationObjective(distillation_targets(teacher, table, final))
    booster = lgb.train(params, _dataset(final, table.feature_names, params, settings), num_boost_round=stop.steps)
    notes = (*rows.notes, *stop.notes("trees"))
    if not booster.feature_importance("split").any():
        notes = (*notes, "nothing was learned, all scores are equal: use more rows, or a lower min_data_in_leaf")
    model = booster.model_to_string()
    card = make_card(
        KIND,
        table,
        model.encode(),
        queries=len(final.queries),
        rows=len(final),
        settings={**settings.model_dump(), **teacher_metadata(teacher)},
        results={**stop.results("trees"), "trees": booster.num_trees()},
        importance=dict(zip(table.feature_names, map(float, booster.feature_importance("gain")), strict=True)),
        notes=notes,
        libraries=("lightgbm",),
    )
    return LambdaMARTRanker(card, model, booster)


def _stopping_point(
    rows: TrainingRows,
    names: Sequence[str],
    params: dict[str, Any],
    settings: LambdaMARTSettings,
    progress: Progress,
) -> StoppingPoint:
    """The number of trees with the best NDCG@10 on held-out queries."""
    import lightgbm as lgb

    if len(rows.queries) == 1:
        return StoppingPoint(min(settings.num_trees, settings.num_trees_without_validation))
    validation_folds = make_validation_folds(rows.queries, settings)
    held_out = [rows.mask(fold) for fold in validation_folds]
    curve: list[float] = []

    def on_tree(state: "lgb.callback.CallbackEnv") -> None:
        curve.extend(result[2] for result in state.evaluation_result_list or () if result[1] == VALIDATION_MEASURE)
        progress(len(curve), settings.num_trees)
        if len(curve) - best_step(curve, SMOOTHING_WINDOW) > settings.early_stopping_rounds:
            raise lgb.callback.EarlyStopException(state.iteration, [])

    lgb.cv(
        params,
        _dataset(rows, names, params, settings),
        num_boost_round=settings.num_trees,
        folds=[(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in held_out],
        callbacks=[on_tree],
    )
    best = best_step(curve, SMOOTHING_WINDOW)
    return StoppingPoint(best, curve[best - 1], validation_folds)


def _dataset(
    rows: TrainingRows, names: Sequence[str], params: dict[str, Any], settings: LambdaMARTSettings
) -> "lgb.Dataset":
    import lightgbm as lgb

    weight = np.where(rows.unjudged, settings.negative_weight, 1.0) if settings.negative_weight != 1 else None
    return lgb.Dataset(
        rows.values, rows.grades, weight=weight, group=rows.sizes, feature_name=list(names), params=params
    )


def _check_sizes(rows: TrainingRows) -> None:
    if rows.sizes.max() > MAX_ROWS_PER_QUERY:
        query = rows.queries[int(rows.sizes.argmax())]
        raise InputError(
            "feature table",
            f"query {query!r} has {rows.sizes.max()} products, LightGBM accepts at most {MAX_ROWS_PER_QUERY}; "
            "log fewer products per query",
        )


def _params(settings: LambdaMARTSettings, rows: TrainingRows, monotone_constraints: tuple[int, ...]) -> dict[str, Any]:
    constraints = {"monotone_constraints": list(monotone_constraints), "monotone_constraints_method": "intermediate"}
    return {
        **(constraints if any(monotone_constraints) else {}),
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [10],
        "label_gain": [2**grade - 1 for grade in range(int(rows.grades.max()) + 1)],
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.num_leaves,
        "min_data_in_leaf": settings.min_data_in_leaf,
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.bagging_fraction if len(rows.queries) >= MIN_BAGGING_QUERIES else 1.0,
        "bagging_freq": 1,
        "bagging_by_query": True,
        "lambda_l2": settings.lambda_l2,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.num_threads,
        "feature_pre_filter": False,
        "verbosity": -1,
    }
