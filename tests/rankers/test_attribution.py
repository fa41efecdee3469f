"""Contributions are exact, sum to the score, and treat equal features alike."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.attribution import attribute, owen_values
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import train_linear

ZEROS = np.zeros(4, np.float32)


def score(values):
    a, b, c, d = values.astype(np.float64).T
    return np.tanh(a * b) + np.maximum(c, d) * a + 0.5 * d


def by_all_orders(row, groups, start):
    """Owen values by their definition: the mean over all orders in which each group stands together."""
    found, orders = np.zeros(len(row)), 0
    for order in permutations(range(len(row))):
        met = [groups[place] for place in order]
        if sum(one != other for one, other in pairwise(met)) != len(set(met)) - 1:
            continue
        orders += 1
        known = start[None].copy()
        for place in order:
            before = score(known)[0]
            known[0, place] = row[place]
            found[place] += score(known)[0] - before
    return found / orders


@pytest.mark.parametrize("start", [ZEROS, np.array([0.1, -1.2, 2.0, -0.5], np.float32)], ids=["zeros", "typical"])
def test_owen_values_are_the_mean_over_all_orders_that_keep_groups_together(start):
    row, groups = np.array([0.7, -1.2, 0.4, 2.0], np.float32), ["text", "text", "image", "audio"]
    found = owen_values(score, row, groups, start)
    assert found == pytest.approx(by_all_orders(row, groups, start), abs=1e-12)
    assert found.sum() == pytest.approx(score(row[None])[0] - score(start[None])[0], abs=1e-12)


def test_a_feature_with_its_background_value_adds_nothing():
    row, start = np.array([3.0, 1.0, 2.0, 0.0], np.float32), np.array([3.0, 0, 0, 0], np.float32)
    assert owen_values(score, row, ["a", "a", "b", "b"], start)[[0, 3]].tolist() == [0, 0]


def test_too_many_coalitions_are_refused():
    with pytest.raises(InputError, match="40 features of text differ from the background"):
        owen_values(score, np.ones(40, np.float32), ["text"] * 40, np.zeros(40, np.float32))


@pytest.mark.parametrize(
    "train", [train_linear, lambda table: train_lambdamart(table, LambdaMARTSettings(num_trees=40))]
)
def test_contributions_sum_to_the_score(shop, train):
    ranker = train(shop)
    rows = shop.zero_filled[:: max(1, len(shop) // 20)]
    background = np.median(shop.zero_filled, axis=0)
    for row, expected in zip(rows, ranker.predict(rows), strict=True):
        found = attribute(ranker, row, background)
        assert found.score == pytest.approx(expected, abs=1e-6)
        assert sum(found.by_modality().values()) + found.base_value == pytest.approx(expected, abs=1e-6)


def test_the_difference_of_two_scores_is_explained_by_feature(shop):
    ranker = train_linear(shop)
    one, other = (attribute(ranker, row) for row in shop.zero_filled[:2])
    assert sum(one.versus(other).values()) == pytest.approx(one.score - other.score, abs=1e-6)
