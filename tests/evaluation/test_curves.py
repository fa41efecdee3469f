import numpy as np
import pytest

from ltr_plugin.evaluation.curves import RECALL_LEVELS, precision_at_recall
from ltr_plugin.judgments.qrels import Qrels


def run(**found):
    return {
        query: [(product, -float(rank)) for rank, product in enumerate(products)] for query, products in found.items()
    }


def test_precision_is_the_best_at_that_recall_or_beyond():
    qrels = Qrels({"q": {"a": 2, "b": 1, "c": 0}})
    curve = precision_at_recall(run(q=["c", "a", "b"]), qrels)
    assert curve == pytest.approx(np.full(len(RECALL_LEVELS), 2 / 3))
    half = precision_at_recall(run(q=["a", "c"]), qrels)
    assert half[RECALL_LEVELS <= 0.5].tolist() == [1.0] * 11
    assert half[RECALL_LEVELS > 0.5].tolist() == [0.0] * 10


def test_queries_without_an_answer_are_left_out_and_without_results_count_as_nothing():
    qrels = Qrels({"none": {"a": 0}, "missed": {"a": 1}, "found": {"a": 1}})
    assert precision_at_recall(run(found=["a"], none=["a"]), qrels)[0] == 0.5
    assert precision_at_recall({}, Qrels({"none": {"a": 0}})).tolist() == [0.0] * len(RECALL_LEVELS)
