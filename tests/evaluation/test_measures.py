from math import log2

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import judged_only, run_from_scores
from ltr_plugin.judgments.qrels import Qrels

QRELS = Qrels({"a": {"x": 2, "y": 0, "z": 1}, "b": {"x": 0}, "c": {"x": 1}})


def values(run, query, **options):
    return dict(zip(MEASURES, per_query(run, QRELS, **options)[QRELS.queries().index(query)], strict=True))


def test_measures_by_hand():
    run = {"a": [("y", 9.0), ("x", 8.0), ("unknown", 7.0)]}
    assert values(run, "a") == pytest.approx(
        {
            "nDCG@10": (2 / log2(3)) / (2 + 1 / log2(3)),
            "RR": 1 / 2,
            "P@10": 1 / 10,
            "R@100": 1 / 2,
            "AP": 1 / 2 / 2,
            "Judged@10": 2 / 3,
            "R@10": 1 / 2,
            "F1@10": 2 * (1 / 10) * (1 / 2) / (1 / 10 + 1 / 2),
            "Success@10": 1,
            "Acc@10": 1 / 3,  # x is rightly among the first ten, y wrongly, and z wrongly not
        }
    )


def test_the_first_ten_are_parted_from_the_rest():
    others = [(f"p{place:03}", 0.0) for place in range(9)]
    within, beyond = {"c": [*others, ("x", 0.0)]}, {"c": [*others, ("y", 0.0), ("x", 0.0)]}
    names = ("P@10", "R@10", "F1@10", "Success@10", "Acc@10")
    assert [values(within, "c")[name] for name in names] == pytest.approx([1 / 10, 1, 2 / 11, 1, 1])
    assert [values(beyond, "c")[name] for name in names] == [0, 0, 0, 0, 0]
    assert values(beyond, "c")["R@100"] == 1


def test_finding_nothing_is_right_about_what_is_not_relevant():
    measured = {query: values({}, query) for query in "abc"}
    assert [measured[query]["Acc@10"] for query in "abc"] == pytest.approx([1 / 3, 1, 0])
    assert {measured[query]["F1@10"] for query in "abc"} == {0}
    wrong = values({"b": [("x", 1.0)]}, "b")
    assert (wrong["Acc@10"], wrong["F1@10"]) == (0, 0)


def test_exponential_gain_by_hand():
    run = {"a": [("z", 9.0), ("x", 8.0)]}
    assert values(run, "a", gain="exponential")["nDCG@10"] == pytest.approx((1 + 3 / log2(3)) / (3 + 1 / log2(3)))
    assert values(run, "a")["nDCG@10"] == pytest.approx((1 + 2 / log2(3)) / (2 + 1 / log2(3)))


def test_every_judged_query_counts():
    measured = per_query({"a": [("x", 1.0), ("z", 0.0)], "c": [], "not judged": [("x", 1.0)]}, QRELS)
    assert measured.shape == (3, len(MEASURES))
    assert measured[0, 0] == 1
    others = [column for column, name in enumerate(MEASURES) if name != "Acc@10"]
    assert not measured[1:, others].any()


def test_the_order_given_counts_where_scores_tie_or_disagree():
    tied = {"a": [("y", 1.0), ("x", 1.0), ("z", 1.0)]}
    assert values(tied, "a")["RR"] == 1 / 2
    many = {"c": [(f"p{place:03}", 1.0) for place in range(10)] + [("x", 1.0)]}
    assert values(many, "c")["Success@10"] == values(many, "c")["Acc@10"] == 0
    other = {"a": [("x", 1.0), ("z", 1.0), ("y", 5.0)]}
    assert values(other, "a")["nDCG@10"] == 1


def test_deep_results_keep_their_order():
    run = {"c": [(f"p{place:03}", 0.0) for place in range(99)] + [("x", 0.0)]}
    assert values(run, "c")["RR"] == 1 / 100
    assert values(run, "c")["R@100"] == 1


def test_a_product_twice_is_refused():
    with pytest.raises(InputError, match="'x' 2 times"):
        per_query({"a": [("x", 2.0), ("x", 1.0)]}, QRELS)


def test_judged_only_keeps_the_order_of_what_is_judged():
    run = judged_only({"a": [("new", 3.0), ("z", 2.0), ("x", 1.0)], "other": [("x", 1.0)]}, QRELS)
    assert run == {"a": [("z", 2.0), ("x", 1.0)], "other": []}


def test_ranked_orders_by_score_and_keeps_ties_in_row_order():
    import numpy as np

    queries = np.array(["a", "b", "a", "a"], dtype=object)
    products = np.array(["p", "q", "r", "s"], dtype=object)
    assert run_from_scores(queries, products, np.array([1.0, 0.0, 1.0, 2.0])) == {
        "a": [("s", 2.0), ("p", 1.0), ("r", 1.0)],
        "b": [("q", 0.0)],
    }
