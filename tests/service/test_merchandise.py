"""The merchandisers' page in a real browser: rankers side by side, explained places, grades, rules tried and undone."""

import re
import shutil
from pathlib import Path

import pytest
from running_service import running_service

from ltr_plugin.cluster.rules import latest_rules
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.rules import put_rules
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.keys import new_key

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def admin_key():
    return new_key("anna", ["admin"])


@pytest.fixture(scope="module")
def desk(shop, shop_settings, trained, admin_key):
    """A service whose merchandisers need the key."""
    settings = shop_settings.model_copy(update={"service_keys": admin_key[1]})
    budgets = {"text_budget_ms": 20_000, "media_budget_ms": 20_000}
    with running_service(ServiceOptions(index=shop.alias, rankers=trained[0], **budgets), settings) as running:
        yield running
    put_rules(shop, {})


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser, desk, admin_key):
    """Opens the page with a query, signed in; at the end no window had an error."""
    contexts, errors = [], []

    def new(query="", size=DESKTOP, *, key=admin_key[0]):
        context = browser.new_context(viewport=size, locale="en-US", accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda one: errors.append(one.text) if "Content Security" in one.text else None)
        page.goto(f"{desk.url}/merchandise{query}")
        if key:
            page.get_by_label("Admin key").fill(key)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("button", name="Sign out").wait_for()
        return page

    yield new
    for context in contexts:
        context.close()
    assert errors == []


def ids(page, side):
    return page.locator(".list").nth(side).locator(".row").evaluate_all("rows => rows.map(row => row.dataset.id)")


def row(page, side, product):
    return page.locator(".list").nth(side).locator(f'.row[data-id="{product}"]')


def assert_accessible(page):
    """axe-core finds nothing, in light and dark."""
    from axe_playwright_python.sync_playwright import Axe

    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        said = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
        assert said == [], f"{scheme}: {said}"


def test_only_an_admin_key_opens_the_page_and_it_stays_out_of_address_and_page(open_page, desk, admin_key):
    page = open_page(key=None)
    key = page.get_by_label("Admin key")
    key.wait_for()
    assert_accessible(page)
    key.fill(desk.app.state.service.configuration.page_key)
    key.press("Enter")
    page.get_by_text("This key does not open this page.").wait_for()
    key.fill(admin_key[0])
    key.press("Enter")
    page.get_by_label("Query", exact=True).fill("blue bowl")
    page.get_by_label("Query", exact=True).press("Enter")
    page.locator(".row").first.wait_for()
    assert admin_key[0] not in page.url + page.content()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.reload()
    page.locator(".row").first.wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Admin key").wait_for()


def test_two_rankers_are_side_by_side_and_what_differs_is_marked(open_page):
    page = open_page("?q=blue+bowl&left=bm25&right=random")
    page.locator(".row").first.wait_for()
    left, right = ids(page, 0), ids(page, 1)
    for position, product in enumerate(left, 1):
        place = right.index(product) + 1 if product in right else None
        badges = row(page, 0, product).locator(".badge").all_inner_texts()
        assert len(badges) == (place != position)
        if place and place != position:
            assert badges[0].split()[:2] == ["▲" if position < place else "▼", str(abs(place - position))]
    assert_accessible(page)
    page.get_by_label("Ranker on the right").select_option("bm25")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("All products are at the same positions").first.wait_for()
    assert page.locator(".badge").count() == 0
    page.go_back()
    page.locator(".badge").first.wait_for()


def test_why_a_product_is_here_is_shown_by_modality_beside_the_next_one(open_page, trained):
    page = open_page(f"?q=blue+mug&left={trained[1]}")
    page.locator(".row").first.wait_for()
    assert page.locator(".list").nth(1).get_by_role("button", name="Why").count() == 0
    first, second = ids(page, 0)[:2]
    why = row(page, 0, first).get_by_role("button", name="Why")
    why.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert second.replace("-", " ") in dialog.inner_text()
    assert dialog.locator(".modality .name").all_inner_texts() == ["Text", "Behaviour"]
    dialog.get_by_text("Features", exact=True).click()
    assert dialog.locator("tbody tr").count() == 2
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Why is")


def test_grades_by_click_become_a_file_of_judgments(open_page, tmp_path):
    page = open_page("?q=white+plate")
    page.locator(".row").first.wait_for()
    for product, grade in {"white-plate": "3, just right", "white-mug": "1, somewhat relevant"}.items():
        row(page, 0, product).get_by_role("button", name=grade).click()
        page.locator(f'.row[data-id="{product}"] [aria-pressed="true"]').first.wait_for()
    row(page, 0, "white-mug").get_by_role("button", name="1, somewhat relevant").click()
    page.wait_for_selector('.row[data-id="white-mug"] [aria-pressed="true"]', state="detached")
    page.reload()
    page.locator('.row[data-id="white-plate"] [data-grade="3"][aria-pressed="true"]').first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download grades").click()
    download.value.save_as(tmp_path / "qrels.csv")
    assert ",anna," in (tmp_path / "qrels.csv").read_text()
    qrels = Qrels.read(Path(tmp_path / "qrels.csv"))
    (query,) = [id_ for id_, text in qrels.texts.items() if text == "white plate"]
    assert dict(qrels.for_query(query)) == {"white-plate": 3}


def test_pins_and_boosts_are_previewed_saved_with_an_end_and_undone(open_page, shop):
    page = open_page("?q=red+plate&left=first-pass&right=bm25")
    page.locator(".row").first.wait_for()
    row(page, 0, "red-mug").get_by_role("button", name="Pin").click()
    rules = page.get_by_role("region", name="Rules for this query")
    rules.get_by_label("Until").fill("2099-12-31")
    rules.get_by_text("Boost or bury products").click()
    rules.get_by_label("Products where").select_option("brand")
    rules.get_by_label("is", exact=True).fill("Brand 1")
    rules.get_by_label("Factor").fill("50")
    rules.get_by_label(re.compile("^For")).select_option("all queries")
    rules.get_by_role("button", name="Add").click()
    rules.get_by_text("Brand: Brand 1 (for all queries)").wait_for()
    rules.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="With your changes").wait_for()
    assert (ids(page, 0)[0], ids(page, 1)[0]) == ("red-plate", "red-mug")
    assert latest_rules(shop.cluster, shop.alias) is None or not latest_rules(shop.cluster, shop.alias).rules.rules
    assert_accessible(page)
    rules.get_by_role("button", name="Save").click()
    page.get_by_text("Shoppers get it within").first.wait_for()
    kept = latest_rules(shop.cluster, shop.alias)
    assert [rule.action for rule in kept.rules.rules] == ["pin", "boost"]
    assert (kept.author, kept.rules.rules[0].end.isoformat()) == ("anna", "2099-12-31")
    assert ids(page, 0)[0] == "red-mug"
    rules.get_by_role("button", name="Undo the last change").click()
    page.get_by_text("The last change is undone.").first.wait_for()
    assert ids(page, 0)[0] == "red-plate"


def test_rules_that_somebody_else_changed_are_loaded_anew(open_page, shop):
    page = open_page("?q=green+plate")
    page.locator(".row").first.wait_for()
    row(page, 0, "green-mug").get_by_role("button", name="Pin").click()
    rule = {"name": "sale", "redirect": "/sale", "queries": ["green plate"]}
    put_rules(shop, {"rules": [rule]}, author="bert")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Somebody else changed the rules meanwhile.").wait_for()
    page.get_by_text("Redirect /sale").wait_for()
    put_rules(shop, {})


def test_a_boost_and_a_synonym_are_for_the_query_that_is_shown(open_page, shop):
    page = open_page("?q=azure+plate&left=first-pass&right=bm25")
    page.locator(".row").first.wait_for()
    rules = page.get_by_role("region", name="Rules for this query")
    rules.get_by_text("Boost or bury products").click()
    rules.get_by_label("is", exact=True).fill("Brand 1")
    rules.get_by_role("button", name="Add").first.click()
    rules.get_by_text("Brand: Brand 1 (azure plate)").wait_for()
    rules.get_by_text("Search other words for this query").click()
    rules.get_by_label("Words that are searched").fill("blue plate")
    rules.get_by_label("Words that are searched").press("Enter")
    rules.get_by_role("button", name="Preview").click()
    page.get_by_text("This query is searched as blue plate").first.wait_for()
    assert_accessible(page)
    rules.get_by_role("button", name="Save").click()
    page.get_by_text("Shoppers get it within").first.wait_for()
    actions = {rule.action: rule for rule in latest_rules(shop.cluster, shop.alias).rules.rules}
    assert actions["search_as"].search_as == "blue plate"
    assert actions["boost"].queries == actions["search_as"].queries == ("azure plate",)
    put_rules(shop, {})


def test_a_query_leads_the_shopper_where_a_rule_says(browser, desk, admin_key):
    key = {"X-API-Key": admin_key[0]}
    rules = {"rules": [{"name": "returns", "redirect": "/healthz", "queries": ["returns"]}]}
    after = desk.get("/v1/admin/rules", **key).body["revision"]
    kept = desk.put("/v1/admin/rules", {"rules": rules, "after": after}, **key)
    page = browser.new_page()
    page.goto(f"{desk.url}/")
    page.get_by_role("combobox", name="Search products").fill("Returns")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{desk.url}/healthz")
    page.go_back()
    page.wait_for_selector(".card:not(.skeleton)")
    page.close()
    assert desk.put("/v1/admin/rules", {"rules": {}, "after": kept.body["revision"]}, **key).status == 200


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page):
    page = open_page("?q=blue+bowl", PHONE)
    page.locator(".row").first.wait_for()
    row(page, 0, "blue-mug").get_by_role("button", name="Pin").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert_accessible(page)
