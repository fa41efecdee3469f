import json

import numpy as np
import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.judgments.qrels import Qrels

QUERIES = [f"q{number:02}" for number in range(40)]
QRELS = Qrels({query: {"good": 2, "fair": 1, "bad": 0} for query in QUERIES})
RUNS = {
    "bm25": {query: [("bad", 3.0), ("fair", 2.0), ("good", 1.0)] for query in QUERIES},
    "lambdamart": {query: [("good", 3.0), ("fair", 2.0), ("bad", 1.0)] for query in QUERIES},
    "copy": {query: [("bad", 3.0), ("fair", 2.0), ("good", 1.0)] for query in QUERIES},
}


@pytest.fixture(scope="module")
def comparison():
    return compare(RUNS, QRELS, {"typed": [*QUERIES[:10], "unknown"], "photo": []}, resamples=2000)


def test_means_differences_and_p_values(comparison):
    better = comparison.of("all", "lambdamart", "nDCG@10")
    baseline = comparison.of("all", "bm25", "nDCG@10")
    assert better.mean == pytest.approx(1)
    assert baseline.mean == pytest.approx(per_query(RUNS["bm25"], QRELS)[:, 0].mean())
    assert better.difference == pytest.approx(better.mean - baseline.mean)
    assert better.p == pytest.approx(1 / 2001)
    assert better.p_holm == pytest.approx(2 / 2001)
    assert better.significant
    assert comparison.of("all", "copy", "nDCG@10").p_holm == 1
    assert (baseline.difference, baseline.p, baseline.p_holm) == (None, None, None)


def test_slices_hold_their_judged_queries_and_empty_ones_are_left_out(comparison):
    assert comparison.slices == {"all": 40, "typed": 10}


def test_intervals_contain_the_mean():
    rng = np.random.default_rng(5)
    run = {query: [(str(p), 0.0) for p in rng.permutation(["good", "fair", "bad"])] for query in QUERIES}
    result = compare({"random": run}, QRELS, resamples=500).of("all", "random", "nDCG@10")
    assert 0 < result.low < result.mean < result.high < 1


def test_json_has_stable_keys_and_nothing_but_json(comparison):
    found = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert found["baseline"] == "bm25"
    assert found["gain"] == "linear"
    assert list(found["slices"]) == ["all", "typed"]
    assert list(found["slices"]["all"]["rankers"]) == ["bm25", "lambdamart", "copy"]
    numbers = found["slices"]["typed"]["rankers"]["lambdamart"]
    assert tuple(numbers) == MEASURES
    assert list(numbers["RR"]) == ["mean", "low", "high", "difference", "p", "p_holm"]


def test_the_same_seed_gives_the_same_report(comparison):
    again = compare(RUNS, QRELS, {"typed": QUERIES[:10], "photo": []}, resamples=2000)
    assert again.to_json() == comparison.to_json()


def test_markdown_shows_every_ranker_and_marks_the_better_one(comparison):
    markdown = comparison.to_markdown()
    assert "### whole index: typed (10 queries)" in markdown
    assert "| lambdamart | 1.000 [1.000, 1.000]* |" in markdown
    assert "randomisation test" in markdown


def test_the_baseline_can_be_any_of_the_rankers(comparison):
    other = compare(RUNS, QRELS, baseline="lambdamart", resamples=500)
    worse = other.of("all", "bm25", "nDCG@10")
    assert other.baseline == "lambdamart"
    assert worse.difference == pytest.approx(-comparison.of("all", "lambdamart", "nDCG@10").difference)
    assert worse.significant
    assert other.of("all", "lambdamart", "nDCG@10").p is None
    assert "* significantly different from lambdamart" in other.legend
    with pytest.raises(InputError, match="'bm52' is not compared; choose one of: bm25, lambdamart, copy"):
        compare(RUNS, QRELS, baseline="bm52")


def test_nothing_is_marked_where_the_baseline_has_0():
    runs = {"bm25": {**RUNS["bm25"], **{query: [] for query in QUERIES[:20]}}, "lambdamart": RUNS["lambdamart"]}
    slices = {"photo": QUERIES[:20], "typed": QUERIES[20:]}
    found = compare(runs, QRELS, slices, resamples=500)
    marked = {name: found.starred(found.of(name, "lambdamart", "nDCG@10")) for name in found.slices}
    assert marked == {"all": True, "photo": False, "typed": True}
    assert found.zero_slices("bm25") == {"photo": 20}
    assert found.zero_slices("lambdamart") == {}
    assert "not marked where bm25 has 0" in found.legend


def test_all_pairs_of_rankers_are_compared(comparison):
    found = {(test.first, test.second): test for test in comparison.pairwise_tests}
    assert list(found) == [("bm25", "lambdamart"), ("bm25", "copy"), ("lambdamart", "copy")]
    better = comparison.of("all", "lambdamart", "nDCG@10").difference
    assert found["bm25", "lambdamart"].difference == pytest.approx(-better)
    assert found["lambdamart", "copy"].p_holm == pytest.approx(3 / 2001)
    assert found["bm25", "copy"].p_holm == 1
    markdown = comparison.to_markdown()
    assert f"| lambdamart | {better:+.3f} (<0.01) |  | {better:+.3f} (<0.01) |" in markdown
    assert f"| copy | +0.000 (1.00) | {-better:+.3f} (<0.01) |  |" in markdown


def test_two_rankers_have_no_table_of_pairwise_tests():
    assert "pairwise" not in compare(dict(list(RUNS.items())[:2]), QRELS, resamples=100).to_markdown()


def test_nothing_to_compare_is_refused():
    with pytest.raises(InputError, match="no ranker"):
        compare({}, QRELS)
    with pytest.raises(InputError, match="judgments"):
        compare(RUNS, Qrels({}))
