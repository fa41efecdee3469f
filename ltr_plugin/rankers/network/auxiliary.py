"""Auxiliary judgments, such as clicks and purchases, that a network learns beside the grades (multi-task learning).

Each kind of judgment has a linear head on the hidden units and gates of the towers, so that its loss trains the towers
as well (Caruana, Multitask Learning, 1997, https://doi.org/10.1023/A:1007379606734). The trained ranker has no heads.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Floats
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.network.losses import Loss
from ltr_plugin.rankers.network.network import FusionNetwork, FusionOutput
from ltr_plugin.rankers.training.rows import TrainingRows


class AuxiliaryHeads(nn.Module):
    """One score for each kind of auxiliary judgment, computed from the output of a network."""

    def __init__(self, network: FusionNetwork, label_count: int) -> None:
        """`label_count` is the number of kinds of judgments."""
        super().__init__()
        self.towers = nn.ModuleDict({name: nn.Linear(network.units, label_count) for name in network.layout.towers})

    def forward(self, output: FusionOutput) -> Tensor:
        """The scores, (..., kinds)."""
        total = torch.zeros(())
        for name, head in self.towers.items():
            scores = head(output.units[name])
            total = total + (output.gates[name][..., None] * scores if name in output.gates else scores)
        return total


def label_rows(rows: TrainingRows, auxiliary_qrels: Mapping[str, Qrels]) -> Floats:
    """The auxiliary grade of each row, float32 (rows, kinds).

    A product that a query's judgments do not name has grade 0; all products of a query without judgments of a kind
    have NaN. InputError when a kind of judgment gives the products of no query different grades.
    """
    labels = np.full((len(rows), len(auxiliary_qrels)), np.nan, np.float32)
    for column, (name, qrels) in enumerate(auxiliary_qrels.items()):
        informative_queries = 0
        for query, start, size in zip(rows.queries, rows.starts, rows.sizes, strict=True):
            if query in qrels:
                grades = qrels.for_query(query)
                query_labels = [grades.get(product, 0) for product in rows.products[start : start + size]]
                labels[start : start + size, column] = query_labels
                informative_queries += len(set(query_labels)) > 1
        if not informative_queries:
            raise InputError(
                name,
                "gives all products of the table the same grade; check that both use the same query and product ids",
            )
    return labels


def judgments_of_table(table: FeatureTable, name: str, qrels: Qrels) -> Qrels:
    """The judgments of the table's queries: joined by text where the judgments name texts, else by id.

    InputError, which begins with `name`, when they name texts and the table has none of them.
    """
    texts = table.provenance.texts
    if not qrels.texts:
        return qrels
    queries = dict.fromkeys(map(str, table.queries))
    joined = qrels.joined({query: texts.get(query) for query in queries})[0] if texts else qrels
    if not any(query in joined for query in queries):
        lacks = "has none of these texts" if texts else "has no texts, since an earlier version logged it; log it again"
        raise InputError(name, f"names queries by their texts, and the table {lacks}")
    return joined


def auxiliary_loss(scores: Tensor, grades: Tensor, mask: Tensor, loss: Loss) -> Tensor:
    """The mean of `loss` over the kinds of judgments, of `scores` and `grades` (queries, products, kinds).

    Rows whose grade is NaN are left out, and so are queries whose known grades are all the same.
    """
    total = torch.zeros(())
    for kind_scores, labels in zip(scores.unbind(-1), grades.unbind(-1), strict=True):
        known, known_labels = mask & ~labels.isnan(), labels.nan_to_num()
        lowest = torch.where(known, known_labels, torch.inf).amin(dim=1)
        informative = torch.where(known, known_labels, -torch.inf).amax(dim=1) > lowest
        if informative.any():
            value = loss(kind_scores[informative], known_labels[informative], known[informative])
            total = total + value * informative.sum() / len(informative)
    return total / scores.shape[-1]
