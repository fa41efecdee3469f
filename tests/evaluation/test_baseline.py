import numpy as np

from ltr_plugin.evaluation.baseline import default_baseline

NAMES = ("bm25", "vectors", "trained")
HALVES = [np.repeat([True, False], 10), np.repeat([False, True], 10)]


def values(*means_of_halves):
    """The measure of 20 queries for each ranker, from its mean on either half."""
    return np.array([np.repeat(means, 10) for means in means_of_halves])


def test_the_first_ranker_is_the_baseline():
    assert default_baseline(NAMES, values((0.4, 0.1), (0.5, 0.5), (0.6, 0.6)), HALVES, ["bm25", "vectors"]) == "bm25"


def test_an_alternative_that_says_more_replaces_a_ranker_that_has_0_on_a_slice():
    zero = values((0.4, 0), (0.3, 0.3), (0.6, 0.6))
    assert default_baseline(NAMES, zero, HALVES, ["bm25", "vectors"]) == "vectors"
    assert default_baseline(NAMES, zero, HALVES) == "bm25"


def test_an_alternative_that_says_no_more_does_not():
    both = values((0.4, 0), (0.5, 0), (0.6, 0.6))
    assert default_baseline(NAMES, both, HALVES, ["vectors"]) == "bm25"
    worse = values((0.4, 0), (0.1, 0.1), (0.6, 0.6))
    assert default_baseline(NAMES, worse, HALVES, ["vectors"]) == "bm25"


def test_a_slice_counts_when_it_is_large_and_has_an_answer():
    one_query = [np.arange(20) == 19]
    found = values((0.4, 0.4), (0.5, 0.5), (0.6, 0.6))
    found[0, 19] = 0
    assert default_baseline(NAMES, found, one_query, ["vectors"]) == "bm25"
    unanswerable = values((0.4, 0), (0.5, 0), (0.6, 0))
    assert default_baseline(NAMES, unanswerable, HALVES, ["vectors"]) == "bm25"
