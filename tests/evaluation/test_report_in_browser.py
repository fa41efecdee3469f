"""The report in a real browser: its table of all queries, the CSV file, dark and light, desktop and phone."""

import shutil
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from ltr_plugin.evaluation.comparison import compare
from ltr_plugin.evaluation.curves import precision_at_recall
from ltr_plugin.evaluation.latency import Latency
from ltr_plugin.evaluation.query_table import query_table
from ltr_plugin.evaluation.ranker_summary import RankerSummary
from ltr_plugin.evaluation.report_page import QueryExample, ReportPage, ResultItem
from ltr_plugin.evaluation.verdict import verdict_of
from ltr_plugin.judgments.qrels import Qrels

CHROMIUM = shutil.which("chromium")
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright is not installed"),
]

COUNT = 70
QUERIES = [f"q{number:02}" for number in range(COUNT)]
TEXTS = {query: f"word{number % 7} mug {query}" for number, query in enumerate(QUERIES)} | {
    "q00": HOSTILE,
    "q01": None,
}
NAMES = ("bm25", "media-v1.lambdamart.a1b2c3d4e5", "media-v1.fusion.f6a7b8c9d0")


def drawn_page():
    """A report of three rankers on drawn runs; BM25 is worst."""
    qrels = Qrels({query: {"good": 2, "fair": 1, "bad": 0} for query in QUERIES})
    rng = np.random.default_rng(4)
    orders = {"bm25": ["bad", "fair", "good"], NAMES[1]: ["good", "fair", "bad"], NAMES[2]: ["good", "bad", "fair"]}
    runs = {
        name: {
            query: [(product, 0.0) for product in (rng.permutation(order) if rng.random() < 0.4 else order)]
            for query in QUERIES
        }
        for name, order in orders.items()
    }
    slices = {"text": set(QUERIES[2:]), "image": {"q01"}}
    modes = {query: "image" if query == "q01" else "text" for query in QUERIES}
    comparison = compare(runs, qrels, slices, resamples=300)
    item = ResultItem("a", "Mug with a long name that goes on", None, 2)
    results = {name: [item] * 6 for name in ("bm25", NAMES[2])}
    example = QueryExample("q00", HOSTILE, None, None, 0.4, results)
    summary = RankerSummary(
        "fusion", 124, 4000, "2026-11-30T10:00:00", {"learning_rate": 0.01}, {"title_bm25": 3.0, "photo": 1.0}, "gain"
    )
    return ReportPage(
        title="Rankers on shop",
        comparison=comparison,
        judged_only=replace(comparison, view="judged products"),
        verdict=verdict_of(comparison),
        curves={name: precision_at_recall(run, qrels) for name, run in runs.items()},
        queries=query_table(runs, qrels, "bm25", texts=TEXTS, modes=modes, slices=slices),
        compared=NAMES[2],
        wins=[example],
        facts={"products": "800", "judged queries": str(COUNT)},
        latency={name: Latency(50, 4.2, 9.9) for name in NAMES},
        summaries={NAMES[2]: summary},
        unknown=[NAMES[1]],
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(drawn_page().to_html(), "utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, file):
    """The report on a desktop; no error and no refused script is on its console."""
    context = browser.new_context(viewport=DESKTOP, locale="en-US", accept_downloads=True)
    page, said = context.new_page(), []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text))
    page.goto(file.as_uri())
    yield page
    assert page.title() == "Rankers on shop"
    context.close()
    assert said == []


def first_cells(page, column):
    return page.locator(f"#query-table tbody tr td:nth-child({column})").all_inner_texts()


def test_queries_are_searched_by_words_id_and_slice(page):
    count = page.locator("#query-count")
    assert count.inner_text() == f"{COUNT} queries"
    assert first_cells(page, 1)[0].split("\n") == [HOSTILE, "q00"]
    page.get_by_role("searchbox").fill("WORD3")
    assert count.inner_text() == f"10 of {COUNT} queries"
    page.get_by_role("searchbox").fill("q42")
    assert count.inner_text() == f"1 of {COUNT} queries"
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="Slice").select_option("image")
    assert first_cells(page, 1) == ["q01"]


def test_columns_sort_in_both_directions_and_more_rows_come_on_demand(page):
    assert len(first_cells(page, 1)) == 50
    head = page.locator("#query-table").get_by_role("columnheader", name=NAMES[1])
    head.get_by_role("button").first.click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [float(cell.split("\n")[0]) for cell in first_cells(page, 5)]
    assert values == sorted(values, reverse=True)
    assert page.evaluate("document.activeElement.textContent").startswith(NAMES[1])
    page.get_by_role("button", name=f"difference of {NAMES[1]}").click()
    assert head.get_attribute("aria-sort") == "ascending"
    signs = {"+": 1, "\u2212": -1, "\u00b1": 0}
    changes = [signs[cell.split("\n")[1][0]] * float(cell.split("\n")[1][1:]) for cell in first_cells(page, 5)]
    assert changes == sorted(changes)
    page.get_by_role("button", name="Show 20 more").click()
    assert len(first_cells(page, 1)) == COUNT


def test_the_csv_file_is_downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "queries.csv"
    download.value.save_as(tmp_path / "queries.csv")
    written = (tmp_path / "queries.csv").read_bytes().decode("utf-8-sig")
    assert len(written.split("\r\n")) == COUNT + 2


def test_axe_finds_nothing_in_light_and_dark_on_desktop_and_phone(page):
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate(Axe().axe_script)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            said = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
            assert said == [], f"{scheme}: {said}"
