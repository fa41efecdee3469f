"""Settings of networks. They stand apart from the training, which needs PyTorch."""

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from ltr_plugin.rankers.training.settings import TrainingSettings

LossName = Literal["lambda", "listnet", "ndcg", "ranknet"]
ModalityDropout = Annotated[
    FiniteFloat,
    Field(ge=0, le=1, description="Share of the queries that lose some of their modalities in an epoch, never all."),
]
ProductDropout = Annotated[
    FiniteFloat,
    Field(ge=0, le=1, description="Share of the queries of which some products lose a modality in an epoch."),
]


class NetworkSettings(TrainingSettings):
    """Settings of fusion networks. The defaults suit a few hundred queries.

    The number of epochs is the one with the best mean NDCG@10 on held-out queries, at most `epochs`. The trained
    weights are pruned and rounded as far as `pruning_tolerance` allows, so that the cluster has less to compute. The
    same rows and settings give the same model on one machine.
    """

    loss: LossName = Field(
        default="lambda",
        description="Loss: LambdaLoss (lambda), ListNet (listnet), ApproxNDCG (ndcg) or RankNet (ranknet).",
    )
    units: int = Field(default=16, ge=1, description="Number of hidden units of each tower.")
    cross_dim: int = Field(
        default=2,
        ge=0,
        description="Dimension of the interaction between each two modalities; 0 means no interactions.",
    )
    epochs: int = Field(default=200, ge=1, description="Maximum number of epochs.")
    patience: int = Field(
        default=40,
        ge=1,
        description="Number of epochs without a better NDCG@10 of held-out queries after which training stops.",
    )
    epochs_without_validation: int = Field(
        default=50, ge=1, description="Number of epochs when there is only one query, so that none can be held out."
    )
    learning_rate: FiniteFloat = Field(default=0.005, gt=0, description="Learning rate of Adam.")
    weight_decay: FiniteFloat = Field(default=0.1, ge=0, description="Decoupled weight decay of Adam (AdamW).")
    ema_decay: FiniteFloat = Field(
        default=0.998,
        ge=0,
        lt=1,
        description="Decay of the exponential moving average of the weights, which is the trained model.",
    )
    balance_weight: FiniteFloat = Field(
        default=0.05,
        ge=0,
        description="Weight of a penalty for towers whose scores vary differently; it makes gates comparable.",
    )
    auxiliary_weight: FiniteFloat = Field(
        default=0.3,
        ge=0,
        description="Weight of the loss of all auxiliary judgments together, relative to that of the grades.",
    )
    batch_size: int = Field(default=64, ge=1, description="Number of queries in a batch.")
    modality_dropout: ModalityDropout = 0.7
    product_dropout: ProductDropout = 0.6
    pruning_tolerance: FiniteFloat = Field(
        default=0.0005,
        ge=0,
        description="Largest loss of NDCG@10 on the training queries by pruning and rounding the weights.",
    )


class MLPSettings(NetworkSettings):
    """Settings of a plain network: one tower for all features, trained without modality dropout."""

    modality_dropout: ModalityDropout = 0.0
    product_dropout: ProductDropout = 0.0
