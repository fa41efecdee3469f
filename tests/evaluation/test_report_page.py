import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ltr_plugin.evaluation.ablation import Ablation, Removal, evaluate_removal
from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.curves import precision_at_recall
from ltr_plugin.evaluation.latency import Latency
from ltr_plugin.evaluation.query_table import query_table
from ltr_plugin.evaluation.ranker_summary import RankerSummary
from ltr_plugin.evaluation.report_page import QueryExample, ReportPage, ResultItem
from ltr_plugin.evaluation.verdict import verdict_of
from ltr_plugin.judgments.qrels import Qrels

QRELS = Qrels({"q1": {"a": 3, "b": 0}, "q2": {"b": 1, "a": 0}})
RUNS = {"bm25": {"q1": [("b", 2.0), ("a", 1.0)], "q2": []}, "better & new": {"q1": [("a", 2.0)], "q2": [("b", 1.0)]}}


HOSTILE = "</script><script>alert(1)</script>"
VOID = {"meta", "img", "br", "line", "rect", "polyline", "input", "wbr"}


class Outline(HTMLParser):
    """The tags, links and text of a page, and which tags are open."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.links, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def page():
    item = ResultItem("a", "<b>bold</b> mug", "data:image/jpeg;base64,AAAA", 3)
    bare = ResultItem("b", "", None, None)
    example = QueryExample("q1", "<script>alert(1)</script>", None, None, 0.5, {"bm25": [bare], "better & new": [item]})
    comparison = compare(RUNS, QRELS, {"typed": {"q1"}})
    table = query_table(
        RUNS, QRELS, "bm25", texts={"q1": HOSTILE}, modes={"q1": "text", "q2": "image"}, slices={"typed": {"q1"}}
    )
    importance = {"title_bm25": 30.0, "price": 10.0, **{f"feature_{number}": 0.0 for number in range(15)}}
    summary = RankerSummary("lambdamart", 1200, 34000, "2026-11-30T10:00:00", {"leaves": 31}, importance, "gain")
    return ReportPage(
        title="Rankers on shop",
        comparison=comparison,
        judged_only=comparison,
        verdict=verdict_of(comparison),
        curves={name: precision_at_recall(run, QRELS) for name, run in RUNS.items()},
        queries=table,
        compared="better & new",
        wins=[example],
        latency={"bm25": Latency(2, 3.1, 4.2), "better & new": Latency(2, 12.0, 15.5)},
        summaries={"better & new": summary},
        unknown=["old.linear.1"],
    )


def outline_of(page):
    outline = Outline()
    outline.feed(page.to_html())
    assert outline.open == []
    return outline, " ".join(" ".join(outline.text).split())


def test_a_page_is_valid_and_self_contained(page):
    outline, text = outline_of(page)
    assert all(link.startswith(("data:", "#")) for link in outline.links)
    assert outline.tags.count("polyline") == 2
    assert outline.tags.count("rect") == 2
    assert "nDCG@10 of better & new minus bm25, one bar for each query: 2 wins, 0 losses, 0 ties." in text
    assert f"{page.comparison.of('typed', 'better & new', 'nDCG@10').mean:.3f}" in text


def test_a_page_begins_with_the_verdict(page):
    _, text = outline_of(page)
    assert text.index("Keep bm25: no ranker is better beyond chance.") < text.index("by query slice")


def test_a_page_says_how_rankers_were_trained_and_how_long_searches_take(page):
    _, text = outline_of(page)
    assert "better & new 12.0 15.5 2" in text
    assert "lambdamart, trained on 1,200 queries with 34,000 products, 2026-11-30." in text
    assert "title_bm25 75.0 % price 25.0 %" in text.replace("title_ ", "title_")  # where a line may end
    assert "5 more features" in text
    assert "leaves 31" in text
    assert "How old.linear.1 was trained is not known" in text


def test_a_page_has_all_queries_as_csv(page):
    outline, _ = outline_of(page)
    (link,) = [link for link in outline.links if link.startswith("data:text/csv")]
    assert base64.b64decode(link.partition("base64,")[2]).decode("utf-8-sig") == page.queries.to_csv()


def test_no_script_runs_but_that_of_the_page(page):
    html = page.to_html()
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html


def test_one_ranker_alone_has_a_page(page):
    alone = compare({"bm25": RUNS["bm25"]}, QRELS)
    table = query_table({"bm25": RUNS["bm25"]}, QRELS, "bm25", texts={}, modes={}, slices={})
    _, text = outline_of(ReportPage("Alone", alone, alone, verdict_of(alone), {"bm25": page.curves["bm25"]}, table))
    assert "name another ranker to compare it with" in text


def test_a_page_shows_the_ablation(page):
    removals = [Removal(side="product", modality="image", fraction=fraction) for fraction in (0.5, 0.9)]
    blind_baselines = {"without image": {"q1": RUNS["bm25"]["q1"], "q2": RUNS["better & new"]["q2"]}}
    rows = tuple(evaluate_removal(removal, RUNS, RUNS, blind_baselines, QRELS) for removal in removals)
    matrix = Ablation(index="shop", judgments=QRELS.digest, seed=7, rankers=tuple(RUNS), rows=rows)
    outline = Outline()
    outline.feed(replace(page, ablation=matrix).to_html())
    assert outline.open == []
    assert outline.tags.count("polyline") == 2 + 3
    text = " ".join(" ".join(outline.text).split())
    assert "by the share of products without image" in text
    assert "modality-blind baseline" in text
    assert "90% of products without image (2)" in text
    assert "Robustness to missing modalities" not in page.to_html()


def test_text_of_queries_and_products_is_escaped(page):
    outline, _ = outline_of(page)
    assert outline.tags.count("script") == 2
    assert HOSTILE not in page.to_html()
    assert "<script>alert(1)</script>" in outline.text
    assert "<b>bold</b> mug" in outline.text
