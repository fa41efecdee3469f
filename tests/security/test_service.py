"""The service with the users of our roles: what it answers with each, and what the cluster refuses it."""

import logging
import time
from datetime import UTC, datetime

import pytest
from running_service import running_service
from secured_node import refused
from secured_shop import OTHER, SHOP

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.feedback.daily_indices import event_indices, query_indices
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.pipelines.feedback.frequent_queries import frequent_queries
from ltr_plugin.pipelines.feedback.record_events import forget_old_days
from ltr_plugin.service.configuration import ServiceOptions

pytestmark = [pytest.mark.live, pytest.mark.slow]

WARE = "ware"
PIN = {"name": "first", "pin": ["p4"], "queries": ["red shoe"]}


@pytest.fixture
def service_of(node, caplog):
    """Starts the service as a user; it complains of nothing while it runs."""
    running = []

    def start(user, index=SHOP, **options):
        context = running_service(ServiceOptions(index=index, **options), node.settings(user))
        running.append(context)
        return context.__enter__()

    with caplog.at_level(logging.WARNING, "ltr_plugin"):
        yield start
        for context in running:
            context.__exit__(None, None, None)
    assert not [one.getMessage() for one in caplog.records if one.name.startswith("ltr_plugin")]


def stored(indices, query_id):
    """The documents of a query id, once there are some."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        indices.refresh()
        if hits := indices.search({"query": {"term": {"query_id": query_id}}})["hits"]["hits"]:
            return [hit["_source"] for hit in hits]
        time.sleep(0.2)
    raise AssertionError("nothing is stored")


@pytest.mark.usefixtures("promoted")
def test_shoppers_are_answered_and_what_they_do_is_kept(node, service_of):
    service = service_of("search_service")
    found = service.post("/v1/search", {"text": "red shoe", "filters": {"brand": ["Nordvik"]}}).body
    assert found["release"]
    assert found["hits"][0]["title"].startswith("red shoe")
    assert service.post("/v1/search", {"text": "redd shoe"}).status == 200
    assert service.get("/v1/suggest?q=sho").body["products"]
    assert service.get("/v1/similar/p1").body["hits"]
    event = {
        "action_name": "click",
        "query_id": found["query_id"],
        "timestamp": datetime.now(UTC).isoformat(),
        "event_attributes": {"object": {"object_id": found["hits"][0]["id"], "object_id_field": "_id"}},
    }
    answers = [service.post("/v1/events", [event]) for _ in range(2)]
    assert [(answer.status, answer.body["stored"]) for answer in answers] == [(202, 1)] * 2
    (kept,) = stored(event_indices(node.cluster()), found["query_id"])
    assert (kept["action_name"], kept["index"]) == ("click", SHOP)
    (logged,) = stored(query_indices(node.cluster()), found["query_id"])
    assert logged["user_query"] == "red shoe"


def test_old_days_are_forgotten_and_frequent_queries_are_read(node):
    for indices in (event_indices(node.cluster()), query_indices(node.cluster())):
        indices._create(datetime(2020, 1, 1, tzinfo=UTC).date())
    own = node.cluster("search_service")
    assert forget_old_days(own) == 2
    assert forget_old_days(own) == 0
    assert frequent_queries(own, SHOP) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", f"/{SHOP}", None),
        ("PUT", f"/{SHOP}/_doc/p1", {"title": "mine"}),
        ("POST", f"/{SHOP}/_update/p1", {"doc": {"title": "mine"}}),
        ("PUT", f"/{SHOP}/_mapping", {"properties": {"more": {"type": "keyword"}}}),
        ("POST", f"/{OTHER}/_search", {}),
        ("PUT", f"/_scripts/{SHOP}", {"script": {"lang": "mustache", "source": "{}"}}),
        ("PUT", "/_ltr/_featureset/mine", {"featureset": {"name": "mine", "features": []}}),
        ("GET", "/_ltr/_model", None),
        ("PUT", "/ltr-profiles/_doc/mine", {}),
        ("PUT", "/ltr-rules/_doc/mine", {}),
        ("POST", "/ltr-grades/_search", {}),
        ("POST", "/ltr-releases/_search", {}),
        ("DELETE", "/ltr-rules", None),
        ("POST", "/.ltrstore/_search", {}),
        ("GET", "/_cluster/state", None),
        ("GET", "/_nodes", None),
    ],
)
def test_the_user_of_the_service_does_nothing_else(node, method, path, body):
    assert refused(node.cluster("search_service"), method, path, body)


def test_events_are_neither_changed_nor_deleted_one_by_one(node):
    indices = event_indices(node.cluster())
    day = datetime(2020, 1, 2, tzinfo=UTC).date()
    indices._create(day)
    path = f"/{indices.name(day)}"
    for call in (("POST", f"{path}/_update/one", {"doc": {}}), ("DELETE", f"{path}/_doc/one", None)):
        assert refused(node.cluster("search_service"), *call)
    assert indices.delete_before(datetime(2020, 1, 3, tzinfo=UTC).date()) == [day]


@pytest.mark.usefixtures("promoted")
def test_with_the_role_of_merchandisers_rankers_grades_and_rules_work(folder, service_of):
    service = service_of("service_of_merchandisers", rankers=folder)
    names = [one["name"] for one in service.get("/v1/admin/rankers").body["rankers"] if one["kind"] == "model"]
    body = {"text": "red shoe", "left": names[0], "right": "bm25"}
    assert service.post("/v1/admin/compare", body).body["left"]["hits"]
    explained = service.post("/v1/admin/explain", {"text": "red shoe", "product": "p1"})
    assert explained.status == 200, explained.body
    graded = service.put("/v1/admin/grades", {"text": "red shoe", "product": "p1", "grade": 3})
    assert graded.body["grades"] == {"p1": 3}
    assert b"p1" in service.get("/v1/admin/qrels").body
    preview = service.post("/v1/admin/preview", {"text": "red shoe", "rules": {"rules": [PIN]}})
    assert preview.body["right"]["hits"][0]["id"] == "p4"
    latest = service.get("/v1/admin/rules").body["revision"]
    assert service.put("/v1/admin/rules", {"rules": {"rules": [PIN]}, "after": latest}).status == 200
    assert service.post("/v1/search", {"text": "red shoe"}).body["hits"][0]["id"] == "p4"
    assert service.post("/v1/admin/rules/undo", {}).status == 200


def test_with_the_role_of_catalog_workers_products_are_written(node, service_of, tmp_path):
    node.put_roles(WARE)
    index = open_or_create(node.cluster("catalog_manager"), WARE, (), tmp_path)
    try:
        service = service_of("service_of_catalogs", index.alias)
        lines = "".join(f"{Product(id=id_, title='red mug').model_dump_json()}\n" for id_ in ("m1", "m2"))
        written = service.post("/v1/products", lines).body
        assert (written["applied"], written["refused"]) == (2, 0)
        index.refresh()
        assert service.post("/v1/search", {"text": "mug"}).body["total"] == 2
    finally:
        node.cluster().call("DELETE", f"/{index.name}")
        node.put_roles(SHOP)
