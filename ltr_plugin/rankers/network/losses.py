"""Ranking losses for networks, and NDCG, over padded lists of products.

Each loss takes `scores` and `grades`, both float (queries, products), and a `mask` that is false where a list is
padded; it gives the mean over the queries, to be minimised. A product's gain is 2**grade - 1 (Burges et al. 2005).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ltr_plugin.rankers.network.settings import LossName

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

MU = 10.0
"""Weight of the distance between two ranks beside the ranks themselves, as in the paper's NDCG-Loss2++."""
PADDING_SCORE = -1e30
"""The score of padding: below every product's."""


def lambda_loss(scores: Tensor, grades: Tensor, mask: Tensor, *, k: int = 10) -> Tensor:
    """LambdaLoss with its NDCG-Loss2++ weights (Wang et al., The LambdaLoss Framework, CIKM 2018), for NDCG@`k`.

    The logistic loss of each pair in which a product of the first `k` (by the present scores) stands in the wrong or
    the right place, weighed by what a swap would do to NDCG.
    """
    order = scores.masked_fill(~mask, PADDING_SCORE).argsort(dim=1, descending=True, stable=True)
    ranked, inside = scores.gather(1, order), mask.gather(1, order)
    gains = _gains(grades, mask).gather(1, order) / _ideal_dcg(grades, mask, k)[:, None]
    size = scores.shape[1]
    ranks = torch.arange(1, size + 1, dtype=scores.dtype)
    high, low = ranks[:k, None], ranks[None, :]
    distance = (low - high).abs()
    delta = torch.where(distance > 0, _discount(distance.clamp(min=1)) - _discount(distance + 1), 0.0)
    change = MU * delta + (_discount(high) - _discount(low)).abs()
    ours, theirs = gains[:, :k, None], gains[:, None, :]
    # A pair of two products of the first `k` would be met twice.
    once = (low > high) & inside[:, :k, None] & inside[:, None, :]
    weights = (ours - theirs).abs() * change * once
    margin = (ranked[:, :k, None] - ranked[:, None, :]) * torch.sign(ours - theirs)
    return (weights.detach() * softplus(-margin)).sum() / len(scores)


def listnet_loss(scores: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """ListNet's top-one cross entropy (Cao et al., ICML 2007), with gains where it has exp(grade).

    So a product without gain gets no share of its list (Bruch, An Alternative Cross Entropy Loss, 2021).
    """
    gains = _gains(grades, mask)
    return cross_entropy(scores, gains / gains.sum(dim=1, keepdim=True).clamp(min=1e-12), mask)


def approx_ndcg_loss(scores: Tensor, grades: Tensor, mask: Tensor, *, temperature: float = 0.1) -> Tensor:
    """1 - NDCG of ranks counted by sigmoids (Qin, Liu and Li, A General Approximation Framework, 2010)."""
    differences = (scores[:, None, :] - scores[:, :, None]) / temperature
    above = torch.sigmoid(differences) * (mask[:, None, :] & mask[:, :, None])
    ranks = 0.5 + above.sum(dim=2)
    size = scores.shape[1]
    found = (_gains(grades, mask) * _discount(ranks.clamp(min=1))).sum(dim=1)
    return (1 - found / _ideal_dcg(grades, mask, size)).mean()


def ranknet_loss(scores: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """The logistic loss of a query's pairs of different grades (Burges et al., ICML 2005)."""
    pairs = (grades[:, :, None] > grades[:, None, :]) & mask[:, :, None] & mask[:, None, :]
    losses = softplus(scores[:, None, :] - scores[:, :, None]) * pairs
    return (losses.sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp(min=1)).mean()


def cross_entropy(scores: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """The cross entropy of softmax(scores) from `targets`, which sum to 1 for each query."""
    log_probabilities = torch.log_softmax(scores.masked_fill(~mask, PADDING_SCORE), dim=1)
    return -(targets * log_probabilities * mask).sum() / len(scores)


def ndcg(scores: Tensor, grades: Tensor, mask: Tensor, *, k: int = 10) -> Tensor:
    """NDCG@`k` of each query, (queries,); of equal scores the earlier product stands first."""
    order = scores.masked_fill(~mask, PADDING_SCORE).argsort(dim=1, descending=True, stable=True)[:, :k]
    gains = _gains(grades, mask).gather(1, order)
    return (gains * _discounts(gains)).sum(dim=1) / _ideal_dcg(grades, mask, k)


LOSSES: Mapping[LossName, Loss] = {
    "lambda": lambda_loss,
    "listnet": listnet_loss,
    "ndcg": approx_ndcg_loss,
    "ranknet": ranknet_loss,
}


def _gains(grades: Tensor, mask: Tensor) -> Tensor:
    return (torch.exp2(grades) - 1) * mask


def _ideal_dcg(grades: Tensor, mask: Tensor, k: int) -> Tensor:
    """The best DCG@`k` of each query, (queries,); never 0."""
    best = _gains(grades, mask).sort(dim=1, descending=True).values[:, :k]
    return (best * _discounts(best)).sum(dim=1).clamp(min=1e-12)


def _discounts(ranked: Tensor) -> Tensor:
    return _discount(torch.arange(1, ranked.shape[1] + 1, dtype=ranked.dtype))


def _discount(rank: Tensor) -> Tensor:
    return 1 / torch.log2(1 + rank)
