from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.verdict import verdict_of
from ltr_plugin.judgments.qrels import Qrels

QUERIES = [f"q{number:02}" for number in range(30)]
QRELS = Qrels({query: {"good": 2, "fair": 1, "bad": 0} for query in QUERIES})
WORST = {query: [("bad", 3.0), ("fair", 2.0), ("good", 1.0)] for query in QUERIES}
BEST = {query: [("good", 3.0), ("fair", 2.0), ("bad", 1.0)] for query in QUERIES}
NEARLY = {**BEST, "q00": WORST["q00"]}


def verdict(runs, slices=None, seen=None, **options):
    return verdict_of(compare(runs, QRELS, slices, resamples=2000, **options), seen)


def test_a_ranker_that_is_better_beyond_chance_is_to_be_promoted():
    found = verdict({"bm25": WORST, "fusion": BEST})
    assert (found.ranker, found.promote, found.notes) == ("fusion", True, ())
    assert found.sentence == (
        "Promote fusion: it is best, with nDCG@10 1.000 over 30 queries, 0.380 more than bm25, which is beyond chance "
        "(p <0.001, Holm-corrected)."
    )


def test_without_a_difference_beyond_chance_the_baseline_is_kept():
    found = verdict({"bm25": NEARLY, "fusion": BEST})
    assert (found.ranker, found.promote) == ("bm25", False)
    assert found.sentence == (
        "Keep bm25: no ranker is better beyond chance. The next, fusion, has nDCG@10 1.000 over 30 queries, 0.013 more "
        "than bm25 (p 1.00, Holm-corrected)."
    )
    assert "0.380 less than bm25" in verdict({"bm25": BEST, "fusion": WORST}).sentence
    assert "as much as bm25" in verdict({"bm25": BEST, "copy": BEST}).sentence


def test_another_baseline_changes_the_verdict():
    runs = {"bm25": WORST, "nearly": NEARLY, "best": BEST}
    found = verdict(runs)
    assert found.ranker == "best"
    assert found.notes == ("The difference from nearly (0.987, p 1.00) may be chance.",)
    assert verdict(runs, baseline="nearly").sentence.startswith("Keep nearly: ")


def test_a_ranker_is_not_promoted_by_queries_of_its_training():
    found = verdict({"bm25": WORST, "fusion": BEST}, seen={"fusion": 30, "other": 5})
    assert (found.ranker, found.promote) == ("bm25", False)
    assert "it was trained with 30 or more of these queries: evaluate it with others" in found.sentence
    assert found.notes == ("other was trained with 5 or more of these queries, so its numbers are too good.",)


def test_where_the_baseline_has_0_is_said():
    runs = {"bm25": {**WORST, **{query: [] for query in QUERIES[:15]}}, "vectors": WORST, "fusion": BEST}
    slices = {"photo": QUERIES[:15], "typed": QUERIES[15:]}
    assert verdict(runs, slices, alternatives=["vectors"]).notes == (
        "The baseline is vectors: bm25 has nDCG@10 0 on photo (15 queries).",
    )
    (note,) = verdict(runs, slices).notes
    assert note.startswith("bm25 has nDCG@10 0 on photo (15 queries), where a difference from it says nothing")


def test_one_ranker_has_nothing_to_be_compared_with():
    found = verdict({"bm25": WORST})
    assert found.sentence == "bm25 has nDCG@10 0.620 over 30 queries: name another ranker to compare it with."
    assert found.ranker == "bm25"


def test_a_note_names_few_slices():
    runs = {"bm25": {query: [] for query in QUERIES}, "fusion": BEST}
    (note,) = verdict(runs, {f"s{n}": QUERIES for n in range(6)}).notes
    assert "s2 (30 queries) and 3 more slices" in note
