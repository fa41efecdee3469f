"""A network learns to order the products of queries from which now and then a part is taken away."""

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
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.training.early_stopping import early_stopping, make_validation_folds, mean_curve
from ltr_plugin.rankers.training.rows import TrainingRows

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

SMOOTHING_WINDOW = 9
"""Numbers of epochs over which a validation curve is smoothed."""
MIN_STEPS_PER_EPOCH = 8
"""Steps of an epoch: with few queries the batches are smaller, or so many epochs would be too few steps."""
MAX_PAIRS_PER_BATCH = 20_000_000
"""Pairs of products in one batch: their losses are held in memory together."""


@dataclass(frozen=True)
class StandardScaler:
    """Each column's mean and spread, float64 (features,); the spread of a constant column is 1."""

    mean: Doubles
    std: Doubles

    @classmethod
    def of(cls, values: Floats) -> "StandardScaler":
        """The scaling of training values (rows, features)."""
        std = values.std(axis=0, dtype=np.float64)
        return cls(values.mean(axis=0, dtype=np.float64), np.where(std > 0, std, 1.0))

    @classmethod
    def identity(cls, columns: int) -> "StandardScaler":
        """The scaling that changes nothing."""
        return cls(np.zeros(columns), np.ones(columns))

    def transform(self, values: Floats) -> Tensor:
        """The values with mean 0 and spread 1."""
        return torch.from_numpy(((values - self.mean) / self.std).astype(np.float32))


@dataclass(frozen=True)
class TrainingTask:
    """Training rows with all that a network is trained by; `targets`, where given, is what a teacher says of each row:
    its share of its query, (rows,); `auxiliary_labels` what further signals say of it, (rows, signals), see `auxiliary_labels`."""

    rows: TrainingRows
    modality_mask: ModalityMask
    layout: Layout
    scaling: StandardScaler
    settings: NetworkSettings
    targets: Floats | None = None
    auxiliary_labels: Floats | None = None

    def for_queries(self, wanted: Collection[str]) -> "TrainingTask":
        """The lesson of these queries only; the scaling stays."""
        rows = self.rows.for_queries(wanted)
        selected = np.isin(self.rows.query_of_row, np.flatnonzero([query in wanted for query in self.rows.queries]))
        targets, auxiliary_labels = (
            None if labels is None else labels[selected] for labels in (self.targets, self.auxiliary_labels)
        )
        return replace(self, rows=rows, targets=targets, auxiliary_labels=auxiliary_labels)

    def best_epochs(self, progress: Progress) -> tuple[int, float | None, list[frozenset[str]]]:
        """The number of epochs with the best NDCG@10 of held-out queries, the mean of as they are and with parts taken
        away; that of them as they are; and the parts held out."""
        settings, queries = self.settings, self.rows.queries
        if len(queries) == 1:
            return min(settings.epochs, settings.epochs_without_validation), None, []
        validation_folds = make_validation_folds(queries, settings.validation_fraction, settings.folds, settings.seed)
        places = [np.flatnonzero([query in fold for query in queries]) for fold in validation_folds]
        sizes, whole = list(map(len, validation_folds)), [list[float]() for _ in validation_folds]
        everyone = np.arange(len(queries))
        curves = [self._curve(np.setdiff1d(everyone, fold), fold, own) for fold, own in zip(places, whole, strict=True)]
        max_steps, patience = settings.epochs, settings.patience
        best, _ = early_stopping(
            mean_curve(curves, sizes),
            max_steps=max_steps,
            patience=patience,
            window=SMOOTHING_WINDOW,
            progress=progress,
        )
        return best, list(mean_curve(whole, sizes))[best - 1], validation_folds

    def _curve(self, queries: Indices, outside: Indices, whole: list[float]) -> Iterator[float]:
        """The validation curve; its values with nothing taken away are noted in `whole`."""
        for network in self.iterate_epochs(queries):
            rng = np.random.default_rng(self.settings.seed)  # the same gaps after each epoch
            whole.append(self.ndcg(network, outside))
            yield (whole[-1] + self.ndcg(network, outside, rng)) / 2

    def train(self, epochs: int) -> FusionNetwork:
        """The network after so many epochs over all rows."""
        return next(islice(self.iterate_epochs(np.arange(len(self.rows.queries))), epochs - 1, None))

    def iterate_epochs(self, queries: Indices) -> Iterator[FusionNetwork]:
        """The averaged network after each epoch over these queries (places in `rows.queries`), without end."""
        settings = self.settings
        rng = np.random.default_rng(settings.seed)
        network = initialize_network(self.layout, settings)
        result = deepcopy(network)
        parameters = list(network.parameters())
        with seeded(settings):
            heads = None if self.auxiliary_labels is None else AuxiliaryHeads(network, self.auxiliary_labels.shape[1])
        learned = [*parameters, *(heads.parameters() if heads else ())]
        adam = Adam(learned, settings.learning_rate, settings.weight_decay)
        average = EMA(list(result.parameters()), settings.ema_decay)
        while True:
            for batch in self._batches(rng.permutation(queries), MIN_STEPS_PER_EPOCH):
                adam.step(self._loss(network, heads, batch, rng))
                average.add(parameters)
            yield result

    def ndcg(self, network: FusionNetwork, queries: Indices, rng: np.random.Generator | None = None) -> float:
        """The mean NDCG@10 of a network for standardised values on these queries, with parts taken away by `rng`."""
        found = 0.0
        with torch.no_grad():
            for batch in self._batches(queries):
                places, mask, values = self._batch_inputs(batch, rng)
                output = network(self.scaling.transform(values), network.presence(torch.from_numpy(values)))
                found += float(ndcg(output.score, self._grades(places), mask).sum())
        return found / len(queries)

    def training_ndcg(self, network: FusionNetwork) -> float:
        """`ndcg` of all rows."""
        return self.ndcg(network, np.arange(len(self.rows.queries)))

    def _loss(
        self, network: FusionNetwork, heads: AuxiliaryHeads | None, batch: Indices, rng: np.random.Generator
    ) -> Tensor:
        places, mask, values = self._batch_inputs(batch, rng)
        present = network.presence(torch.from_numpy(values))
        output = network(self.scaling.transform(values), present)
        if self.targets is not None:
            loss = cross_entropy(output.score, torch.from_numpy(self.targets[places]), mask)
        else:
            loss = LOSSES[self.settings.loss](output.score, self._grades(places), mask)
        if heads and self.auxiliary_labels is not None:
            labels = torch.from_numpy(self.auxiliary_labels[places])
            loss = loss + self.settings.auxiliary_weight * auxiliary_loss(
                heads(output), labels, mask, LOSSES[self.settings.loss]
            )
        if len(self.layout.groups) < 2:
            return loss
        towers = torch.stack([output.towers[name] for name in self.layout.groups], dim=-1)
        return loss + self.settings.balance_weight * tower_imbalance(towers, mask & (present.sum(dim=-1) > 1))

    def _grades(self, places: Indices) -> Tensor:
        return torch.from_numpy(self.rows.grades[places].astype(np.float32))

    def _lists(self, batch: Indices) -> tuple[Indices, Tensor]:
        """The rows of these queries as (queries, products), and which of them are no padding."""
        sizes = self.rows.sizes[batch]
        place = np.arange(sizes.max())
        mask = place < sizes[:, None]
        return np.where(mask, self.rows.starts[batch][:, None] + place, 0), torch.from_numpy(mask)

    def _batch_inputs(self, batch: Indices, rng: np.random.Generator | None) -> tuple[Indices, Tensor, Floats]:
        """`_lists` with the values, from which `rng` may have taken parts away."""
        places, mask = self._lists(batch)
        values = self.rows.values[places]
        missing = None if rng is None else self._draw_missing(batch, places.shape[1], rng)
        return places, mask, values if missing is None else self.modality_mask.apply(values, missing)

    def _batches(self, queries: Indices, fewest: int = 1) -> Iterator[Indices]:
        longest = int(self.rows.sizes[queries].max())
        size = max(1, min(self.settings.batch_queries, len(queries) // fewest, MAX_PAIRS_PER_BATCH // longest**2))
        for start in range(0, len(queries), size):
            yield queries[start : start + size]

    def _draw_missing(self, batch: Indices, products: int, rng: np.random.Generator) -> BoolArray | None:
        """What is taken away this time, (queries, products, features): nothing, parts of a query, or of a product."""
        settings, modality_mask = self.settings, self.modality_mask
        missing = np.zeros((len(batch), products, len(modality_mask.feature_names)), dtype=np.bool_)
        for place in np.flatnonzero(rng.random(len(batch)) < settings.modality_dropout):
            sources = self._present_sources(int(batch[place]), modality_mask.query)
            if len(sources) > 1:
                for source in rng.permutation(sources)[: rng.integers(1, len(sources))]:
                    missing[place] |= modality_mask.query[source]
        for place in np.flatnonzero(rng.random(len(batch)) < settings.product_dropout):
            sources = self._present_sources(int(batch[place]), modality_mask.product)
            if sources:
                masked = rng.random(products) < rng.random()
                missing[place] |= masked[:, None] & modality_mask.product[rng.choice(sources)]
        return missing if missing.any() else None

    def _present_sources(self, query: int, sources: Mapping[str, BoolArray]) -> Sequence[str]:
        """Those of the parts without which a query's rows would not be the same."""
        start = self.rows.starts[query]
        seen = (self.rows.values[start : start + self.rows.sizes[query]] != 0).any(axis=0)
        return [source for source, columns in sources.items() if (seen & columns).any()]


def tower_imbalance(towers: Tensor, mask: Tensor) -> Tensor:
    """How unlike the spreads of towers' scores (queries, products, modalities) are where the mask holds.

    The variance of the logarithms of their mean squared deviations within a query. Without a price on it a gate could
    be small and its tower's scores large, and the gate would not say how much its modality counts.
    """
    weights = mask[..., None].to(towers.dtype)
    means = (towers * weights).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp(min=1)
    squares = ((towers - means) ** 2 * weights).sum(dim=(0, 1)) / weights.sum().clamp(min=1)
    return torch.log(squares + 1e-6).var(correction=0)


def initialize_network(layout: Layout, settings: NetworkSettings) -> FusionNetwork:
    """A network of small random towers and equal gates, from the seed."""
    with seeded(settings):
        network = FusionNetwork(layout, settings.units, settings.cross_dim)
    for name in layout.towers:
        torch.nn.init.zeros_(network.tower(name).direct.weight)
    for parameter in network.gates.parameters():
        torch.nn.init.zeros_(parameter)
    return network


@contextmanager
def seeded(settings: NetworkSettings) -> Iterator[None]:
    """PyTorch with these settings' seed and threads, and as it was afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.num_threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            yield
    finally:
        torch.set_num_threads(threads)
