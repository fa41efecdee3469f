"""Each loss of small lists against numbers computed by hand, and against its own gradient's direction."""

import math

import numpy as np
import pytest
import torch

from ltr_plugin.rankers.network.losses import (
    LOSSES,
    approx_ndcg_loss,
    cross_entropy,
    lambda_loss,
    listnet_loss,
    ndcg,
    ranknet_loss,
)


def lists(*rows):
    """Padded scores, grades and mask of lists of (score, grade)."""
    size = max(map(len, rows))
    padded = [[*row, *[(9.0, 0)] * (size - len(row))] for row in rows]
    mask = torch.tensor([[place < len(row) for place in range(size)] for row in rows])
    scores = torch.tensor([[score for score, _ in row] for row in padded], dtype=torch.float64)
    return scores, torch.tensor([[grade for _, grade in row] for row in padded], dtype=torch.float64), mask


def logistic(margin):
    return math.log1p(math.exp(-margin))


def test_ndcg_of_one_list():
    # order by score: grades 0, 2, 1
    found = ndcg(*lists([(1.0, 2), (2.0, 0), (0.5, 1)]))
    best = 3 + 1 / math.log2(3)
    assert found.tolist() == pytest.approx([(3 / math.log2(3) + 1 / 2) / best])


def test_ndcg_looks_at_the_first_places_only():
    assert ndcg(*lists([(1.0, 2), (2.0, 0)]), k=1).tolist() == [0]


def test_padding_has_no_place_in_a_list():
    long, short = [(1.0, 2), (2.0, 0), (0.5, 1)], [(0.5, 0), (0.1, 1)]
    for loss in (*LOSSES.values(), lambda *rows: ndcg(*rows).mean()):
        apart = (float(loss(*lists(long))) + float(loss(*lists(short)))) / 2
        assert float(loss(*lists(long, short))) == pytest.approx(apart)


def test_rank_net_is_the_logistic_loss_of_the_pairs():
    loss = ranknet_loss(*lists([(1.0, 2), (2.0, 0), (0.5, 1)]))
    pairs = [logistic(1.0 - 2.0), logistic(1.0 - 0.5), logistic(0.5 - 2.0)]
    assert float(loss) == pytest.approx(sum(pairs) / 3)


def test_list_net_is_the_cross_entropy_of_gains():
    loss = listnet_loss(*lists([(math.log(1), 0), (math.log(2), 1), (math.log(5), 2)]))
    assert float(loss) == pytest.approx(-(math.log(2 / 8) / 4 + 3 * math.log(5 / 8) / 4))


def test_cross_entropy_is_least_at_the_shares():
    _, _, mask = lists([(0.0, 0), (0.0, 0)])
    targets = torch.tensor([[0.2, 0.8]], dtype=torch.float64)
    at = float(cross_entropy(torch.log(targets), targets, mask))
    assert at == pytest.approx(-(0.2 * math.log(0.2) + 0.8 * math.log(0.8)))
    assert float(cross_entropy(torch.log(targets) + torch.tensor([[0.1, 0.0]]), targets, mask)) > at


def test_approximate_ndcg_counts_ranks_softly():
    soft = 1 / (1 + math.exp(-1 / 0.5))
    ranks = [1 + soft, 1 + (1 - soft)]
    loss = approx_ndcg_loss(*lists([(1.0, 2), (2.0, 1)]), temperature=0.5)
    best = 3 + 1 / math.log2(3)
    assert float(loss) == pytest.approx(1 - (3 / math.log2(1 + ranks[0]) + 1 / math.log2(1 + ranks[1])) / best)
    sharp = approx_ndcg_loss(*lists([(1.0, 2), (2.0, 0), (0.5, 1)]), temperature=1e-3)
    assert float(sharp) == pytest.approx(1 - float(ndcg(*lists([(1.0, 2), (2.0, 0), (0.5, 1)]))))


def test_lambda_loss_weighs_pairs_by_what_a_swap_would_do():
    def discount(rank):
        return 1 / math.log2(1 + rank)

    # ranks by score: 1 (grade 0), 2 (grade 2), 3 (grade 1)
    gains, scores, best = [0, 3, 1], [2.0, 1.0, 0.5], 3 + discount(2)
    expected = 0.0
    for i, j in ((0, 1), (0, 2), (1, 2)):
        delta = discount(j - i) - discount(j - i + 1)
        weight = abs(gains[i] - gains[j]) / best * (10 * delta + discount(i + 1) - discount(j + 1))
        better, worse = (i, j) if gains[i] > gains[j] else (j, i)
        expected += weight * logistic(scores[better] - scores[worse])
    assert float(lambda_loss(*lists([(1.0, 2), (2.0, 0), (0.5, 1)]))) == pytest.approx(expected)


def test_lambda_loss_leaves_pairs_below_the_first_places_alone():
    scores, grades, mask = lists([(3.0, 2), (2.0, 0), (1.0, 1)])
    scores.requires_grad_()
    lambda_loss(scores, grades, mask, k=1).backward()
    assert scores.grad[0, 0] < 0
    assert float(scores.grad.sum()) == pytest.approx(0)
    below = [(9.0, 2), (2.0, 0), (1.0, 0)], [(9.0, 2), (1.0, 0), (2.0, 0)]
    first, second = (float(lambda_loss(*lists(row), k=1)) for row in below)
    assert first == pytest.approx(second)


@pytest.mark.parametrize("name", LOSSES)
def test_going_down_each_loss_puts_a_list_in_order(name):
    rng = np.random.default_rng(3)
    grades = torch.tensor(rng.integers(0, 4, (6, 12)), dtype=torch.float32)
    mask = torch.ones(6, 12, dtype=torch.bool)
    scores = torch.tensor(rng.normal(0, 0.1, (6, 12)), dtype=torch.float32, requires_grad=True)
    before = float(ndcg(scores.detach(), grades, mask).mean())
    for _ in range(300):
        (gradient,) = torch.autograd.grad(LOSSES[name](scores, grades, mask), scores)
        scores = (scores - gradient).detach().requires_grad_()
    assert float(ndcg(scores.detach(), grades, mask).mean()) > max(0.95, before + 0.1)


@pytest.mark.parametrize("name", LOSSES)
def test_a_list_without_a_gain_costs_nothing_and_breaks_nothing(name):
    scores, grades, mask = lists([(1.0, 0), (2.0, 0)])
    scores.requires_grad_()
    loss = LOSSES[name](scores, grades, mask)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(scores.grad).all()
