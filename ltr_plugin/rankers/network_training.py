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

from ltr_plugin.features.table import Floats
from ltr_plugin.progress import Progress
from ltr_plugin.rankers.adam import Adam, Averaged
from ltr_plugin.rankers.losses import LOSSES, cross_entropy, ndcg
from ltr_plugin.rankers.modalities import Gaps, Mask
from ltr_plugin.rankers.network import FusionNetwork, Layout
from ltr_plugin.rankers.network_settings import NetworkSettings
from ltr_plugin.rankers.signals import Heads, signal_loss
from ltr_plugin.rankers.stopping import follow, held_out_parts, mean_curve
from ltr_plugin.rankers.training_rows import TrainingRows

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

SMOOTHED = 9
"""Numbers of epochs over which a validation curve is smoothed."""
LEAST_STEPS = 8
"""Steps of an epoch: with few queries the batches are smaller, or so many epochs would be too few steps."""
MAX_PAIRS = 20_000_000
"""Pairs of products in one batch: their losses are held in memory together."""


@dataclass(frozen=True)
class Scaling:
    """Each column's mean and spread, float64 (features,); the spread of a constant column is 1."""

    mean: Doubles
    spread: Doubles

    @classmethod
    def of(cls, values: Floats) -> "Scaling":
        """The scaling of training values (rows, features)."""
        spread = values.std(axis=0, dtype=np.float64)
        return cls(values.mean(axis=0, dtype=np.float64), np.where(spread > 0, spread, 1.0))

    @classmethod
    def none(cls, columns: int) -> "Scaling":
        """The scaling that changes nothing."""
        return cls(np.zeros(columns), np.ones(columns))

    def applied(self, values: Floats) -> Tensor:
        """The values with mean 0 and spread 1."""
        return torch.from_numpy(((values - self.mean) / self.spread).astype(np.float32))


@dataclass(frozen=True)
class Lesson:
    """Training rows with all that a network is trained by; `shares`, where given, is what a teacher says of each row:
    its share of its query, (rows,); `signals` what further signals say of it, (rows, signals), see `signals`."""

    rows: TrainingRows
    gaps: Gaps
    layout: Layout
    scaling: Scaling
    settings: NetworkSettings
    shares: Floats | None = None
    signals: Floats | None = None

    def of_queries(self, wanted: Collection[str]) -> "Lesson":
        """The lesson of these queries only; the scaling stays."""
        rows = self.rows.of_queries(wanted)
        kept = np.isin(self.rows.query_of_row, np.flatnonzero([query in wanted for query in self.rows.queries]))
        shares, signals = (None if said is None else said[kept] for said in (self.shares, self.signals))
        return replace(self, rows=rows, shares=shares, signals=signals)

    def best_epochs(self, progress: Progress) -> tuple[int, float | None, list[frozenset[str]]]:
        """The number of epochs with the best NDCG@10 of held-out queries, the mean of as they are and with parts taken
        away; that of them as they are; and the parts held out."""
        settings, queries = self.settings, self.rows.queries
        if len(queries) == 1:
            return min(settings.epochs, settings.epochs_without_validation), None, []
        parts = held_out_parts(queries, settings.validation, settings.folds, settings.seed)
        places = [np.flatnonzero([query in part for query in queries]) for part in parts]
        sizes, whole = list(map(len, parts)), [list[float]() for _ in parts]
        everyone = np.arange(len(queries))
        curves = [self._curve(np.setdiff1d(everyone, part), part, own) for part, own in zip(places, whole, strict=True)]
        most, patience = settings.epochs, settings.patience
        best, _ = follow(mean_curve(curves, sizes), most=most, patience=patience, window=SMOOTHED, progress=progress)
        return best, list(mean_curve(whole, sizes))[best - 1], parts

    def _curve(self, queries: Places, outside: Places, whole: list[float]) -> Iterator[float]:
        """The validation curve; its values with nothing taken away are noted in `whole`."""
        for network in self.epochs(queries):
            chance = np.random.default_rng(self.settings.seed)  # the same gaps after each epoch
            whole.append(self.ndcg(network, outside))
            yield (whole[-1] + self.ndcg(network, outside, chance)) / 2

    def trained(self, epochs: int) -> FusionNetwork:
        """The network after so many epochs over all rows."""
        return next(islice(self.epochs(np.arange(len(self.rows.queries))), epochs - 1, None))

    def epochs(self, queries: Places) -> Iterator[FusionNetwork]:
        """The averaged network after each epoch over these queries (places in `rows.queries`), without end."""
        settings = self.settings
        chance = np.random.default_rng(settings.seed)
        network = initial_network(self.layout, settings)
        result = deepcopy(network)
        parameters = list(network.parameters())
        with seeded(settings):
            heads = None if self.signals is None else Heads(network, self.signals.shape[1])
        learned = [*parameters, *(heads.parameters() if heads else ())]
        adam = Adam(learned, settings.learning_rate, settings.weight_decay)
        average = Averaged(list(result.parameters()), settings.averaging)
        while True:
            for batch in self._batches(chance.permutation(queries), LEAST_STEPS):
                adam.step(self._loss(network, heads, batch, chance))
                average.add(parameters)
            yield result

    def ndcg(self, network: FusionNetwork, queries: Places, chance: np.random.Generator | None = None) -> float:
        """The mean NDCG@10 of a network for standardised values on these queries, with parts taken away by `chance`."""
        found = 0.0
        with torch.no_grad():
            for batch in self._batches(queries):
                places, mask, values = self._seen_by(batch, chance)
                fused = network(self.scaling.applied(values), network.presence(torch.from_numpy(values)))
                found += float(ndcg(fused.score, self._grades(places), mask).sum())
        return found / len(queries)

    def training_ndcg(self, network: FusionNetwork) -> float:
        """`ndcg` of all rows."""
        return self.ndcg(network, np.arange(len(self.rows.queries)))

    def _loss(self, network: FusionNetwork, heads: Heads | None, batch: Places, chance: np.random.Generator) -> Tensor:
        places, mask, values = self._seen_by(batch, chance)
        present = network.presence(torch.from_numpy(values))
        fused = network(self.scaling.applied(values), present)
        if self.shares is not None:
            loss = cross_entropy(fused.score, torch.from_numpy(self.shares[places]), mask)
        else:
            loss = LOSSES[self.settings.loss](fused.score, self._grades(places), mask)
        if heads and self.signals is not None:
            said = torch.from_numpy(self.signals[places])
            loss = loss + self.settings.signal_weight * signal_loss(
                heads(fused), said, mask, LOSSES[self.settings.loss]
            )
        if len(self.layout.groups) < 2:
            return loss
        towers = torch.stack([fused.towers[name] for name in self.layout.groups], dim=-1)
        return loss + self.settings.balance * imbalance(towers, mask & (present.sum(dim=-1) > 1))

    def _grades(self, places: Places) -> Tensor:
        return torch.from_numpy(self.rows.grades[places].astype(np.float32))

    def _lists(self, batch: Places) -> tuple[Places, Tensor]:
        """The rows of these queries as (queries, products), and which of them are no padding."""
        sizes = self.rows.sizes[batch]
        place = np.arange(sizes.max())
        mask = place < sizes[:, None]
        return np.where(mask, self.rows.starts[batch][:, None] + place, 0), torch.from_numpy(mask)

    def _seen_by(self, batch: Places, chance: np.random.Generator | None) -> tuple[Places, Tensor, Floats]:
        """`_lists` with the values, from which `chance` may have taken parts away."""
        places, mask = self._lists(batch)
        values = self.rows.values[places]
        missing = None if chance is None else self._missing(batch, places.shape[1], chance)
        return places, mask, values if missing is None else self.gaps.fill(values, missing)

    def _batches(self, queries: Places, fewest: int = 1) -> Iterator[Places]:
        longest = int(self.rows.sizes[queries].max())
        size = max(1, min(self.settings.batch_queries, len(queries) // fewest, MAX_PAIRS // longest**2))
        for start in range(0, len(queries), size):
            yield queries[start : start + size]

    def _missing(self, batch: Places, products: int, chance: np.random.Generator) -> Mask | None:
        """What is taken away this time, (queries, products, features): nothing, parts of a query, or of a product."""
        settings, gaps = self.settings, self.gaps
        missing = np.zeros((len(batch), products, len(gaps.names)), dtype=np.bool_)
        for place in np.flatnonzero(chance.random(len(batch)) < settings.modality_dropout):
            parts = self._seen(int(batch[place]), gaps.query)
            if len(parts) > 1:
                for part in chance.permutation(parts)[: chance.integers(1, len(parts))]:
                    missing[place] |= gaps.query[part]
        for place in np.flatnonzero(chance.random(len(batch)) < settings.product_dropout):
            parts = self._seen(int(batch[place]), gaps.product)
            if parts:
                lost = chance.random(products) < chance.random()
                missing[place] |= lost[:, None] & gaps.product[chance.choice(parts)]
        return missing if missing.any() else None

    def _seen(self, query: int, parts: Mapping[str, Mask]) -> Sequence[str]:
        """Those of the parts without which a query's rows would not be the same."""
        start = self.rows.starts[query]
        seen = (self.rows.values[start : start + self.rows.sizes[query]] != 0).any(axis=0)
        return [part for part, columns in parts.items() if (seen & columns).any()]


def imbalance(towers: Tensor, mask: Tensor) -> Tensor:
    """How unlike the spreads of towers' scores (queries, products, modalities) are where the mask holds.

    The variance of the logarithms of their mean squared deviations within a query. Without a price on it a gate could
    be small and its tower's scores large, and the gate would not say how much its modality counts.
    """
    weights = mask[..., None].to(towers.dtype)
    means = (towers * weights).sum(dim=1, keepdim=True) / weights.sum(dim=1, keepdim=True).clamp(min=1)
    squares = ((towers - means) ** 2 * weights).sum(dim=(0, 1)) / weights.sum().clamp(min=1)
    return torch.log(squares + 1e-6).var(correction=0)


def initial_network(layout: Layout, settings: NetworkSettings) -> FusionNetwork:
    """A network of small random towers and equal gates, from the seed."""
    with seeded(settings):
        network = FusionNetwork(layout, settings.units, settings.crosses)
    for name in layout.towers:
        torch.nn.init.zeros_(network.tower(name).direct.weight)
    for parameter in network.gates.parameters():
        torch.nn.init.zeros_(parameter)
    return network


@contextmanager
def seeded(settings: NetworkSettings) -> Iterator[None]:
    """PyTorch with these settings' seed and threads, and as it was afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            yield
    finally:
        torch.set_num_threads(threads)
