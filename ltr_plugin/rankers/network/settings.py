"""How a network is trained; apart from the training itself, which needs PyTorch."""

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from ltr_plugin.validation import StrictModel

LossName = Literal["lambda", "listnet", "ndcg", "ranknet"]
Fraction = Annotated[FiniteFloat, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class NetworkSettings(StrictModel):
    """How to train. The defaults suit a few hundred queries.

    `modality_dropout` is the share of queries that lose some, but not all, of what they ask with (words, photo, ...) in
    an epoch; `product_dropout` the share of queries for which a part is taken from some products, few or nearly all, so
    that the scores of products with and without it can be compared. `ema_decay` is how much of the average of earlier
    weights stays at each step (Polyak and Juditsky, 1992). `balance_weight` is the price of towers whose scores spread
    differently, so that gates say how much their modalities count. `auxiliary_weight` is what further signals count beside
    the grades, all together. `validation_fraction`, `folds` and `refit` as for LambdaMART, with epochs for trees. Weights are
    pruned and rounded as long as NDCG@10 on the training queries does not fall by more than `pruning_tolerance`. The same
    rows and settings give the same ranker on one machine.
    """

    loss: LossName = "lambda"
    units: Count = 16
    cross_dim: Annotated[int, Field(ge=0)] = 2
    epochs: Count = 200
    patience: Count = 40
    epochs_without_validation: Count = 50
    learning_rate: Annotated[FiniteFloat, Field(gt=0)] = 0.005
    weight_decay: Annotated[FiniteFloat, Field(ge=0)] = 0.1
    ema_decay: Annotated[FiniteFloat, Field(ge=0, lt=1)] = 0.998
    balance_weight: Annotated[FiniteFloat, Field(ge=0)] = 0.05
    auxiliary_weight: Annotated[FiniteFloat, Field(ge=0)] = 0.3
    batch_queries: Count = 64
    modality_dropout: Fraction = 0.7
    product_dropout: Fraction = 0.6
    validation_fraction: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=0)] = 0
    refit: bool = True
    pruning_tolerance: Annotated[FiniteFloat, Field(ge=0)] = 0.0005
    num_threads: Count = 1
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7


class MLPSettings(NetworkSettings):
    """A plain network: all features in one tower, and nothing is taken away while it learns."""

    modality_dropout: Fraction = 0.0
    product_dropout: Fraction = 0.0
