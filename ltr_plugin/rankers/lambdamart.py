"""LambdaMART (Burges, From RankNet to LambdaRank to LambdaMART, 2010) by LightGBM."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats, zero_fill
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.card import RankerCard, make_card, read_model
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.rankers.ranker import BaseRanker, Export, Ranker, Scores
from ltr_plugin.rankers.training.distillation import DistillationObjective, distillation_targets, teacher_metadata
from ltr_plugin.rankers.training.early_stopping import best_step, make_validation_folds
from ltr_plugin.rankers.training.rows import TrainingRows
from ltr_plugin.validation import StrictModel

if TYPE_CHECKING:
    import lightgbm as lgb

KIND = "lambdamart"
MODEL = "model.txt"
PRIMARY_MEASURE = "ndcg@10"
MAX_ROWS_PER_QUERY = 10_000
"""LightGBM's own limit for lambdarank."""
MIN_BAGGING_QUERIES = 10
"""With fewer queries every tree sees them all: a share of two can be none, and the tree then learns nothing."""

SMOOTHING_WINDOW = 25
"""Numbers of trees over which a validation curve is smoothed."""

Fraction = Annotated[FiniteFloat, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class LambdaMARTSettings(StrictModel):
    """How to boost. The defaults suit a few hundred queries.

    `num_trees` is the most trees; how many are kept is the best mean NDCG@10 of the queries held out: `validation_fraction` is
    their share, or with `folds` of 2 or more every query is held out once (worth its time with few queries). The
    ranker kept is trained with that many trees on all queries, or without `refit` on all but the first part held out.
    `negative_weight` is the weight of a row that nobody judged. With one of `num_threads` the same rows give the same
    ranker, bit for bit; with more, LightGBM adds in an order that changes from run to run, `deterministic` or not.
    """

    num_trees: Count = 500
    early_stopping_rounds: Count = 100
    learning_rate: Fraction = 0.05
    num_leaves: Annotated[int, Field(ge=2, le=4096)] = 15
    min_data_in_leaf: Count = 10
    feature_fraction: Fraction = 0.8
    bagging_fraction: Fraction = 0.8
    lambda_l2: Annotated[FiniteFloat, Field(ge=0)] = 1.0
    negative_weight: Annotated[FiniteFloat, Field(gt=0)] = 1.0
    validation_fraction: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=0)] = 0
    refit: bool = True
    num_trees_without_validation: Count = 50
    num_threads: Count = 1
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


@dataclass(frozen=True)
class LambdaMARTRanker(BaseRanker):
    """A LightGBM ranker and its card."""

    MODEL_FILE = MODEL

    model: str = field(repr=False)
    booster: "lgb.Booster" = field(repr=False, compare=False)

    def predict(self, values: Floats) -> Scores:
        """See Ranker. LightGBM's raw scores of the float32 values, compared in double precision."""
        zero_filled = zero_fill(values)
        if not len(zero_filled):
            return np.empty(0)
        return np.asarray(self.booster.predict(zero_filled, raw_score=True), dtype=np.float64)

    def contributions(self, values: Floats) -> Scores:
        """See Attributing; LightGBM's own TreeSHAP."""
        zero_filled = zero_fill(values)
        return np.asarray(self.booster.predict(zero_filled, pred_contrib=True), dtype=np.float64)

    def export(self) -> Export:
        """See Ranker; `tree_export` says how exact it is."""
        return Export("model/xgboost+json", export_trees(self.booster.dump_model(), self.feature_set.feature_names))

    def serialize(self) -> bytes:
        """See CardedRanker."""
        return self.model.encode()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The ranker in a folder; InputError when it is none or is damaged."""
        card, model = read_model(folder, MODEL, KIND)
        try:
            return cls.from_text(card, model.decode())
        except ValueError as error:
            raise InputError(str(folder / MODEL), str(error)) from None

    @classmethod
    def from_text(cls, card: RankerCard, model: str) -> Self:
        """The ranker of a LightGBM model file; ValueError when it is none, or reads other features than the card's."""
        import lightgbm as lgb

        try:
            booster = lgb.Booster(model_str=model)
        except lgb.basic.LightGBMError as error:
            raise ValueError(f"no LightGBM model: {error}") from None
        if tuple(booster.feature_name()) != card.feature_set.feature_names:
            raise ValueError(f"reads other features than its set {card.feature_set_id!r}")
        return cls(card, model, booster)


def train_lambdamart(
    table: FeatureTable,
    settings: LambdaMARTSettings | None = None,
    *,
    teacher: Ranker | None = None,
    progress: Progress = no_progress,
) -> LambdaMARTRanker:
    """A ranker trained on `table`, with missing values as 0; the same rows and settings give the same ranker.

    With a `teacher` the trees learn its scores instead of the grades (see `distilling`). InputError when the grades or
    groups cannot be learnt from. `progress` hears the rounds of the search for the best number of trees. With a
    `negative_weight` other than 1 LightGBM weighs a held-out query's NDCG by the mean weight of its rows.
    """
    import lightgbm as lgb

    settings = settings or LambdaMARTSettings()
    rows = TrainingRows.of(table)
    _check(rows)
    params = _params(settings, rows, table.feature_set.monotone_constraints)
    if teacher:
        params["objective"] = DistillationObjective(distillation_targets(teacher, table, rows))
    if len(rows.queries) > 1:
        validation_folds = make_validation_folds(
            rows.queries, settings.validation_fraction, settings.folds, settings.seed
        )
        best, ndcg = _best_num_trees(rows, table.feature_names, params, settings, validation_folds, progress)
        notes = rows.notes
    else:
        validation_folds = []
        best, ndcg = min(settings.num_trees, settings.num_trees_without_validation), None
        notes = (*rows.notes, f"one query only: nothing to validate on, so {best} trees")
    fitted = (
        rows if settings.refit or not validation_folds else rows.for_queries(set(rows.queries) - validation_folds[0])
    )
    if teacher:
        params["objective"] = DistillationObjective(distillation_targets(teacher, table, fitted))
    booster = lgb.train(params, _dataset(fitted, table.feature_names, params, settings), num_boost_round=best)
    if not booster.feature_importance("split").any():
        notes = (*notes, "nothing was learnt, all scores are equal: take more rows, or fewer min_rows_in_leaf")
    model = booster.model_to_string()
    card = make_card(
        KIND,
        table,
        model.encode(),
        queries=len(fitted.queries),
        rows=len(fitted),
        settings={**settings.model_dump(), **teacher_metadata(teacher)},
        results={
            "trees": booster.num_trees(),
            f"validation_{PRIMARY_MEASURE}": ndcg,
            "validation_queries": sum(map(len, validation_folds)),
        },
        importance=dict(zip(table.feature_names, map(float, booster.feature_importance("gain")), strict=True)),
        notes=notes,
        libraries=("lightgbm",),
    )
    return LambdaMARTRanker(card, model, booster)


def _best_num_trees(
    rows: TrainingRows,
    names: Sequence[str],
    params: dict[str, Any],
    settings: LambdaMARTSettings,
    validation_folds: Sequence[frozenset[str]],
    progress: Progress,
) -> tuple[int, float]:
    """The number of trees with the best NDCG@10 of the queries held out, and that NDCG."""
    import lightgbm as lgb

    outside = [np.isin(rows.query_of_row, _query_positions(rows, fold)) for fold in validation_folds]
    curve: list[float] = []

    def on_tree(state: "lgb.callback.CallbackEnv") -> None:
        curve.extend(result[2] for result in state.evaluation_result_list or () if result[1] == PRIMARY_MEASURE)
        progress(len(curve), settings.num_trees)
        if len(curve) - best_step(curve, SMOOTHING_WINDOW) > settings.early_stopping_rounds:
            raise lgb.callback.EarlyStopException(state.iteration, [])

    lgb.cv(
        params,
        _dataset(rows, names, params, settings),
        num_boost_round=settings.num_trees,
        folds=[(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in outside],
        callbacks=[on_tree],
    )
    best = best_step(curve, SMOOTHING_WINDOW)
    return best, curve[best - 1]


def _query_positions(rows: TrainingRows, fold: frozenset[str]) -> npt.NDArray[np.int64]:
    return np.flatnonzero([query in fold for query in rows.queries])


def _dataset(
    rows: TrainingRows, names: Sequence[str], params: dict[str, Any], settings: LambdaMARTSettings
) -> "lgb.Dataset":
    import lightgbm as lgb

    weight = np.where(rows.unjudged, settings.negative_weight, 1.0) if settings.negative_weight != 1 else None
    return lgb.Dataset(
        rows.values, rows.grades, weight=weight, group=rows.sizes, feature_name=list(names), params=params
    )


def _check(rows: TrainingRows) -> None:
    if rows.sizes.max() > MAX_ROWS_PER_QUERY:
        query = rows.queries[int(rows.sizes.argmax())]
        raise InputError(
            "feature table",
            f"query {query!r} has {rows.sizes.max()} products, LightGBM takes {MAX_ROWS_PER_QUERY}; log fewer a query",
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
