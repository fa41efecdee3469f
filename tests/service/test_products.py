"""Products over HTTP: lines are put, updated and deleted, wrong ones are named, other indices are left alone."""

import gzip
import json
import threading
import time
import uuid

import pytest
import urllib3
from running_service import running_service

from ltr_plugin.pipelines.profiles import keep_profile
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.keys import new_key
from ltr_plugin.validation import decode

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def shop(shop_of_words):
    """A shop without encoders: nothing here needs vectors."""
    return shop_of_words


@pytest.fixture(scope="module")
def service(service_of_words):
    """The service on it."""
    return service_of_words


def lines(*values):
    """Values as lines of JSON."""
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in values).encode()


def titles(shop, *ids):
    """The titles of products, as last written."""
    return {one.product.id: one.product.title for one in shop.fetch(ids)}


@pytest.fixture
def new_id(shop):
    """The id of a product that is deleted afterwards."""
    id_ = f"new-{uuid.uuid4().hex[:8]}"
    yield id_
    list(shop.delete([id_]))


def test_products_are_put_updated_and_deleted_and_wrong_lines_are_named(service, shop, new_id):
    body = lines({"id": new_id, "title": "Tin mug", "price": 3}, "{", "", {"id": "x", "price": "cheap"}, {"id": "y"})
    answer = service.post("/v1/products", body)
    assert answer.status == 200, answer.body
    assert (answer.body["applied"], answer.body["refused"], answer.body["vectors_by"]) == (1, 3, "backlog")
    assert [one["line"] for one in answer.body["problems"]] == [2, 4, 5]
    assert "price" in answer.body["problems"][1]["reason"]
    updates = lines({"id": new_id, "title": "Old mug"}, {"id": "nowhere", "price": 1})
    updated = service.post("/v1/products?kind=update", updates)
    assert (updated.body["applied"], [one["line"] for one in updated.body["problems"]]) == (1, [2])
    assert titles(shop, new_id) == {new_id: "Old mug"}
    deleted = service.post("/v1/products?kind=delete", lines(json.dumps(new_id), {"id": "nowhere"}, "[]", "7"))
    assert (deleted.body["applied"], deleted.body["missing"], deleted.body["refused"]) == (1, 1, 2)
    assert titles(shop, new_id) == {}


def test_a_body_may_be_gzip_and_a_damaged_one_says_what_is_applied(service, new_id):
    packed = gzip.compress(lines({"id": new_id, "title": "Zipped mug"}, ""))
    whole = service.post("/v1/products", packed, **{"content-encoding": "gzip"})
    assert (whole.status, whole.body["applied"]) == (200, 1)
    damaged = service.post("/v1/products", packed[:-4]).body
    assert (damaged["applied"], damaged["refused"], damaged["problems"][0]["line"]) == (1, 1, None)
    assert "damaged gzip file" in damaged["problems"][0]["reason"]


def test_a_slow_long_body_does_not_hold_up_searches(service, shop, new_id):
    def slow():
        for number in range(10):
            yield lines({"id": new_id, "title": f"Mug {number}", "description": "word " * 50_000}) + b"\n"
            time.sleep(0.1)

    answers = []
    sender = threading.Thread(
        target=lambda: answers.append(
            urllib3.request("POST", f"{service.url}/v1/products", body=slow(), timeout=60).json()
        )
    )
    sender.start()
    slowest = 0.0
    while sender.is_alive():
        began = time.perf_counter()
        assert service.get("/healthz").status == 200
        slowest = max(slowest, time.perf_counter() - began)
    sender.join()
    assert answers[0]["applied"] == 10
    assert titles(shop, new_id) == {new_id: "Mug 9"}
    assert slowest < 1


def test_a_body_over_the_limit_is_refused_before_it_is_read(service):
    assert service.post("/v1/products", bytes(65 << 20)).status == 413


def test_wrong_kinds_and_keys_without_the_scope_are_refused(service):
    assert service.post("/v1/products?kind=reembed", b"").status == 422
    page = {"Authorization": f"Bearer {service.app.state.service.configuration.page_key}"}
    assert service.post("/v1/products", b"", **page).status == 403
    assert service.post("/v1/products", b"", Origin="https://evil.example").status == 401


def test_a_broker_that_is_away_is_said_and_the_products_are_written(words_index, shop_settings):
    key, line = new_key("importer", ["catalog"])
    settings = shop_settings.model_copy(update={"service_keys": line, "broker_url": "redis://127.0.0.1:1"})
    with running_service(ServiceOptions(index=words_index.alias), settings, ready=False) as service:
        body = lines({"id": "tin", "title": "Tin mug"})
        answer = service.post("/v1/products", body, Authorization=f"Bearer {key}")
    assert (answer.status, answer.body["applied"], answer.body["vectors_by"]) == (200, 1, "workers")
    assert answer.body["enqueue_error"] == "the broker does not answer"
    assert titles(words_index, "tin") == {"tin": "Tin mug"}


def test_products_of_a_shops_own_index_are_left_alone(shop, shop_settings):
    name = f"own-{uuid.uuid4().hex[:8]}"
    shop.cluster.call("PUT", f"/{name}", {"mappings": {"properties": {"name": {"type": "text"}}}})
    try:
        keep_profile(
            shop.cluster,
            name,
            decode(IndexProfile, {"text_fields": ["name"], "product": {"title": "name"}}, source="profile"),
        )
        with running_service(ServiceOptions(index=name), shop_settings, ready=False) as service:
            answer = service.post("/v1/products", lines({"id": "a", "title": "b"}))
    finally:
        shop.cluster.call("DELETE", f"/{name}")
    assert answer.status == 409
    assert name in answer.body["error"]
