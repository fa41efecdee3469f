"""Ranking losses in PyTorch, and NDCG, on batches of queries padded to the same number of products.

Each loss takes `scores` and `grades`, both float (queries, products), and a bool `mask` that is false for padding. It
returns the mean over the queries, to be minimised. The gain of a product is 2**grade - 1 (Burges et al., ICML 2005).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ltr_plugin.rankers.network.settings import LossName

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

MU = 10.0
"""The mu of NDCG-Loss2++: the weight of NDCG-Loss2 (by distance of ranks) relative to LambdaRank's (by ranks)."""
PADDING_SCORE = -1e30
"""The score of padding, lower than that of any product."""


def lambda_loss(scores: Tensor, grades: Tensor, mask: Tensor, *, k: int = 10) -> Tensor:
    """LambdaLoss with the weights of NDCG-Loss2++ (Wang et al., The LambdaLoss Framework, CIKM 2018), for NDCG@`k`.

    The logistic loss of each pair of products of which at least one is among the first `k` by the present scores,
    weighted by how much NDCG would change if the two were swapped.
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
    gain_high, gain_low = gains[:, :k, None], gains[:, None, :]
    # Without this, a pair of two products of the first `k` would count twice.
    counted = (low > high) & inside[:, :k, None] & inside[:, None, :]
    weights = (gain_high - gain_low).abs() * change * counted
    margin = (ranked[:, :k, None] - ranked[:, None, :]) * torch.sign(gain_high - gain_low)
    return (weights.detach() * softplus(-margin)).sum() / len(scores)


def listnet_loss(scores: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """ListNet's top-one cross entropy (Cao et al., ICML 2007), with gains in place of exp(grade).

    With gains, a product of grade 0 has the target 0 (Bruch, An Alternative Cross Entropy Loss for Learning-to-Rank,
    2021).
    """
    gains = _gains(grades, mask)
    return cross_entropy(scores, gains / gains.sum(dim=1, keepdim=True).clamp(min=1e-12), mask)


def approx_ndcg_loss(scores: Tensor, grades: Tensor, mask: Tensor, *, temperature: float = 0.1) -> Tensor:
    """ApproxNDCG: 1 - NDCG with ranks approximated by sums of sigmoids.

    (Qin, Liu and Li, A General Approximation Framework for Direct Optimization of Information Retrieval Measures,
    Information Retrieval 13, 2010.)
    """
    differences = (scores[:, None, :] - scores[:, :, None]) / temperature
    above = torch.sigmoid(differences) * (mask[:, None, :] & mask[:, :, None])
    ranks = 0.5 + above.sum(dim=2)
    size = scores.shape[1]
    dcg = (_gains(grades, mask) * _discount(ranks.clamp(min=1))).sum(dim=1)
    return (1 - dcg / _ideal_dcg(grades, mask, size)).mean()


def ranknet_loss(scores: Tensor, grades: Tensor, mask: Tensor) -> Tensor:
    """RankNet: the mean logistic loss of a query's pairs of products of different grades (Burges et al., ICML 2005)."""
    pairs = (grades[:, :, None] > grades[:, None, :]) & mask[:, :, None] & mask[:, None, :]
    losses = softplus(scores[:, None, :] - scores[:, :, None]) * pairs
    return (losses.sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp(min=1)).mean()


def cross_entropy(scores: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """The cross entropy of the softmax of `scores` against `targets`, which sum to 1 for each query."""
    log_probabilities = torch.log_softmax(scores.masked_fill(~mask, PADDING_SCORE), dim=1)
    return -(targets * log_probabilities * mask).sum() / len(scores)


def ndcg(scores: Tensor, grades: Tensor, mask: Tensor, *, k: int = 10) -> Tensor:
    """NDCG@`k` of each query, (queries,); products with equal scores keep their order."""
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
    """The highest possible DCG@`k` of each query, (queries,); never 0."""
    best = _gains(grades, mask).sort(dim=1, descending=True).values[:, :k]
    return (best * _discounts(best)).sum(dim=1).clamp(min=1e-12)


def _discounts(ranked: Tensor) -> Tensor:
    return _discount(torch.arange(1, ranked.shape[1] + 1, dtype=ranked.dtype))


def _discount(rank: Tensor) -> Tensor:
    return 1 / torch.log2(1 + rank)
