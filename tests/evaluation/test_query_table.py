import csv
import io
import json

import pytest

from ltr_plugin.evaluation.query_table import defused, query_table
from ltr_plugin.judgments.qrels import Qrels

QRELS = Qrels({"q1": {"a": 1}, "q2": {"a": 1, "b": 0}, "-q3": {"a": 1, "b": 2}})
RUNS = {
    "bm25": {"q1": [("a", 1.0)], "q2": [("b", 2.0), ("a", 1.0)], "-q3": []},
    "=new": {"q1": [("a", 1.0)], "q2": [("a", 1.0)], "-q3": [("b", 2.0), ("a", 1.0)]},
}


@pytest.fixture
def table():
    return query_table(
        RUNS,
        QRELS,
        "bm25",
        texts={"q1": '=HYPERLINK("http://evil")', "q2": 'red "mug",\nbig', "-q3": None},
        modes={"q1": "text", "q2": "text", "-q3": "image"},
        slices={"text": {"q1", "q2"}, "image": {"-q3"}},
    )


def test_every_judged_query_has_a_row_and_a_difference(table):
    assert [(row.query, row.mode, row.relevant, row.slices) for row in table.rows] == [
        ("-q3", "image", 2, ["image"]),
        ("q1", "text", 1, ["text"]),
        ("q2", "text", 1, ["text"]),
    ]
    assert table.differences("=new") == {"-q3": 1.0, "q1": 0.0, "q2": pytest.approx(1 - 0.6309, abs=1e-4)}


def test_a_spreadsheet_reads_no_text_as_a_formula(table):
    head, *rows = csv.reader(io.StringIO(table.to_csv(), newline=""))
    assert head == [
        "query",
        "text",
        "consists of",
        "relevant products",
        "nDCG@10 of bm25",
        "nDCG@10 of =new",
        "'=new minus bm25",
    ]
    assert rows[1] == ["q1", '\'=HYPERLINK("http://evil")', "text", "1", "1.0000", "1.0000", "0.0000"]
    assert rows[2][:2] == ["q2", 'red "mug",\nbig']
    assert rows[0] == ["'-q3", "", "image", "2", "0.0000", "1.0000", "1.0000"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_what_begins_like_a_formula_is_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "mug", "a=b", "3-piece set", "'s"])
def test_other_texts_stay(text):
    assert defused(text) == text


def test_a_difference_below_0_stays_a_number():
    other = query_table(RUNS, QRELS, "=new", texts={}, modes={}, slices={})
    _, first, *_ = csv.reader(io.StringIO(other.to_csv()))
    assert first[-1] == "-1.0000"


def test_the_script_of_the_report_gets_values_in_the_order_of_rankers(table):
    found = json.loads(json.dumps(table.to_json()))
    assert (found["rankers"], found["baseline"], found["slices"]) == (["bm25", "=new"], 0, ["text", "image"])
    assert found["rows"][0] == ["-q3", "", "image", 2, [1], [0.0, 1.0]]
