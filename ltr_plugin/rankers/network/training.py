"""Training of a fusion network, with modality dropout: in each epoch some queries and products lose modalities.

So the trained network ranks well when a modality is missing, and scores of products with and without it are comparable.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ltr_plugin.features.modality_mask import BoolArray, ModalityMask
from ltr_plugin.features.table import Floats
from ltr_plugin.progress import Progress
from ltr_plugin.rankers.network.auxiliary import AuxiliaryHeads, auxiliary_loss
from ltr_plugin.rankers.network.losses import LOSSES, cross_entropy, ndcg
from ltr_plugin.rankers.network.network import FusionNetwork, Layout
from ltr_plugin.rankers.network.optimizer import EMA, Adam
from ltr_plugin.rankers.network.scaling import StandardScaler
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.training.early_stopping import (
    StoppingPoint,
    early_stopping,
    make_validation_folds,
    mean_curve,
)
from ltr_plugin.rankers.training.rows import TrainingRows

Indices = npt.NDArray[np.int64]

SMOOTHING_WINDOW = 9
"""Number of epochs over which the validation curve is averaged."""
MIN_STEPS_PER_EPOCH = 8
"""Minimum number of batches in an epoch: with few queries batches are made smaller, so that there are enough steps."""
MAX_PAIRS_PER_BATCH = 20_000_000
"""Maximum number of pairs of products in a batch, whose losses are in memory together."""


@dataclass(frozen=True)
class TrainingTask:
    """Training rows and everything that a network is trained with.

    `targets`, (rows,), are a teacher's probabilities (see `distillation`) and replace the grades in the loss.
    `auxiliary_labels`, (rows, kinds), are grades of auxiliary judgments (see `auxiliary.label_rows`).
    """

    rows: TrainingRows
    modality_mask: ModalityMask
    layout: Layout
    scaling: StandardScaler
    settings: NetworkSettings
    targets: Floats | None = None
    auxiliary_labels: Floats | None = None

    def for_queries(self, queries: Collection[str]) -> "TrainingTask":
        """The task with the rows of these queries only; the scaling stays."""
        mask = self.rows.mask(queries)
        targets, auxiliary_labels = (
            None if labels is None else labels[mask] for labels in (self.targets, self.auxiliary_labels)
        )
        return replace(self, rows=self.rows.for_queries(queries), targets=targets, auxiliary_labels=auxiliary_labels)

    def stopping_point(self, progress: Progress) -> StoppingPoint:
        """The number of epochs with the best NDCG@10 on held-out queries.

        Each epoch is measured twice, on complete queries and with modality dropout, and the mean decides. The NDCG of
        the result is that of complete queries.
        """
        settings, queries = self.settings, self.rows.queries
        if len(queries) == 1:
            return StoppingPoint(min(settings.epochs, settings.epochs_without_validation))
        validation_folds = make_validation_folds(queries, settings)
        sizes = list(map(len, validation_folds))
        complete = [list[float]() for _ in validation_folds]
        curves = [
            self._validation_curve(self.rows.positions(fold), fold_ndcg)
            for fold, fold_ndcg in zip(validation_folds, complete, strict=True)
        ]
        best, _ = early_stopping(
            mean_curve(curves, sizes),
            max_steps=settings.epochs,
            patience=settings.patience,
            window=SMOOTHING_WINDOW,
            progress=progress,
        )
        return StoppingPoint(best, list(mean_curve(complete, sizes))[best - 1], validation_folds)

    def _validation_curve(self, held_out: Indices, complete: list[float]) -> Iterator[float]:
        """The measure of each epoch; NDCG@10 of complete queries is appended to `complete`."""
        for network in self.iterate_epochs(np.setdiff1d(np.arange(len(self.rows.queries)), held_out)):
            rng = np.random.default_rng(self.settings.seed)  # the same dropout after each epoch
            complete.append(self.ndcg(network, held_out))
            yield (complete[-1] + self.ndcg(network, held_out, rng)) / 2

    def train(self, epochs: int) -> FusionNetwork:
        """The network after `epochs` epochs over all rows."""
        return next(islice(self.iterate_epochs(np.arange(len(self.rows.queries))), epochs - 1, None))

    def iterate_epochs(self, queries: Indices) -> Iterator[FusionNetwork]:
        """The moving average of the network after each epoch, endlessly; `queries` are positions in `rows.queries`."""
        settings = self.settings
        rng = np.random.default_rng(settings.seed)
        network = initialize_network(self.layout, settings)
        averaged = deepcopy(network)
        parameters = list(network.parameters())
        with seeded(settings):
            heads = None if self.auxiliary_labels is None else AuxiliaryHeads(network, self.auxiliary_labels.shape[1])
        trained = [*parameters, *(heads.parameters() if heads else ())]
        adam = Adam(trained, settings.learning_rate, settings.weight_decay)
        ema = EMA(list(averaged.parameters()), settings.ema_decay)
        while True:
            for batch in self._batches(rng.permutation(queries), MIN_STEPS_PER_EPOCH):
                adam.step(self._loss(network, heads, batch, rng))
                ema.add(parameters)
            yield averaged

    def ndcg(self, network: FusionNetwork, queries: Indices, rng: np.random.Generator | None = None) -> float:
        """The mean NDCG@10 of these queries; with `rng`, some of them and of their products lose modalities."""
        total = 0.0
        with torch.no_grad():
            for batch in self._batches(queries):
                indices, mask, values = self._batch_inputs(batch, rng)
                output = network(self.scaling.transform(values), network.presence(torch.from_numpy(values)))
                total += float(ndcg(output.score, self._grades(indices), mask).sum())
        return total / len(queries)

    def training_ndcg(self, network: FusionNetwork) -> float:
        """The mean NDCG@10 of all queries."""
        return self.ndcg(network, np.arange(len(self.rows.queries)))

    def _loss(
        self, network: FusionNetwork, heads: AuxiliaryHeads | None, batch: Indices, rng: np.random.Generator
    ) -> Tensor:
        indices, mask, values = self._batch_inputs(batch, rng)
        present = network.presence(torch.from_numpy(values))
        output = network(self.scaling.transform(values), present)
        if self.targets is not None:
            loss = cross_entropy(output.score, torch.from_numpy(self.targets[indices]), mask)
        else:
            loss = LOSSES[self.settings.loss](output.score, self._grades(indices), mask)
        if heads and self.auxiliary_labels is not None:
            labels = torch.from_numpy(self.auxiliary_labels[indices])
            loss = loss + self.settings.auxiliary_weight * auxiliary_loss(
                heads(output), labels, mask, LOSSES[self.settings.loss]
            )
        if len(self.layout.groups) < 2:
            return loss
        towers = torch.stack([output.towers[name] for name in self.layout.groups], dim=-1)
        return loss + self.settings.balance_weight * tower_imbalance(towers, mask & (present.sum(dim=-1) > 1))

    def _grades(self, indices: Indices) -> Tensor:
        return torch.from_numpy(self.rows.grades[indices].astype(np.float32))

    def _lists(self, batch: Indices) -> tuple[Indices, Tensor]:
        """The row of each product of these queries, (queries, products), and which are not padding."""
        sizes = self.rows.sizes[batch]
        offsets = np.arange(sizes.max())
        mask = offsets < sizes[:, None]
        return np.where(mask, self.rows.starts[batch][:, None] + offsets, 0), torch.from_numpy(mask)

    def _batch_inputs(self, batch: Indices, rng: np.random.Generator | None) -> tuple[Indices, Tensor, Floats]:
        """`_lists`, and the values (queries, products, features), with modality dropout if there is an `rng`."""
        indices, mask = self._lists(batch)
        values = self.rows.values[indices]
        missing = None if rng is None else self._draw_missing(batch, indices.shape[1], rng)
        return indices, mask, values if missing is None else self.modality_mask.apply(values, missing)

    def _batches(self, queries: Indices, min_batches: int = 1) -> Iterator[Indices]:
        longest = int(self.rows.sizes[queries].max())
        size = max(1, min(self.settings.batch_size, len(queries) // min_batches, MAX_PAIRS_PER_BATCH // longest**2))
        for start in range(0, len(queries), size):
            yield queries[start : start + size]

    def _draw_missing(self, batch: Indices, products: int, rng: np.random.Generator) -> BoolArray | None:
        """Which values modality dropout sets to 0, (queries, products, features); None if there are none.

        A query loses some of its modalities, but keeps at least one; or some of its products, from few to nearly all,
        lose one of theirs.
        """
        settings, modality_mask = self.settings, self.modality_mask
        missing = np.zeros((len(batch), products, len(modality_mask.feature_names)), dtype=np.bool_)
        for row in np.flatnonzero(rng.random(len(batch)) < settings.modality_dropout):
            sources = self._present_sources(int(batch[row]), modality_mask.query)
            if len(sources) > 1:
                for source in rng.permutation(sources)[: rng.integers(1, len(sources))]:
                    missing[row] |= modality_mask.query[source]
        for row in np.flatnonzero(rng.random(len(batch)) < settings.product_dropout):
            sources = self._present_sources(int(batch[row]), modality_mask.product)
            if sources:
                masked = rng.random(products) < rng.random()
                missing[row] |= masked[:, None] & modality_mask.product[rng.choice(sources)]
        return missing if missing.any() else None

    def _present_sources(self, query: int, sources: Mapping[str, BoolArray]) -> Sequence[str]:
        """The sources, such as `image`, of which any row of the query has a value other than 0."""
        start = self.rows.starts[query]
        nonzero = (self.rows.values[start : start + self.rows.sizes[query]] != 0).any(axis=0)
        return [source for source, columns in sources.items() if (nonzero & columns).any()]


def tower_imbalance(towers: Tensor, mask: Tensor) -> Tensor:
    """How much the variances of the towers' scores differ; `towers` is (queries, products, modalities).

    The variance, over the towers, of the logarithm of their mean squared deviation within a query, where `mask` is
    true. Without this penalty a small gate and large scores of its tower could cancel, and the gate would not show how
    much the modality counts.
    """
    weights = mask[..., None].to(towers.dtype)
    means = (towers * weights).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp(min=1)
    squares = ((towers - means) ** 2 * weights).sum(dim=(0, 1)) / weights.sum().clamp(min=1)
    return torch.log(squares + 1e-6).var(correction=0)


def initialize_network(layout: Layout, settings: NetworkSettings) -> FusionNetwork:
    """A network with random towers, drawn from the seed, and equal gates."""
    with seeded(settings):
        network = FusionNetwork(layout, settings.units, settings.cross_dim)
    for name in layout.towers:
        torch.nn.init.zeros_(network.tower(name).direct.weight)
    for parameter in network.gates.parameters():
        torch.nn.init.zeros_(parameter)
    return network


@contextmanager
def seeded(settings: NetworkSettings) -> Iterator[None]:
    """Sets the random seed and the number of threads of PyTorch, and restores them afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.num_threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            yield
    finally:
        torch.set_num_threads(threads)
