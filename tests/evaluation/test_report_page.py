from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ltr_plugin.evaluation.ablation import Ablation, Removal, evaluate_removal
from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.curves import per_query_difference, precision_at_recall
from ltr_plugin.evaluation.report_page import QueryExample, ReportPage, ResultItem
from ltr_plugin.judgments.qrels import Qrels

QRELS = Qrels({"q1": {"a": 3, "b": 0}, "q2": {"b": 1, "a": 0}})
RUNS = {"bm25": {"q1": [("b", 2.0), ("a", 1.0)], "q2": []}, "better & new": {"q1": [("a", 2.0)], "q2": [("b", 1.0)]}}


VOID = {"meta", "img", "br", "line", "rect", "polyline"}


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
    return ReportPage(
        title="Rankers on shop",
        comparison=comparison,
        judged_only=comparison,
        curves={name: precision_at_recall(run, QRELS) for name, run in RUNS.items()},
        differences={
            "better & new": sorted(
                per_query_difference(RUNS["better & new"], RUNS["bm25"], QRELS).values(), reverse=True
            )
        },
        wins=[example],
    )


def test_a_page_is_valid_and_self_contained(page):
    outline = Outline()
    outline.feed(page.to_html())
    assert outline.open == []
    assert all(link.startswith("data:") for link in outline.links)
    assert outline.tags.count("polyline") == 2
    assert outline.tags.count("rect") == 2
    text = " ".join(" ".join(outline.text).split())
    assert "nDCG@10 of better & new minus bm25, one bar for each query: 2 wins, 0 losses, 0 ties." in text
    assert f"{page.comparison.of('typed', 'better & new', 'nDCG@10').mean:.3f}" in text


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
    outline = Outline()
    outline.feed(page.to_html())
    assert "script" not in outline.tags
    assert "<script>alert(1)</script>" in outline.text
    assert "<b>bold</b> mug" in outline.text
