"""Settings that several kinds of rankers share. Their descriptions are the help texts of the command line."""

from pydantic import Field, FiniteFloat

from ltr_plugin.validation import StrictModel

NEGATIVE_WEIGHT = Field(
    default=1.0, gt=0, description="Weight of a sampled product without a judgment, relative to a judged one."
)


class TrainingSettings(StrictModel):
    """Settings of rankers that choose the length of training on held-out queries."""

    validation_fraction: FiniteFloat = Field(
        default=0.2, gt=0, lt=1, description="Share of the queries that are held out to choose the length of training."
    )
    folds: int = Field(
        default=0,
        ge=0,
        description="Number of cross-validation folds, 2 or more, that replace the held-out share; 0 uses the share.",
    )
    refit: bool = Field(
        default=True, description="Train once more on all queries, the held-out ones included, for the chosen length."
    )
    num_threads: int = Field(
        default=1, ge=1, description="Number of threads; with more than 1, two runs may differ in the last digits."
    )
    seed: int = Field(default=7, ge=0, lt=2**31, description="Random seed.")


class BoostingSettings(TrainingSettings):
    """Settings of gradient-boosted trees."""

    num_trees: int = Field(default=500, ge=1, description="Maximum number of trees.")
    early_stopping_rounds: int = Field(
        default=100,
        ge=1,
        description="Number of trees without a better NDCG@10 of held-out queries after which training stops.",
    )
    num_trees_without_validation: int = Field(
        default=50, ge=1, description="Number of trees when there is only one query, so that none can be held out."
    )
    learning_rate: FiniteFloat = Field(
        default=0.05, gt=0, le=1, description="Factor by which each tree is scaled down."
    )
