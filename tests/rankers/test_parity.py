import numpy as np

from ltr_plugin.rankers.export.parity import compare_scores

QUERIES = np.array(["a", "a", "a", "b", "b"], dtype=object)
SCORES = np.array([1.0, 2.0, 3.0, -5.0, 100.0])


def test_equal_scores_hold_with_every_pair_counted():
    parity = compare_scores(QUERIES, SCORES, SCORES.copy())
    assert (parity.rows, parity.queries, parity.pairs, parity.out_of_order) == (5, 2, 4, 0)
    assert parity.passed


def test_the_difference_is_relative_to_large_scores_and_absolute_to_small_ones():
    assert np.isclose(compare_scores(QUERIES, SCORES, SCORES + np.array([0, 0, 0, 0, 0.01])).largest_difference, 1e-4)
    assert np.isclose(compare_scores(QUERIES, SCORES, SCORES + np.array([1e-4, 0, 0, 0, 0])).largest_difference, 1e-4)


def test_a_swapped_pair_is_counted_once_and_breaks_parity():
    parity = compare_scores(QUERIES, SCORES, np.array([2.0, 1.0, 3.0, -5.0, 100.0]))
    assert parity.out_of_order == 1
    assert not parity.passed


def test_ties_within_the_tolerance_are_no_swaps():
    local, remote = np.array([1.0, 1.0 + 1e-7]), np.array([1.0 + 1e-7, 1.0])
    assert compare_scores(np.array(["a", "a"], dtype=object), local, remote).passed


def test_a_nan_on_one_side_never_agrees():
    assert not compare_scores(QUERIES, SCORES, np.where(SCORES == 3, np.nan, SCORES)).passed


def test_nothing_compared_proves_nothing():
    assert not compare_scores(QUERIES[:0], SCORES[:0], SCORES[:0]).passed
