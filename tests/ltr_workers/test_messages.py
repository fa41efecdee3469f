"""The messages of docs/messages.md, as they stand there, published by a program that knows nothing of ours."""

import json
import re
import time
import uuid
from pathlib import Path

import pytest
from kombu import Connection, Queue

from benchmarks.lib.brokers import RabbitMQ, Redis
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.broker.messages import CATALOG_QUEUE, QUEUES, TASK_FAILED, broker_options
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create, switch_alias
from ltr_plugin.encoders import vector_fields
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text()
PROPERTIES, HEADERS, BODY, UPDATE, EMBED = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)


@pytest.fixture
def index(node_url, tmp_path):
    """An index with vectors of words, from a file of word vectors, behind an alias."""
    words = tmp_path / "words.txt"
    words.write_text("mug 1 0 0\ncup 0 1 0\nstriped 0 0 1\n")
    cluster = connect(node_url)
    alias = f"shop-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(f"word-vectors:{words}"), tmp_path)
    switch_alias(cluster, alias, made.name)
    yield made
    cluster.call("DELETE", f"/{made.name}")


@pytest.fixture
def worker(node_url, tmp_path):
    """Starts a worker that takes in what catalogs send, and makes vectors too."""
    started = []

    def start(broker_url=""):
        environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs"), "LTR_BROKER_URL": broker_url}
        options = ("-Q", ",".join([*QUEUES, CATALOG_QUEUE]), "--concurrency", "1")
        started.append(WorkerProcess(environment, tmp_path / "worker.log", *options))
        return started[0]

    yield start
    for one in started:
        one.kill()


def alias_of(index):
    return index.name.rpartition("-v")[0]


def for_index(text, index):
    return text.replace("shop", alias_of(index), 1)


def until(condition):
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < 90, "waited in vain"
        time.sleep(0.05)
    return found


def product(index):
    found = index.fetch(["4711"])
    return found[0] if found else None


def embedded(index):
    found = product(index)
    return found if found and not found.pending(index.vectors) else None


def publish(connection, index, task, arguments, routing_key="ltr.catalog"):
    """One message in the documented form, by kombu's bare producer."""
    headers = json.loads(HEADERS) | {"task": task, "id": str(uuid.uuid4())}
    body = json.dumps([[alias_of(index), *arguments], {}, {}])
    connection.Producer().publish(body, exchange="", routing_key=routing_key, headers=headers, **json.loads(PROPERTIES))


def test_every_message_on_rabbitmq_byte_by_byte(index, worker, tmp_path):
    if not RabbitMQ.binary:
        pytest.skip("RabbitMQ is not installed")
    broker = RabbitMQ(tmp_path / "rabbitmq")
    try:
        broker.start()
        with Connection(broker.url) as connection:
            Queue("ltr.catalog", durable=True, channel=connection).declare()
            body, properties = for_index(BODY, index), json.loads(PROPERTIES)
            connection.Producer().publish(
                body, exchange="", routing_key="ltr.catalog", headers=json.loads(HEADERS), **properties
            )
            log = worker(broker.url)
            assert until(lambda: embedded(index)).product == Product.model_validate(json.loads(BODY)[0][1][0])
            publish(connection, index, "ltr.update", [[{"id": "4711", "title": "Cup"}, {"id": "0", "price": 1}]])
            until(lambda: product(index).product.title == "Cup" and embedded(index))
            publish(connection, index, "ltr.reembed", [["4711"]])
            publish(connection, index, "ltr.delete", [["4711", "absent"]])
            until(lambda: product(index) is None)
            publish(connection, index, "ltr.put", ["no list"])
            until(lambda: any(TASK_FAILED in line["message"] for line in log.lines()))
        refused = [line["message"] for line in log.lines() if "refused by the cluster" in line["message"]]
        assert len(refused) == 1
        assert "item 2 of ltr.update, product 0: there is no such product" in refused[0]
    finally:
        broker.close()


@pytest.fixture
def redis_broker(tmp_path):
    """A Redis of its own: its address, and a client."""
    if not Redis.binary:
        pytest.skip("Redis is not installed")
    import redis

    broker = Redis(tmp_path / "redis")
    try:
        broker.start()
        with redis.Redis.from_url(broker.url) as queue:
            yield broker.url, queue
    finally:
        broker.close()


def test_messages_pushed_to_redis_byte_by_byte(index, worker, redis_broker):
    url, queue = redis_broker
    worker(url)
    assert not [error for _, error in index.put([Product(id="4711", title="Striped mug", price=12.5)]) if error]
    queue.lpush("ltr.text", for_index(EMBED.replace("image", "text"), index))
    until(lambda: embedded(index))
    queue.lpush("ltr.catalog", for_index(UPDATE, index))
    until(lambda: product(index).product.price == 9.9)
    until(lambda: not queue.hlen("unacked"))
    assert embedded(index)  # a price costs no vector


def without(message, *path):
    """The message as JSON without the key at the end of the path."""
    message = inner = json.loads(message)
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return json.dumps(message)


def put_message(alias):
    """An item for Redis that puts a product."""
    body = json.dumps([[alias, [{"id": "4711", "title": "Mug"}]], {}, {}])
    return json.dumps({**json.loads(UPDATE), "body": body, "headers": {"task": "ltr.put", "id": str(uuid.uuid4())}})


NO_MESSAGES = [
    "no JSON",
    b"\xff\xfe",
    "3",
    "[1, 2, 3]",
    BODY,
    '{"body": 3}',
    without(UPDATE, "headers"),
    without(UPDATE, "properties"),
    without(UPDATE, "properties", "delivery_tag"),
    without(UPDATE, "properties", "delivery_info"),
    without(UPDATE, "properties", "delivery_info", "exchange"),
    UPDATE.replace('"delivery_mode": 2', '"body_encoding": "base64"'),
    UPDATE.replace('"delivery_mode": 2', '"body_encoding": "rot13"'),
]


def test_items_of_redis_that_are_no_messages_are_one_line_each_and_stop_none_after_them(index, worker, redis_broker):
    url, queue = redis_broker
    queue.lpush("ltr.catalog", *NO_MESSAGES, put_message(alias_of(index)))
    log = worker(url)
    until(lambda: product(index))
    until(lambda: not queue.hlen("unacked"))
    lines = log.lines()
    assert len([line for line in lines if TASK_FAILED in line["message"]]) == len(NO_MESSAGES)
    assert not [line for line in lines if "traceback" in line or "Connection to broker lost" in line["message"]]


def test_a_message_of_redis_for_an_index_that_is_made_later_is_taken_up(index, worker, redis_broker):
    url, queue = redis_broker
    later = f"{alias_of(index)}-later"
    log = worker(url)  # which looks for parked messages before there are any
    queue.lpush("ltr.catalog", put_message(later))
    until(lambda: any("parked until it can be written" in line["message"] for line in log.lines()))
    switch_alias(index.cluster, later, index.name)
    until(lambda: product(index))
    until(lambda: not queue.exists(f"ltr.catalog.parked.{later}"))
    assert not [line for line in log.lines() if "traceback" in line]


def test_a_message_in_the_folder_queue_waits_for_its_worker(index, worker, tmp_path):
    options = broker_options(Settings(runs=tmp_path / "runs"))
    transport = options["broker_transport_options"]
    with Connection(options["broker_url"], transport_options=transport) as connection:
        publish(connection, index, "ltr.put", [[{"id": "4711", "title": "Mug"}, {"id": "bad", "prise": 1}]])
        publish(connection, index, "ltr.embed", [["4711"]], routing_key="ltr")
    log = worker()
    until(lambda: embedded(index))
    until(lambda: any("unknown key" in line["message"] for line in log.lines()))
