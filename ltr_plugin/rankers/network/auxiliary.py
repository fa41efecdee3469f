"""Further signals beside the grades, such as clicks and purchases, that a network learns with the same towers.

Each signal has a head of its own over the towers' units and gates, so that what it tells of the products shapes what
the score is made of (multi-task learning, Caruana 1997, https://doi.org/10.1023/A:1007379606734). The heads are left
behind when the training ends.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import Floats
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.network.losses import Loss
from ltr_plugin.rankers.network.network import FusionNetwork, FusionOutput
from ltr_plugin.rankers.training.rows import TrainingRows


class AuxiliaryHeads(nn.Module):
    """A score a signal, from what a network makes of rows."""

    def __init__(self, network: FusionNetwork, label_count: int) -> None:
        super().__init__()
        self.towers = nn.ModuleDict({name: nn.Linear(network.units, label_count) for name in network.layout.towers})

    def forward(self, output: FusionOutput) -> Tensor:
        """The scores, (..., signals)."""
        total = torch.zeros(())
        for name, head in self.towers.items():
            scores = head(output.units[name])
            total = total + (output.gates[name][..., None] * scores if name in output.gates else scores)
        return total


def label_rows(rows: TrainingRows, auxiliary_qrels: Mapping[str, Qrels]) -> Floats:
    """What the signals say of each row, float32 (rows, signals): 0 where a query has the signal for other products,
    NaN where it has it for none. InputError when a signal tells the products of no query apart."""
    found = np.full((len(rows), len(auxiliary_qrels)), np.nan, np.float32)
    for column, (name, qrels) in enumerate(auxiliary_qrels.items()):
        informative_queries = 0
        for query, start, size in zip(rows.queries, rows.starts, rows.sizes, strict=True):
            if query in qrels:
                grades = qrels.for_query(query)
                own = [grades.get(product, 0) for product in rows.products[start : start + size]]
                found[start : start + size, column] = own
                informative_queries += len(set(own)) > 1
        if not informative_queries:
            raise InputError(name, "says nothing that tells the table's products apart; are the ids the same in both?")
    return found


def auxiliary_loss(scores: Tensor, grades: Tensor, mask: Tensor, loss: Loss) -> Tensor:
    """The mean over the signals of `loss`, from `scores` and `grades` (queries, products, signals) where grades are
    known."""
    total = torch.zeros(())
    for own, labels in zip(scores.unbind(-1), grades.unbind(-1), strict=True):
        known, known_labels = mask & ~labels.isnan(), labels.nan_to_num()
        lowest = torch.where(known, known_labels, torch.inf).amin(dim=1)
        informative = torch.where(known, known_labels, -torch.inf).amax(dim=1) > lowest
        if informative.any():
            total = total + loss(
                own[informative], known_labels[informative], known[informative]
            ) * informative.sum() / len(informative)
    return total / scores.shape[-1]
