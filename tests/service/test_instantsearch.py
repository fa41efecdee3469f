"""The InstantSearch package: its own tests, and InstantSearch.js in a browser on the service."""

import shutil
import subprocess
from pathlib import Path

import pytest
from drawn_photo import photo
from starlette.staticfiles import StaticFiles

PACKAGE = Path(__file__).parents[2] / "storefront" / "instantsearch"
CHROMIUM = shutil.which("chromium")

PAGE = """<!doctype html><meta charset="utf-8"><title>Shop</title>
<div id="box"></div><div id="photo"></div><div id="brands"></div><div id="sort"></div>
<div id="hits"></div><div id="pages"></div>
<script src="node_modules/instantsearch.js/dist/instantsearch.production.min.js"></script>
<script type="module">
import { imageSearch, searchClient } from "./src/index.js";
const client = searchClient({ url: "URL", key: "KEY" });
const { widgets } = instantsearch;
const search = instantsearch({ indexName: "shop", searchClient: client });
search.addWidgets([
  widgets.searchBox({ container: "#box" }),
  imageSearch({ container: "#photo", searchClient: client }),
  widgets.refinementList({ container: "#brands", attribute: "brand", operator: "or" }),
  widgets.sortBy({ container: "#sort", items: [
    { label: "Relevance", value: "shop" }, { label: "Price", value: "shop/sort/price:desc" }] }),
  widgets.hits({ container: "#hits", templates: {
    item: (hit, { html, components }) =>
      html`<b class="hit">${components.Highlight({ hit, attribute: "title" })}${hit.title}</b>` } }),
  widgets.pagination({ container: "#pages" }),
  widgets.configure({ hitsPerPage: 9 }),
]);
search.start();
</script>"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")
def test_the_tests_of_the_package_pass():
    done = subprocess.run(["node", "--test"], cwd=PACKAGE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def page(service, tmp_path):
    """The page in a browser; the service has it, and the package's files, under /instantsearch/."""
    from playwright.sync_api import sync_playwright

    key = service.app.state.service.configuration.page_key
    (tmp_path / "index.html").write_text(PAGE.replace("URL", service.url).replace("KEY", key))
    for path in ("src", "node_modules"):
        (tmp_path / path).symlink_to(PACKAGE / path)
    service.app.mount("/instantsearch", StaticFiles(directory=tmp_path, html=True, follow_symlink=True))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page()
        mistakes = []
        shown.on("pageerror", lambda error: mistakes.append(str(error)))
        shown.goto(f"{service.url}/instantsearch/")
        yield shown
        browser.close()
    assert mistakes == []


@pytest.mark.live
@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
@pytest.mark.skipif(
    not (PACKAGE / "node_modules" / "instantsearch.js").exists(), reason="run `npm ci` in storefront/instantsearch"
)
def test_instantsearch_types_filters_sorts_pages_and_searches_by_photo(page):
    from playwright.sync_api import expect

    hits = page.locator(".hit")
    expect(hits).to_have_count(9)
    page.get_by_role("searchbox").fill("blue bowl")
    expect(hits.first).to_contain_text("blue bowl")
    expect(hits.first.locator("mark").first).to_have_text("blue")
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Brand 1").check()
    expect(hits).to_have_count(8)
    expect(page.get_by_label("Brand 2")).to_be_visible()
    page.get_by_label("Brand 2").check()
    expect(hits).to_have_count(9)
    page.get_by_role("link", name="Page 2", exact=True).click()
    expect(hits).to_have_count(7)
    page.get_by_label("Brand 1").uncheck()
    page.get_by_label("Brand 2").uncheck()
    page.get_by_role("combobox").select_option("Price")
    expect(hits.first).to_contain_text("yellow plate")
    page.get_by_role("combobox").select_option("Relevance")
    page.get_by_label("Search by photo").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": photo("red")}
    )
    expect(page.get_by_alt_text("Searching by this photo")).to_be_visible()
    expect(hits.first).to_contain_text("red")
    page.get_by_role("button", name="Remove photo").click()
    expect(page.get_by_alt_text("Searching by this photo")).to_have_count(0)
