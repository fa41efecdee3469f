"""The messages of catalog systems, which are nowhere else: kept until the cluster has them."""

import json
import logging
import os
import sys
import time
import uuid
from functools import partial
from pathlib import Path

import pytest
from busy_proxy import busy_proxy
from ltr_workers import catalog_tasks, tasks
from ltr_workers.catalog_tasks import PUT_TASK
from ltr_workers.celery import make_app
from ltr_workers.parking import Parking
from prometheus_client import REGISTRY

from benchmarks.lib.brokers import RabbitMQ, Redis
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.broker.messages import CATALOG_QUEUE, TASK_FAILED, WRITE_REFUSED, broker_folder
from ltr_plugin.catalog.schema import CatalogSchema, DeclaredField
from ltr_plugin.cluster.managed.versions import IndexOptions, open_or_create, switch_alias
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

MUG = {"id": "4711", "title": "Mug"}


@pytest.fixture
def shop(index, monkeypatch, tmp_path):
    """The alias of an index without products, for tasks in this process."""
    alias = index.name.rpartition("-v")[0]
    switch_alias(index.cluster, alias, index.name)
    monkeypatch.setattr(catalog_tasks, "app", make_app(Settings(runs=tmp_path / "runs")))
    monkeypatch.setattr(catalog_tasks, "RETRY_INTERVAL_S", 0.05)
    monkeypatch.setattr(catalog_tasks, "parking", Parking())
    monkeypatch.setattr(catalog_tasks, "_take_up_regularly", lambda: None)
    monkeypatch.setenv("LTR_RETRY_TIMEOUT_S", "0.1")
    monkeypatch.setenv("OPENSEARCH_URL", index.cluster.url)
    tasks.worker_cluster.cache_clear()
    yield alias
    tasks.worker_cluster.cache_clear()


@pytest.mark.parametrize("before", [0, 1], ids=["first call", "later call"])
@pytest.mark.parametrize("trouble", [401, 403, 404, 500, 503, "page", "drop"])
def test_what_says_nothing_about_the_message_is_waited_for(shop, index, node_url, monkeypatch, trouble, before, caplog):
    with busy_proxy(node_url) as proxy, caplog.at_level(logging.WARNING, "ltr_workers.catalog_tasks"):
        monkeypatch.setenv("OPENSEARCH_URL", proxy.url)
        proxy.troubles = [None] * before + [trouble] * 3
        catalog_tasks._ingest("1", PUT_TASK, shop, [MUG])
        assert proxy.troubles == []
    assert [found.product.title for found in index.fetch(["4711"])] == ["Mug"]
    assert TASK_FAILED not in caplog.text
    permanent = trouble in (401, 403, 404, 500, "page")
    assert {record.levelname for record in caplog.records} == {"ERROR" if permanent else "WARNING"}


def test_a_message_that_is_delivered_again_after_a_later_one_changes_nothing(shop, index, caplog):
    first, later = {**MUG, "changed": 1}, {**MUG, "title": "Cup", "changed": 2}
    with caplog.at_level(logging.INFO, "ltr_workers.catalog_tasks"):
        for number, items in enumerate([[first], [later], [first], [{**first, "deleted": True}]]):
            catalog_tasks._ingest(str(number), PUT_TASK, shop, items)
    assert [found.product.title for found in index.fetch(["4711"])] == ["Cup"]
    assert [record.facts["stale"] for record in caplog.records if hasattr(record, "facts")] == [0, 0, 1, 1]


@pytest.mark.parametrize("arguments", [["a shop", []], ["*", []], ["shop/x", []], ["_all", []], ["", []], ["shop", {}]])
def test_an_invalid_message_fails_at_once(arguments, caplog):
    with caplog.at_level(logging.ERROR, "ltr_workers.catalog_tasks"):
        catalog_tasks._ingest("1", PUT_TASK, *arguments)
    assert TASK_FAILED in caplog.text


@pytest.fixture
def absent(index):
    """The alias of an index that does not exist yet, and a function that makes it."""
    alias = f"absent-{uuid.uuid4().hex[:8]}"

    def make():
        made = open_or_create(index.cluster, alias, (), Path())
        switch_alias(index.cluster, alias, made.name)
        return made

    yield alias, make
    index.cluster.call("DELETE", f"/{alias}-v*")


def put(number, alias, **fields):
    catalog_tasks._ingest(str(number), PUT_TASK, alias, [MUG | fields])


def parked(alias):
    return REGISTRY.get_sample_value("ltr_parked_messages", {"index": alias})


def test_messages_for_an_index_that_is_not_there_are_parked_and_keep_their_order(shop, index, absent, monkeypatch):
    alias, make = absent
    put(1, alias, title="first")
    put(2, alias, title="second")
    put(3, shop)
    assert [found.product.title for found in index.fetch(["4711"])] == ["Mug"]
    assert parked(alias) == 2
    catalog_tasks.take_up_parked()
    assert parked(alias) == 2
    made = make()
    put(4, alias, title="third")  # the index is there, and older messages still wait
    assert made.fetch(["4711"]) == []
    monkeypatch.setattr(catalog_tasks, "parking", Parking())  # as another worker
    put(5, alias, title="fourth")
    catalog_tasks.take_up_parked()
    assert [found.product.title for found in made.fetch(["4711"])] == ["fourth"]
    assert parked(alias) == 0
    put(6, alias, title="fifth")
    assert [found.product.title for found in made.fetch(["4711"])] == ["fifth"]


@pytest.fixture(params=[Redis, RabbitMQ])
def broker(request, tmp_path):
    if not request.param.binary:
        pytest.skip(f"{request.param.__name__} is not installed")
    started = request.param(tmp_path / "broker")
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.mark.usefixtures("shop")
def test_messages_parked_in_a_broker_keep_their_order_and_end(broker, absent, monkeypatch, tmp_path):
    monkeypatch.setattr(catalog_tasks, "app", make_app(Settings(runs=tmp_path, broker_url=broker.url)))
    alias, make = absent
    catalog_tasks.take_up_parked()
    for number, title in enumerate(("first", "second", "third")):
        put(number, alias, title=title)
    catalog_tasks.take_up_parked()
    assert parked(alias) == 3
    made = make()
    catalog_tasks.take_up_parked()
    assert [found.product.title for found in made.fetch(["4711"])] == ["third"]
    assert parked(alias) == 0
    catalog_tasks.take_up_parked()


@pytest.mark.usefixtures("shop")
def test_a_parked_message_that_turns_out_wrong_stops_none_after_it(absent, caplog):
    alias, make = absent
    catalog_tasks._ingest("1", PUT_TASK, alias, [{"id": 5}, "x", None, MUG])
    made = make()
    catalog_tasks.take_up_parked()
    assert len([line for line in caplog.messages if line.startswith(WRITE_REFUSED)]) == 3
    assert [found.product.title for found in made.fetch(["4711"])] == ["Mug"]


def test_a_closed_index_and_one_of_another_program_stop_no_other(shop, index, absent):
    alias, _ = absent
    for name, body in ((f"{alias}-v1", {}), (f"{alias}-v2", {"mappings": {"_meta": {"layout_version": 1}}})):
        index.cluster.call("PUT", f"/{name}", body)
    index.cluster.call("POST", f"/{alias}-v1/_close")
    for number, name in enumerate((f"{alias}-v1", f"{alias}-v2", shop)):
        put(number, name)
    assert (parked(f"{alias}-v1"), parked(f"{alias}-v2")) == (1, 1)
    assert index.fetch(["4711"])


def test_an_integer_of_308_digits_is_a_mistake_of_its_product_alone(shop, index, caplog):
    items = [MUG | {"attributes": {"n": 10**307}}, MUG | {"id": "b", "stats": {"n": 10**400}}, MUG | {"id": "c"}]
    catalog_tasks._ingest("1", PUT_TASK, shop, items)
    assert [line.partition(": ")[0] for line in caplog.messages if "item" in line] == [WRITE_REFUSED] * 2
    assert [found.product.id for found in index.fetch(["4711", "b", "c"])] == ["c"]


def test_of_700_products_of_a_message_the_one_with_an_id_of_600_bytes_alone_is_refused(shop, index, caplog):
    items = [{"id": f"p{n}" if n != 350 else "x" * 600, "title": "mug"} for n in range(701)]
    catalog_tasks._ingest("1", PUT_TASK, shop, items)
    (line,) = [line for line in caplog.messages if line.startswith(WRITE_REFUSED)]
    assert "at most 512 bytes" in line
    index.refresh()
    assert index.count() == 700


def until(condition):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 60, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_that_waits_is_stopped_and_its_message_stays(shop, index, node_url, tmp_path, pool):
    runs = tmp_path / "runs"
    make_app(Settings(runs=runs)).send_task(PUT_TASK, [shop, [MUG]], queue=CATALOG_QUEUE)
    (tmp_path / "own_worker.py").write_text(  # Celery does not take `--pool prefork` where an app has another pool
        f"from ltr_workers.celery import app\napp.conf.worker_pool = {pool!r}\n"
    )
    start = partial(WorkerProcess, app="own_worker")
    options = ("-Q", CATALOG_QUEUE, "--concurrency", "1")
    environment = {
        "LTR_RUNS": str(runs),
        "LTR_RETRY_TIMEOUT_S": "0.1",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }

    away = start({**environment, "OPENSEARCH_URL": "http://127.0.0.1:9"}, tmp_path / "away.log", *options)
    try:
        until(lambda: any("waiting" in line["message"] for line in away.lines()))
        assert away.stop(30) == 0
        assert (pool == "prefork") == ("not `prefork`" in away.log.read_text())
    finally:
        away.kill()
    assert len(list((broker_folder(Settings(runs=runs)) / "queue").glob(f"*.{CATALOG_QUEUE}.msg"))) == 1
    worker = start({**environment, "OPENSEARCH_URL": node_url}, tmp_path / "log", *options)
    try:
        until(lambda: index.fetch(["4711"]))
    finally:
        worker.kill()


MALFORMED = [
    {"task": "ltr.put", "body": json.dumps([["shop"], {}, {}])},
    {"task": "ltr.put", "body": json.dumps([["shop", [], 3, 4], {}, {}])},
    {"task": "ltr.put", "body": json.dumps([["shop"], {"goods": []}, {}])},
    {"task": "ltr.sweep", "body": json.dumps([[], {}, {}])},
    {"task": "ltr.put", "body": json.dumps([[7, None], {}, {}])},
    {"task": "ltr.pvt", "body": json.dumps([["shop", []], {}, {}])},
    {"task": "ltr.put", "body": "{"},
    {"task": "ltr.put", "body": "3"},
    {"task": "ltr.put", "body": json.dumps([1, 2])},
    {"task": "ltr.put", "body": json.dumps([["shop", []], 3, {}])},
    {"task": "ltr.put", "body": "[" * 100_000},
    {"task": "ltr.put", "body": json.dumps([["shop", []], {}, {}]), "content-type": "application/x-python-serialize"},
    {"task": None, "body": json.dumps([["shop", []], {}, {}])},
    {"task": ["x"], "body": json.dumps([["shop", []], {}, {}])},
    {"task": "ltr.put", "body": json.dumps([["shop", []], {}, {"callbacks": "x"}])},
    {"task": "ltr.put", "shadow": [1], "body": json.dumps([["shop", []], {}, {}])},
    {"task": "ltr.put", "compression": "zlib", "body": json.dumps([["shop", []], {}, {}])},
    {"task": "ltr.put", "body": json.dumps([[], {"self": 1, "index": "shop", "products": []}, {}])},
    {"task": "ltr.put", "id": None, "body": json.dumps([["shop", []], {}, {}])},
]


def test_malformed_messages_are_one_line_each_and_stop_none_after_them(shop, index, node_url, tmp_path):
    runs = tmp_path / "runs"
    app = make_app(Settings(runs=runs))
    queue = broker_folder(Settings(runs=runs)) / "queue"
    for number, message in enumerate(MALFORMED):
        headers = {"task": message["task"], "id": f"m{number}"}
        headers |= {name: message[name] for name in ("shadow", "compression") if name in message}
        if message["task"] is None:
            del headers["task"]
        if "id" in message:
            del headers["id"]
        properties = {"delivery_tag": f"m{number}", "delivery_info": {"exchange": "", "routing_key": CATALOG_QUEUE}}
        payload = {"body": message["body"], "headers": headers, "properties": properties, "content-encoding": "utf-8"}
        payload["content-type"] = message.get("content-type", "application/json")
        (queue / f"{0:020}_{number:02}.{CATALOG_QUEUE}.msg").write_text(json.dumps(payload))
    app.send_task(PUT_TASK, [shop, [MUG]], queue=CATALOG_QUEUE)
    environment = {"LTR_RUNS": str(runs), "OPENSEARCH_URL": node_url}
    worker = WorkerProcess(environment, tmp_path / "log", "-Q", CATALOG_QUEUE, "--concurrency", "1")
    try:
        until(lambda: index.fetch(["4711"]))
    finally:
        worker.kill()
    lines = worker.lines()
    assert len([line for line in lines if TASK_FAILED in line["message"]]) == len(MALFORMED)
    assert not [line for line in lines if "traceback" in line]
    assert not [line for line in lines if line["level"] == "critical"]
    assert max(len(line["message"]) for line in lines) < 1000


ROUTE = {"delivery_info": {"exchange": "", "routing_key": CATALOG_QUEUE}}
ENVELOPE = {"body": "x", "headers": {}, "properties": ROUTE | {"delivery_tag": "t"}}
ITEMS = [
    "hello", b"\xff\x00", "", "3", "null", "[]", '"x"', "{}", "[" * 100_000,
    *(json.dumps(ENVELOPE | {"headers": wrong}) for wrong in ([1], "x")),
    *(json.dumps(ENVELOPE | {"properties": wrong}) for wrong in (None, [], {}, ROUTE, {"delivery_tag": "t"})),
    *(json.dumps(ENVELOPE | {"properties": ROUTE | {"delivery_tag": wrong}}) for wrong in (None, ["t"])),
    json.dumps(ENVELOPE | {"properties": ENVELOPE["properties"] | {"body_encoding": "base64"}}),
]  # fmt: skip


@pytest.mark.parametrize("broker", [Redis], indirect=True)
def test_items_in_redis_that_are_no_messages_are_one_line_each_and_stop_no_worker(
    shop, index, node_url, broker, tmp_path
):
    import redis

    app = make_app(Settings(runs=tmp_path, broker_url=broker.url))
    with redis.Redis.from_url(broker.url) as queue:
        for item in ITEMS:
            queue.lpush(CATALOG_QUEUE, item)
    app.send_task(PUT_TASK, [shop, [MUG]], queue=CATALOG_QUEUE)
    environment = {"LTR_BROKER_URL": broker.url, "OPENSEARCH_URL": node_url}
    worker = WorkerProcess(environment, tmp_path / "log", "-Q", CATALOG_QUEUE, "--concurrency", "1")
    try:
        until(lambda: index.fetch(["4711"]))
        assert worker.metric('ltr_tasks_total{outcome="malformed",task="unknown"}') == len(ITEMS)
    finally:
        worker.kill()
    lines = worker.lines()
    assert len([line for line in lines if TASK_FAILED in line["message"]]) == len(ITEMS)
    assert not [line for line in lines if "traceback" in line]


@pytest.mark.parametrize("broker", [Redis], indirect=True)
def test_a_message_that_a_stopped_worker_gives_back_to_redis_stays_the_first(shop, index, node_url, broker, tmp_path):
    app = make_app(Settings(runs=tmp_path, broker_url=broker.url))
    for title in ("first", "second", "third"):
        app.send_task(PUT_TASK, [shop, [MUG | {"title": title}]], queue=CATALOG_QUEUE)
    environment = {"LTR_BROKER_URL": broker.url, "LTR_RETRY_TIMEOUT_S": "0.1"}
    options = ("-Q", CATALOG_QUEUE, "--concurrency", "1")
    away = WorkerProcess({**environment, "OPENSEARCH_URL": "http://127.0.0.1:9"}, tmp_path / "away.log", *options)
    try:
        until(lambda: any("waiting" in line["message"] for line in away.lines()))
        assert away.stop(30) == 0
    finally:
        away.kill()
    worker = WorkerProcess({**environment, "OPENSEARCH_URL": node_url}, tmp_path / "log", *options)
    try:
        until(lambda: len([line for line in worker.lines() if line.get("facts") or "applied" in line]) == 3)
    finally:
        worker.kill()
    assert [found.product.title for found in index.fetch(["4711"])] == ["third"]


@pytest.mark.usefixtures("shop")
def test_a_message_has_the_fields_that_its_index_declares(index, caplog):
    schema = CatalogSchema(fields=(DeclaredField(name="colour", type="keyword"),))
    alias = f"declared-{index.name}"
    made = open_or_create(index.cluster, alias, (), Path(), IndexOptions(schema))
    switch_alias(index.cluster, alias, made.name)
    items = [MUG | {"colour": "red"}, MUG | {"id": "b", "colours": "red"}]
    catalog_tasks._ingest("1", PUT_TASK, alias, items)
    assert [found.product.colour for found in made.fetch(["4711", "b"])] == ["red"]
    assert "`fields: [{name: colours, type: keyword}]`" in caplog.text
    index.cluster.call("DELETE", f"/{made.name}")
