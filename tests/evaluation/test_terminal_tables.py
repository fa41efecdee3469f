import io

import pytest
from rich.console import Console

from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.measures import REPORTED_MEASURES
from ltr_plugin.evaluation.terminal_tables import comparison_tables, summary_table
from ltr_plugin.judgments.qrels import Qrels

QUERIES = [f"q{number:02}" for number in range(20)]
QRELS = Qrels({query: {"good": 2, "fair": 1, "bad": 0} for query in QUERIES})
WORST = {query: [("bad", 3.0), ("fair", 2.0), ("good", 1.0)] for query in QUERIES}
BEST = {query: [("good", 3.0), ("fair", 2.0), ("bad", 1.0)] for query in QUERIES}
NAMES = ("bm25", "media-v1.lambdamart.a1b2c3d4e5", "runs/[2026]/electronics/media/fusion-with-all-modalities")
SLICES = {"text": QUERIES[:12], "relevant products without image": QUERIES[12:]}


@pytest.fixture(scope="module")
def comparison():
    return compare(dict(zip(NAMES, (WORST, BEST, WORST), strict=True)), QRELS, SLICES, resamples=500)


def shown(tables, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    for table in tables:
        console.print(table)
    return console.export_text()


def test_tables_of_long_names_fit_80_columns_without_a_cut(comparison):
    text = shown(comparison_tables(comparison))
    assert max(map(len, text.splitlines())) <= 80
    assert "\u2026" not in text
    rows = text.splitlines()
    (measures,) = [line.split() for line in rows if line.startswith(f" {NAMES[1]}")]
    assert measures == [NAMES[1], "1.000*", "1.000*", "0.200", "1.000", "1.000*", "1.000"]
    in_slices = [line.split() for line in rows if line.startswith(f"   {NAMES[1]}")]
    assert len(in_slices) == 3
    assert in_slices[0] == [NAMES[1], "1.000*", "1.000-1.000", "+0.380", "0.004"]


def test_all_rankers_slices_and_measures_are_in_the_tables(comparison):
    text = shown(comparison_tables(comparison), width=160)
    assert all(f"  {name}  " in text for name in NAMES)
    assert all(f"{name} ({count})" in text for name, count in comparison.slices.items())
    assert all(measure.partition("@")[0] in text for measure in REPORTED_MEASURES)
    assert "* significantly different from bm25" in text


def test_a_summary_of_six_columns_fits_80_columns():
    parts = dict.fromkeys(("text", "image", "audio", "video", "mixed"), QUERIES[:10])
    six = compare({"bm25": WORST, "lambdamart": BEST}, QRELS, parts, resamples=100)
    text = shown([summary_table(six, [*parts, "none"])])
    assert max(map(len, text.splitlines())) <= 80
    assert [line.split() for line in text.splitlines() if "lambdamart" in line] == [["lambdamart", *6 * ["1.000*"]]]
