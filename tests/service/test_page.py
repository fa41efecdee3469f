"""The page in a real browser, on a real service with a small shop: every way to search, every state, every key."""

import io
import json
import re
import shutil
import time
import uuid
import wave
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import urllib3
from PIL import Image
from restartable_service import RestartableService

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders import vector_fields
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.routes.page import FOLDER
from ltr_plugin.settings import Settings

CHROMIUM = shutil.which("chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images"
ORDERS = Path(__file__).parents[3] / "shared" / "data" / "voice" / "orders"

pytestmark = pytest.mark.live
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")

PRODUCTS = 27
HOSTILE = "Mug <img src=x onerror=\"document.title='hacked'\"> & co"
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}


def write_recording(path: Path) -> Path:
    """A second of a tone, then silence: what a microphone plays, which holds no word."""
    time_s = np.arange(16000 * 8) / 16000
    tone = np.where(time_s < 1, 0.4 * np.sin(2 * np.pi * 330 * time_s), 0)
    with wave.open(str(path), "wb") as recording:
        recording.setparams((1, 2, 16000, 0, "NONE", ""))
        recording.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


def draw_shop(folder: Path, count: int) -> list[Product]:
    """Products of the demo's shop with a photo each; clothes have variants."""
    from ltr_plugin.demo import media, photos, shop

    products = []
    with patch.object(photos, "PHOTO_PX", 352):
        for number, product in enumerate(shop.draw_products(count, 7)):
            path = f"{product.id}.jpg"
            media._photo(product.traits, folder / path, np.random.default_rng((7, number)), customer=False)
            sizes = [{"id": f"{product.id}-{size}", "attributes": {"size": size}} for size in ("S", "M", "L", "XL")]
            extra = {"images": [path]} | ({"variants": sizes} if product.traits.kind in ("shirt", "sweater") else {})
            products.append(Product.model_validate(product.record | extra))
    return products


def visual_words(folder: Path, products: list[Product]) -> str:
    """An encoder of photos that loads at once: its vocabulary is every so many of the photos' own keypoints."""
    from ltr_plugin.encoders import keypoints

    config = keypoints.KeypointConfig("sift")
    photos = (Image.open(folder / product.images[0]) for product in products if product.images)
    points = np.concatenate([config.points(config.describe(photo)) for photo in photos])
    words = points[:: max(1, len(points) // 80)]
    (folder / "words").mkdir()
    encoder = keypoints.from_model(config, words, np.ones(len(words)), name="words")
    keypoints.write(folder / "words", encoder)
    return f"keypoints:{folder / 'words'}"


@contextmanager
def served(node_url: str, folder: Path, products: list[Product], photo_encoder: str) -> Iterator[RestartableService]:
    """The service on an index of these products."""
    from ltr_workers.embedding import embed

    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.versions import open_or_create, switch_alias

    cluster = connect(node_url)
    name = f"corner-shop-{uuid.uuid4().hex[:4]}"
    index = open_or_create(cluster, name, vector_fields(image=photo_encoder), folder).allow_media(folder)
    assert [error for _, error in index.put(products) if error] == []
    index.refresh()
    embed(index, [product.id for product in products])
    index.refresh()
    switch_alias(cluster, name, index.name)
    speech = "tiny.en" if find_spec("faster_whisper") else None
    options = ServiceOptions(
        index=name, per_minute=6000, media_budget_ms=60_000, speech_model=speech, speech_budget_ms=60_000
    )
    running = RestartableService(options, Settings(opensearch_url=node_url, media_root=(folder,)))
    running.start()
    try:
        yield running
    finally:
        running.stop()
        cluster.call("DELETE", f"/{index.name}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> tuple[list[Product], Path]:
    """The products and the folder of their photos; the last has no photo and a title that tries to be HTML."""
    folder = tmp_path_factory.mktemp("shop")
    hostile = Product(id="hostile", title=HOSTILE, brand="</script>", price=3, currency="EUR")
    return [*draw_shop(folder, PRODUCTS), hostile], folder


@pytest.fixture(scope="module")
def service(node_url, shop) -> Iterator[RestartableService]:
    products, folder = shop
    with served(node_url, folder, products, visual_words(folder, products)) as running:
        yield running


@pytest.fixture(scope="module")
def driver():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


def launch(driver, recording):
    """A browser whose microphone plays the recording again and again."""
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}",
    ]
    return driver.chromium.launch(executable_path=CHROMIUM, args=arguments)


@pytest.fixture(scope="module")
def browser(driver, tmp_path_factory):
    with closing(launch(driver, write_recording(tmp_path_factory.mktemp("voice") / "tone.wav"))) as launched:
        yield launched


class Visit:
    """A shopper's window, and what must never happen in it: errors, and requests to other places."""

    def __init__(self, browser, service, size=DESKTOP, **options):
        self.context = browser.new_context(viewport=size, **({"locale": "en-US"} | options))
        self.service, self.errors, self.elsewhere = service, [], []
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", self._follow)

    def _note(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _follow(self, request):
        if not request.url.startswith((self.service.url, "blob:", "data:")):
            self.elsewhere.append(request.url)

    def go(self, query=""):
        self.page.goto(self.service.url + query)
        return self.settled()

    def settled(self):
        """Waits for the products or for what stands in their place; the page."""
        self.page.wait_for_selector("#results:not([aria-busy]) .card:not(.skeleton), #nothing:not([hidden])")
        return self.page

    def wait(self, expression, argument=None, seconds=20):
        """Waits until an expression is true. (Playwright's own way evaluates text, which the page's policy forbids.)"""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression, argument):
            assert time.monotonic() < end, f"not true after {seconds} s: {expression}"
            self.page.wait_for_timeout(50)

    @property
    def ids(self):
        return self.page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.id)")

    def accessible(self):
        """axe-core finds nothing, in light and, where the colours are others, in dark."""
        from axe_playwright_python.sync_playwright import Axe

        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(Axe().axe_script)
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
            # one card is like the others
            check = "options => axe.run({ exclude: [['.card:nth-child(n+4)']] }, options)"
            found = self.page.evaluate(check, options)["violations"]
            said = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
            assert said == [], f"{scheme}: {said}"
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def visit(browser, service):
    """Opens windows, which must have had no error at the end."""
    visits = []

    def new(*arguments, **options):
        visits.append(Visit(browser, service, *arguments, **options))
        return visits[-1]

    yield new
    for one in visits:
        one.page.unroute_all(behavior="wait")
        one.context.close()
        assert (one.errors, one.elsewhere) == ([], [])


def photo_of(shop, number=3):
    products, folder = shop
    return products[number].id, folder / products[number].images[0]


def wait_until_heard(service):
    """Waits until the recognizer is loaded; until then its answers are degraded."""
    headers = {"x-api-key": service.state.configuration.page_key}
    silence = io.BytesIO()
    with wave.open(silence, "wb") as recording:
        recording.setparams((1, 2, 16000, 0, "NONE", ""))
        recording.writeframes(bytes(16000))
    fields = {"speech": ("speech.wav", silence.getvalue(), "audio/wav")}
    end = time.monotonic() + 120
    with closing(urllib3.HTTPConnectionPool("127.0.0.1", service.port)) as http:
        while http.request("POST", "/v1/transcribe", fields=fields, headers=headers).json().get("degraded"):
            assert time.monotonic() < end
            time.sleep(0.3)


def response_with(visit, **changes):
    """Lets the responses to searches have these values too."""

    def change(route):
        route.fulfill(json=route.fetch().json() | changes)

    visit.page.route("**/v1/search", change)


@in_browser
def test_a_first_visit_shows_all_products_and_the_ways_to_search(visit):
    window = visit()
    page = window.go()
    assert page.locator("#tools h2").inner_text() == f"All {PRODUCTS + 1} products"
    assert page.locator("#welcome h2").is_visible()
    assert page.locator(".card").count() == 24
    assert page.evaluate("document.title") != "hacked"
    window.accessible()


@in_browser
def test_typing_finds_products_and_is_in_the_address(visit):
    window = visit()
    page = window.go()
    page.fill("#text", "mug")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tools h2:has-text('for “mug”')")
    assert page.url.endswith("?q=mug")
    titles = page.locator(".card .title").all_inner_texts()
    assert titles
    assert all("mug" in title.lower() for title in titles)
    assert HOSTILE in titles, "a title is text, whatever it says"
    window.wait("document.querySelector('#live').textContent.includes('for “mug”')")
    window.accessible()
    page.go_back()
    page.wait_for_selector("#welcome:not([hidden])")
    assert page.input_value("#text") == ""


@in_browser
def test_filters_are_counted_chosen_and_removed(visit):
    window = visit()
    page = window.go()
    brand = page.locator(".facet", has_text="Brand").locator(".option").first
    name, count = brand.locator(".name").inner_text(), int(brand.locator(".count").inner_text())
    brand.locator("input").check()
    page.wait_for_selector(".chip")
    window.settled()
    assert page.locator(".card").count() == count
    assert set(page.locator(".card .brand").all_inner_texts()) == {name}
    assert page.evaluate("document.activeElement.type") == "checkbox", "the focus stays where it was"
    prices = page.locator(".facet", has_text="Price").locator("form")
    prices.locator("input").nth(1).fill("60")
    prices.locator("button").click()
    page.wait_for_selector(".chip:has-text('Price: up to €60')")
    window.settled()
    window.accessible()
    assert "price.max=60" in page.url
    page.locator(".chip", has_text="Brand").click()
    page.wait_for_selector(".chip:has-text('Brand')", state="detached")
    page.reload()
    window.settled()
    assert page.locator(".chip").all_inner_texts() == ["Price: up to €60"]


@in_browser
def test_products_are_sorted_and_paged(visit):
    window = visit()
    page = window.go()
    page.select_option("#sort", "price:asc")
    page.wait_for_url("**sort=price**")
    window.settled()
    first = window.ids
    texts = page.locator(".card .price").all_inner_texts()
    prices = [float(text.replace("€", "").replace(",", "")) for text in texts]
    assert prices == sorted(prices)
    page.get_by_role("link", name="Page 2").click()
    page.wait_for_selector("[aria-current=page]:has-text('2')")
    window.settled()
    assert len(window.ids) == PRODUCTS + 1 - 24
    assert not set(window.ids) & set(first)
    assert "page=2" in page.url
    page.go_back()
    page.wait_for_selector("[aria-current=page]:has-text('1')")
    window.settled()
    assert window.ids == first


@in_browser
def test_a_photo_is_chosen_cropped_joined_by_words_and_removed(visit, service, shop):
    service.wait_until_ready()
    window, (id_, path) = visit(), photo_of(shop)
    page = window.go()
    page.click("#add-photo")
    page.wait_for_selector("dialog.photos")
    window.accessible()
    page.set_input_files("#photo-file", path)
    page.wait_for_selector("#tools h2:has-text('like your photo')")
    window.settled()
    assert window.ids[0] == id_
    before = page.url
    page.click("#crop")
    page.wait_for_selector("dialog.cropping .frame")
    window.accessible()
    corner = page.get_by_role("button", name="Bottom right corner")
    box = corner.bounding_box()
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"] - 20)
    page.mouse.up()
    moved = corner.bounding_box()
    assert (moved["x"], moved["y"]) == pytest.approx((box["x"] - 42, box["y"] - 42), abs=2)
    corner.focus()
    page.keyboard.press("ArrowRight")
    assert corner.bounding_box()["x"] > moved["x"]
    with page.expect_request("**/v1/search") as sent:
        page.click("#apply-crop")
    assert "multipart/form-data" in sent.value.headers["content-type"]
    page.wait_for_selector("dialog", state="detached")
    window.settled()
    assert page.url != before
    page.fill("#text", "mug")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tools h2:has-text('for “mug” like your photo')")
    page.reload()
    window.settled()
    assert page.locator("#photo-chip").is_visible(), "the photo stays in this tab"
    page.click("#remove-photo")
    page.wait_for_selector("#photo-chip", state="detached")
    assert page.url.endswith("?q=mug")


PASTE = """([bytes, event]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "photo.jpg", { type: bytes.length ? "image/jpeg" : "text/plain" }));
  const options = { bubbles: true, cancelable: true };
  if (event === "paste") document.body.dispatchEvent(new ClipboardEvent(event, { ...options, clipboardData: data }));
  else document.body.dispatchEvent(new DragEvent(event, { ...options, dataTransfer: data }));
}"""


@in_browser
def test_photos_are_pasted_and_dropped_and_other_files_refused(visit, service, shop):
    service.wait_until_ready()
    window, (id_, path) = visit(), photo_of(shop, 5)
    page = window.go()
    page.evaluate(PASTE, [list(path.read_bytes()), "paste"])
    page.wait_for_selector("#tools h2:has-text('like your photo')")
    window.settled()
    assert window.ids[0] == id_
    other, path = photo_of(shop, 8)
    page.evaluate(PASTE, [list(path.read_bytes()), "dragenter"])
    assert page.locator("#drop").is_visible()
    address = page.url
    page.evaluate(PASTE, [list(path.read_bytes()), "drop"])
    window.wait("address => location.href !== address", address)
    window.settled()
    assert window.ids[0] == other
    page.evaluate(PASTE, [[], "drop"])
    page.wait_for_selector(".toast:has-text('no photo that can be read')")
    page.evaluate(PASTE, [list(b"no photo at all"), "paste"])
    page.goto(page.url.replace("photo=", "photo=gone"))
    page.wait_for_selector(".toast:has-text('not on this device')")


@in_browser
def test_the_camera_takes_a_photo(visit, service):
    service.wait_until_ready()
    window = visit()
    page = window.go()
    page.click("#add-photo")
    page.get_by_role("button", name="Take a photo").click()
    window.wait("document.querySelector('dialog video')?.videoWidth > 0")
    page.get_by_role("button", name="Take the photo").click()
    page.wait_for_selector("#tools h2:has-text('like your photo')")
    assert page.locator("dialog").count() == 0


def with_features(window, **features):
    """Lets the page believe that its service has these features."""

    def change(route):
        answer = route.fetch().json()
        route.fulfill(json=answer | {"has": answer["has"] | features})

    window.page.route("**/page.json", change)


@in_browser
def test_spoken_words_are_seen_and_edited_before_they_count(visit):
    window = visit()
    recordings = []

    def transcribe(route):
        recordings.append(len(route.request.post_data_buffer))
        route.fulfill(json={"text": "blue mug" if len(recordings) == 1 else "", "seconds": 1.2})

    with_features(window, speech=True)
    window.page.route("**/v1/transcribe", transcribe)
    page = window.go()
    page.click("#speak")
    page.wait_for_selector(".pulse")
    assert "Listening" in page.locator("#voice").inner_text()
    window.accessible()
    page.wait_for_selector("#send-words")  # the silence after the tone ends the recording
    assert recordings[0] > 1000
    assert page.input_value("#text") == "blue mug"
    assert "q=" not in page.url, "words count when they are sent"
    window.accessible()
    page.keyboard.press("Control+A")
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tools h2:has-text('for “mug”')")
    assert page.locator("#voice").is_hidden()
    page.click("#speak")
    page.wait_for_selector("#voice-done")
    page.click("#voice-done")
    page.wait_for_selector("#voice:has-text('No words were heard')")
    page.keyboard.press("Escape")
    assert page.locator("#voice").is_hidden()


@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="faster-whisper is not installed: extra `voice`")
@in_browser
def test_a_recording_without_words_says_so(visit, service):
    wait_until_heard(service)
    page = visit().go()
    page.click("#speak")
    page.wait_for_selector("#voice:has-text('No words were heard')", timeout=60_000)
    assert page.url == service.url


@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="faster-whisper is not installed: extra `voice`")
@pytest.mark.skipif(not ORDERS.exists(), reason="shared/data/voice is not there")
@in_browser
def test_what_a_shopper_says_becomes_words(service, driver):
    wait_until_heard(service)
    with closing(launch(driver, min(ORDERS.glob("*.wav")))) as browser:
        window = Visit(browser, service)
        page = window.go()
        page.click("#speak")
        page.wait_for_selector("#voice-done")
        page.wait_for_timeout(3000)
        if page.locator("#voice-done").is_visible():
            page.click("#voice-done")
        page.wait_for_selector("#send-words", timeout=60_000)
        assert len(page.input_value("#text").split()) > 2
        assert page.url == service.url
        assert (window.errors, window.elsewhere) == ([], [])


@in_browser
def test_suggestions_are_chosen_by_arrow_keys(visit):
    window = visit()
    page = window.go()
    page.keyboard.press("/")
    page.keyboard.type("mu")
    page.wait_for_selector("#suggestions:not([hidden]) [role=option]")
    window.accessible()
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#text", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-selected") == "true"
    page.keyboard.press("Escape")
    assert page.locator("#suggestions").is_hidden()
    assert page.input_value("#text") == "mu", "the first Escape closes the list alone"
    page.keyboard.type("g")
    page.wait_for_selector("#suggestions:not([hidden]) [role=option]:has-text('mug')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**?*")
    window.settled()


@in_browser
def test_more_like_this_leads_to_neighbours_and_back(visit):
    window = visit()
    page = window.go("?q=mug")
    before, id_ = window.ids, window.ids[0]
    page.locator(".card .similar").first.click()
    page.wait_for_url("**like=*")
    page.wait_for_selector("#tools h2:has-text('like “')")
    window.settled()
    assert window.ids
    assert id_ not in window.ids
    window.accessible()
    page.go_back()
    page.wait_for_selector("#tools h2:has-text('for “mug”')")
    window.settled()
    assert window.ids == before


@in_browser
def test_all_can_be_done_by_keyboard(visit):
    window = visit()
    page = window.go()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "results"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tools h2:has-text('for “mug”')")
    window.settled()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.card .open')"):
            break
    name = page.evaluate("document.activeElement.textContent")
    assert page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.product")
    assert page.locator("#product-title").inner_text() == name
    window.accessible()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.textContent") == name


@in_browser
def test_a_phone_shows_everything_in_its_width(visit):
    window = visit(PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = window.go("?q=mug")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    window.accessible()
    page.tap("#open-filters")
    page.wait_for_selector("dialog.sheet")
    window.accessible()
    page.locator("dialog.sheet .option").first.tap()
    page.wait_for_selector(".chip", state="attached")
    page.get_by_role("button", name="Show the products").tap()
    page.wait_for_selector("dialog", state="detached")
    assert page.locator(".chip").is_visible()
    assert page.evaluate(fits)
    small = page.locator("button:visible, a.button:visible, select:visible").evaluate_all(
        "all => all.filter(one => !one.matches('.open, .submit') && one.getBoundingClientRect().height < 43.5)"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert small == []
    page = window.go()
    assert page.evaluate(fits)


@in_browser
def test_nothing_found_says_what_to_do(visit):
    window = visit()
    response_with(window, hits=[], total=0, corrected="mug", relaxed=None)
    page = window.go("?q=mgu&f.brand=Nobody")
    assert page.locator("#nothing h2").inner_text() == "Nothing matches “mgu”"
    window.accessible()
    page.unroute_all()
    page.get_by_role("button", name="Clear all filters").click()
    page.wait_for_url("**?q=mgu")
    page.go_back()
    response_with(window, corrected="mug")
    page.goto(window.service.url + "?q=mgu")
    page.get_by_role("link", name="mug", exact=True).click()
    page.wait_for_selector("#tools h2:has-text('for “mug”')")


@in_browser
def test_a_relaxed_and_a_degraded_answer_are_said(visit):
    window = visit()
    response_with(window, relaxed="fewer_words", degraded=["text"])
    page = window.go("?q=mug")
    notes = page.locator("#notes").inner_text()
    assert "some of them" in notes
    assert "exact words only" in notes
    window.accessible()
    page.unroute_all()
    page.click("#retry")
    page.wait_for_selector("#retry", state="detached")


@in_browser
def test_a_photo_without_its_encoder_is_searched_when_it_is_back(visit, service, shop):
    import os
    import signal

    service.wait_until_ready()
    window, (id_, path) = visit(), photo_of(shop)
    page = window.go()
    os.kill(service.state.encoding.pid(), signal.SIGKILL)
    page.evaluate(PASTE, [list(path.read_bytes()), "paste"])
    page.wait_for_selector("#nothing h2:has-text('Photos cannot be searched just now')")
    window.accessible()
    page.wait_for_selector("#tools h2:has-text('like your photo')", timeout=60_000)
    assert window.ids[0] == id_


@in_browser
def test_a_slow_search_shows_places_and_that_it_goes_on(visit):
    window = visit()
    held = []

    def hold(route):
        held.append(route)

    window.page.route("**/v1/search", hold)
    window.page.goto(window.service.url + "?q=mug")
    window.page.wait_for_selector(".skeleton")
    window.page.wait_for_selector("#progress:not([hidden])")
    window.wait("document.querySelector('#live').textContent === 'Still searching'")
    window.accessible()
    held[0].continue_()
    window.settled()
    assert window.page.locator("#progress").is_hidden()


@in_browser
def test_a_service_that_stops_and_comes_back_leaves_the_last_products(visit, service):
    window = visit()
    page = window.go("?q=mug")
    before = window.ids
    service.stop()
    try:
        page.fill("#text", "lamp")
        page.keyboard.press("Enter")
        page.wait_for_selector("#banner:not([hidden])")
        assert "Trying again" in page.locator("#banner").inner_text()
        assert window.ids == before
        window.accessible()
    finally:
        service.start()  # with another key, as no secret is set
    page.wait_for_selector("#tools h2:has-text('for “lamp”')", timeout=40_000)
    assert page.locator("#banner").is_hidden()


@in_browser
def test_a_browser_without_a_network_says_so(visit):
    window = visit()
    page = window.go("?q=mug")
    window.context.set_offline(True)
    page.wait_for_selector("#banner:has-text('You are offline')")
    window.accessible()
    window.context.set_offline(False)
    page.wait_for_selector("#banner", state="hidden")
    window.settled()


@in_browser
def test_events_name_the_shopper_only_with_consent(visit):
    window = visit()
    sent, refused = [], []

    def take(route):
        sent.extend(json.loads(route.request.post_data)["events"])
        answer = route.fetch()
        if answer.status == 404:  # this service takes no events
            route.fulfill(json={})
        else:
            refused.extend(answer.json().get("refused", ["all"]))
            route.fulfill(response=answer)

    with_features(window, events=True)
    window.page.route("**/v1/events", take)
    page = window.go("?q=mug")

    def leave():
        """Waits until the cards were seen, and leaves the page, which then sends what it has."""
        page.wait_for_timeout(900)
        with page.expect_response("**/v1/events"):
            page.evaluate("dispatchEvent(new Event('pagehide'))")

    page.wait_for_selector("#consent:not([hidden])")
    window.accessible()
    page.locator(".card .open").first.click()
    page.keyboard.press("Escape")
    leave()
    assert {event["action_name"] for event in sent} == {"impression", "click"}
    assert all(not {"client_id", "session_id", "user_query"} & event.keys() for event in sent)
    assert all(event["query_id"] and event["timestamp"] for event in sent)
    click = next(event for event in sent if event["action_name"] == "click")
    assert click["event_attributes"]["position"]["ordinal"] == 1
    assert click["event_attributes"]["object"]["object_id"] == window.ids[0]
    page.get_by_role("button", name="Allow").click()
    assert page.locator("#consent").is_hidden()
    sent.clear()
    page.locator(".card .open").first.click()
    leave()
    assert all(event["user_query"] == "mug" and event["client_id"] and event["session_id"] for event in sent)
    assert refused == []


@in_browser
def test_events_are_sent_again_when_the_service_takes_none(visit):
    window = visit()
    tries = []

    def take(route):
        tries.append(json.loads(route.request.post_data)["events"])
        away = len(tries) == 1
        route.fulfill(status=503 if away else 202, json={"error": "try again"} if away else {"stored": 1})

    with_features(window, events=True)
    window.page.route("**/v1/events", take)
    page = window.go("?q=mug")
    page.locator(".card .open").first.click()
    page.wait_for_timeout(900)
    for _ in range(2):
        with page.expect_response("**/v1/events"):
            page.evaluate("dispatchEvent(new Event('pagehide'))")
        page.wait_for_timeout(100)
    assert tries[0]
    assert [one for one in tries[0] if one not in tries[1]] == []


@in_browser
def test_the_page_speaks_the_language_of_the_browser(visit):
    window = visit(locale="de-DE")
    page = window.go("?q=mug")
    assert page.get_attribute("html", "lang") == "de"
    assert "für „mug“" in page.locator("#tools h2").inner_text()
    page.select_option("#foot select", "en")
    page.wait_for_selector("#tools h2:has-text('for “mug”')")


def test_the_page_and_its_files_come_with_a_strict_policy(service):
    http = urllib3.PoolManager()
    answer = http.request("GET", service.url)
    assert answer.status == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(rb"<script(?![^>]*src=)|style=|onclick|https?://", answer.data)
    tag = http.request("GET", service.url + "page/app.js").headers["etag"]
    again = http.request("GET", service.url + "page/app.js", headers={"if-none-match": tag})
    assert (again.status, again.data) == (304, b"")
    for path in ("page/../models.py", "page/%2e%2e/app.py", "page/nothing.js", "page/"):
        assert http.request("GET", service.url + path).status == 404
    http.clear()


def test_both_languages_have_every_text_of_the_page():
    texts = {path.stem: json.loads(path.read_text("utf-8")) for path in (FOLDER / "texts").iterdir()}
    assert texts["en"].keys() == texts["de"].keys()
    code = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js"))
    used = set(re.findall(r'\bt\("([a-z_.]+)"', code))
    used |= set(re.findall(r'data-(?:text|label|placeholder)="([^"]+)"', (FOLDER / "index.html").read_text("utf-8")))
    known = texts["en"].keys() | {name.removesuffix("_other") for name in texts["en"]}
    assert used - known == set()
    for name, text in texts["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", texts["de"][name])), name


@in_browser
def test_pictures_of_the_documentation(request, tmp_path, node_url, browser):
    if not request.config.getoption("--rewrite-golden"):
        pytest.skip("writes docs/images/ with --rewrite-golden")
    IMAGES.mkdir(exist_ok=True)
    products = draw_shop(tmp_path, 160)
    backpack = next(one for one in products if "backpack" in one.title.lower())

    def shoot(name, size, query="", photo=None, **options):
        window = Visit(browser, running, size, **options)
        page = window.go(query)
        if photo:
            page.evaluate(PASTE, [list((tmp_path / photo).read_bytes()), "paste"])
            page.wait_for_selector("#tools h2:has-text('like your photo')")
            window.settled()
        page.evaluate("document.querySelector('#shop').textContent = 'Corner shop'")
        page.evaluate("document.querySelector('#consent').hidden = true")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / f"{name}.jpg", type="jpeg", quality=88, animations="disabled")
        window.context.close()

    with served(node_url, tmp_path, products, "timm:efficientnet-lite0") as running:
        running.wait_until_ready()
        shoot("page", DESKTOP)
        shoot("page-dark", DESKTOP, query="?q=lamp", color_scheme="dark")
        shoot("page-photo", DESKTOP, photo=backpack.images[0])
        phone = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
        shoot("page-phone", PHONE, query="?q=mug", **phone)
        window = Visit(browser, running, DESKTOP)
        window.page.goto(f"{running.url}merchandise?q=lamp&left=bm25&right=random")
        window.page.locator(".row").first.wait_for()
        window.page.get_by_role("button", name="Pin").nth(1).click()
        window.page.wait_for_load_state("networkidle")
        window.page.screenshot(path=IMAGES / "page-merchandise.jpg", type="jpeg", quality=88, animations="disabled")
        window.context.close()
