import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.training.folds import folds_by_query, holdout_queries

QUERIES = [f"q{number}" for number in range(23)]


def test_folds_hold_every_query_once_and_differ_by_one_at_most():
    folds = folds_by_query(QUERIES, 5, seed=7)
    assert sorted(query for fold in folds for query in fold) == sorted(QUERIES)
    assert sorted(map(len, folds)) == [4, 4, 5, 5, 5]


def test_folds_depend_on_the_seed_and_not_on_order_or_repetition():
    assert folds_by_query(QUERIES, 5, 7) == folds_by_query([*reversed(QUERIES), *QUERIES], 5, 7)
    assert folds_by_query(QUERIES, 5, 7) != folds_by_query(QUERIES, 5, 8)


@pytest.mark.parametrize("k", [0, 1, 24])
def test_folds_that_cannot_be_are_refused(k):
    with pytest.raises(InputError, match=f"{k} folds? of 23 queries"):
        folds_by_query(QUERIES, k, 7)


@pytest.mark.parametrize(("fraction", "count"), [(0.2, 5), (0.001, 1), (0.999, 22)])
def test_held_out_leaves_queries_on_both_sides(fraction, count):
    assert len(holdout_queries(QUERIES, fraction, 7)) == count
    assert holdout_queries(QUERIES, fraction, 7) < set(QUERIES)


def test_one_query_cannot_be_held_out():
    assert holdout_queries(["only"], 0.5, 7) == frozenset()
