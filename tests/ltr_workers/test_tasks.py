"""The tasks around the plain functions: what they retry, what fails, and what they send where."""

import json
import logging
import threading
import time
from collections import Counter

import pytest
from busy_proxy import busy_proxy
from ltr_workers import tasks
from ltr_workers.celery import make_app
from ltr_workers.in_flight import running
from ltr_workers.tasks import MAX_RETRIES, MAX_RETRY_DELAY_S, TASK_FAILED, embed_task

from ltr_plugin.broker.messages import QUEUES, WRITE_REFUSED, broker_folder, broker_options, route
from ltr_plugin.errors import BrokerError, LtrError
from ltr_plugin.pipelines.indexing.enqueue import PRODUCTS_PER_TASK, enqueue, enqueue_backlog, enqueue_lost
from ltr_plugin.pipelines.indexing.local_worker import drain
from ltr_plugin.settings import Settings


@pytest.fixture
def cluster_at(monkeypatch, tmp_path):
    def point(url: str, retry_timeout_s: float = 0.2) -> None:
        monkeypatch.setenv("OPENSEARCH_URL", url)
        monkeypatch.setenv("LTR_RETRY_TIMEOUT_S", str(retry_timeout_s))
        monkeypatch.setenv("LTR_MEDIA_ROOT", str(tmp_path))
        tasks.worker_cluster.cache_clear()

    yield point
    tasks.worker_cluster.cache_clear()


@pytest.fixture
def pauses(monkeypatch):
    """How long each retry was put off; none is waited for."""
    found = []
    retry = embed_task.retry
    monkeypatch.setattr(embed_task, "retry", lambda **how: found.append(how["countdown"]) or retry(**how))
    return found


@pytest.fixture
def queue(tmp_path):
    """An application whose queue is a folder of this test."""
    return make_app(Settings(runs=tmp_path / "runs"))


@pytest.fixture
def sent(tmp_path):
    """Reads what waits in the folder: (queue, arguments) of each message, in order."""

    def read() -> list[tuple[str, str]]:
        folder = broker_folder(Settings(runs=tmp_path / "runs")) / "queue"
        found = [(path.name.partition(".")[2].removesuffix(".msg"), path) for path in sorted(folder.glob("*.msg"))]
        return [(name, json.loads(path.read_text())["headers"]["argsrepr"]) for name, path in found]

    return read


@pytest.fixture
def forwarding(monkeypatch, queue):
    """What the task forwards goes into this test's queue."""
    monkeypatch.setattr(tasks, "app", queue)


def fill(index, catalog):
    assert not [error for _, error in index.put(catalog) if error]
    index.refresh()


@pytest.mark.slow
def test_a_cluster_that_does_not_answer_is_retried_until_the_task_fails(cluster_at, caplog, pauses):
    cluster_at("http://127.0.0.1:1")
    with caplog.at_level(logging.ERROR, "ltr_workers.tasks"):
        assert embed_task.apply(["products-v1", ["a", "b"], "text"]).successful()
    assert len(pauses) == MAX_RETRIES
    for attempt, pause_s in enumerate(pauses):
        longest_s = min(2 ** (attempt + 1), MAX_RETRY_DELAY_S)
        assert longest_s / 2 <= pause_s <= longest_s
    (line,) = [record.getMessage() for record in caplog.records if record.name == "ltr_workers.tasks"]
    assert line.startswith(f"{TASK_FAILED}: no answer from http://127.0.0.1:1")
    assert line.endswith("index products-v1, products a b")


@pytest.mark.live
def test_a_task_for_an_index_that_is_gone_fails_at_once(cluster_at, node_url, caplog, pauses):
    cluster_at(node_url)
    with caplog.at_level(logging.ERROR, "ltr_workers.tasks"):
        embed_task.apply(["no-such-index", ["a"], "text"])
    assert f"{TASK_FAILED}: there is no index 'no-such-index'" in caplog.text
    assert pauses == []


@pytest.mark.parametrize(
    "arguments", [["i", "p1"], ["i", [1]], ["i", ["p1", ""]], [{}, ["p1"]], ["i", ["p1"], "smell"]]
)
def test_an_invalid_message_fails_at_once(arguments, caplog, pauses):
    with caplog.at_level(logging.ERROR, "ltr_workers.tasks"):
        assert embed_task.apply(arguments).successful()
    assert TASK_FAILED in caplog.text
    assert pauses == []


@pytest.mark.live
def test_a_busy_cluster_slows_a_task_down_and_loses_nothing(cluster_at, node_url, index, catalog, pauses):
    fill(index, catalog)
    with busy_proxy(node_url) as proxy:
        cluster_at(proxy.url, retry_timeout_s=20)
        proxy.troubles = [503, None, 429, None, "drop", None, 429, "part", 429, "part", "lost"]
        embed_task.apply([index.name, [product.id for product in catalog], "image"])
        assert proxy.troubles == []
    index.refresh()
    assert (index.backlog("image"), index.backlog("text")) == (0, 8)
    assert pauses == []


@pytest.mark.live
def test_a_cluster_that_is_busy_for_long_puts_the_task_off(cluster_at, node_url, index, catalog, pauses):
    fill(index, catalog)
    with busy_proxy(node_url) as proxy:
        cluster_at(proxy.url, retry_timeout_s=0.1)
        proxy.troubles = [429] * 9
        embed_task.apply([index.name, [product.id for product in catalog], "image"])
        assert 1 <= len(pauses) < 9
    index.refresh()
    assert index.backlog("image") == 0


@pytest.mark.live
def test_a_duplicate_message_is_dropped_while_the_first_is_in_flight(cluster_at, node_url, index, catalog, caplog):
    fill(index, catalog)
    arguments = [index.name, [product.id for product in catalog], "image"]
    with busy_proxy(node_url) as proxy, caplog.at_level(logging.INFO, "ltr_workers.tasks"):
        cluster_at(proxy.url, retry_timeout_s=20)
        proxy.delays_s = {"_bulk": 2}
        first = threading.Thread(target=embed_task.apply, args=[arguments], kwargs={"task_id": "same"})
        first.start()
        until = time.monotonic() + 30
        while ("POST", "/_bulk") not in proxy.seen and time.monotonic() < until:
            time.sleep(0.02)
        embed_task.apply(arguments, task_id="same")
        assert first.is_alive()
        assert "delivered again by the broker while it is being worked on: dropped" in caplog.text
        first.join()
        assert proxy.seen.count(("POST", "/_bulk")) == 1
    assert running == {}


@pytest.mark.live
def test_the_backlog_goes_out_by_modality_as_ids_only(index, catalog, queue, sent):
    fill(index, catalog)
    assert enqueue_backlog(index, batch=3, client=queue) == 16
    ids = (["p0", "p1", "p2"], ["p3", "p4", "p5"], ["p6", "p7"])
    expected = [(f"ltr.{source}", str([index.name, some, source])) for source in ("image", "text") for some in ids]
    assert Counter(sent()) == Counter(expected)


@pytest.mark.live
@pytest.mark.usefixtures("forwarding")
def test_a_message_without_a_modality_is_forwarded_for_products_that_lack_vectors(
    cluster_at, node_url, index, catalog, sent
):
    fill(index, catalog)
    cluster_at(node_url)
    embed_task.apply([index.name, ["p0", "p1"], "image"])
    embed_task.apply([index.name, ["p0", "p1", "p2", "nobody"]])
    assert Counter(sent()) == Counter(
        {
            ("ltr.text", str([index.name, ["p0", "p1", "p2"], "text"])): 1,
            ("ltr.image", str([index.name, ["p2"], "image"])): 1,
        }
    )


@pytest.mark.live
@pytest.mark.usefixtures("forwarding")
def test_a_message_of_many_products_is_forwarded_in_parts(cluster_at, node_url, index, catalog, sent):
    fill(index, catalog)
    cluster_at(node_url)
    embed_task.apply([index.name, [f"p{number}" for number in range(PRODUCTS_PER_TASK["text"] + 1)], "text"])
    assert sent() == [("ltr.text", str([index.name, [f"p{number}" for number in range(8)], "text"]))]


@pytest.mark.live
def test_nothing_is_encoded_for_a_version_that_takes_no_writes(cluster_at, node_url, index, catalog, caplog):
    fill(index, catalog)
    cluster_at(node_url)
    index.cluster.call("PUT", f"/{index.name}/_settings", {"index.blocks.write": True})
    with caplog.at_level(logging.INFO):
        embed_task.apply([index.name, [product.id for product in catalog], "image"])
    lines = [record.getMessage() for record in caplog.records if record.name == "ltr_workers.tasks"]
    assert lines == [
        f"{WRITE_REFUSED}: {index.name} takes no writes; if another version is active, its backlog has these products"
    ]


@pytest.mark.live
def test_a_sweep_sends_nothing_that_waits_already(index, catalog, queue, sent):
    fill(index, catalog)
    assert enqueue_lost(index, client=queue) == 16
    assert len(sent()) == 2
    assert enqueue_lost(index, client=queue) == 0


@pytest.mark.live
def test_a_sweep_leaves_only_the_modality_alone_that_waits(index, catalog, queue, sent):
    fill(index, catalog)
    queue.send_task("ltr.embed", [index.name, ["p0"], "image"])
    assert enqueue_lost(index, client=queue) == 8
    assert sorted(name for name, _ in sent()) == ["ltr.image", "ltr.text"]


def test_no_broker_is_an_error_that_names_it_without_its_password(tmp_path):
    queue = make_app(Settings(broker_url="amqp://user:secret@127.0.0.1:9//", runs=tmp_path))
    with pytest.raises(BrokerError, match=r"no broker answers at amqp://127\.0\.0\.1:9") as raised:
        enqueue(queue, "shop", ["p1"], "text")
    assert "secret" not in str(raised.value)


@pytest.mark.live
@pytest.mark.parametrize("broker", ["amqp://user:secret@127.0.0.1:9//", "redis://:secret@127.0.0.1:9/0"])
def test_a_broker_that_is_away_is_waited_for_as_long_as_anything_that_is_stuck(broker, index, catalog):
    fill(index, catalog)
    queue = make_app(Settings(broker_url=broker))
    with pytest.raises(BrokerError, match=r"no broker answers at .*127\.0\.0\.1:9") as raised:
        enqueue_lost(index, client=queue)
    assert "secret" not in str(raised.value)
    with pytest.raises(LtrError, match="8 products still without vectors and nothing moves"):
        drain(index, queue, send=False, stall_s=0.5)


def test_messages_go_to_the_queue_of_their_modality():
    assert route("ltr.embed", ["shop", ["p1"], "image"], {}, {}) == {"queue": "ltr.image"}
    assert route("ltr.embed", [], {"index": "shop", "ids": ["p1"], "source": "audio"}, {}) == {"queue": "ltr.audio"}
    assert route("ltr.embed", ["shop", ["p1"]], {}, {}) is None
    assert route("ltr.sweep", ["shop"], {}, {}) == {"queue": "ltr.sweep"}


def test_a_worker_takes_from_all_queues_unless_told_otherwise(queue):
    assert set(queue.amqp.queues) == set(QUEUES)
    queue.amqp.queues.select(["ltr.image", "ltr.video"])
    assert set(queue.amqp.queues.consume_from) == {"ltr.image", "ltr.video"}


def test_beat_sweeps_the_configured_indices():
    schedule = make_app(Settings(broker_url="memory://", sweep_indices=("shop", "shoes"), sweep_period_s=60)).conf
    assert [(entry["task"], entry["args"]) for entry in schedule.beat_schedule.values()] == [
        ("ltr.sweep", ["shop"]),
        ("ltr.sweep", ["shoes"]),
    ]
    assert {(entry["schedule"], entry["options"]["expires"]) for entry in schedule.beat_schedule.values()} == {(60, 60)}


def test_a_configured_broker_is_used_as_it_is(tmp_path):
    options = broker_options(Settings(broker_url="redis://queue/1", redis_visibility_timeout_s=77, runs=tmp_path))
    assert options["broker_url"] == "redis://queue/1"
    assert options["broker_transport_options"]["visibility_timeout"] == 77
    assert broker_options(Settings(broker_url="amqp://queue"))["broker_transport_options"] == {"confirm_publish": True}
    assert not list(tmp_path.iterdir())


def test_only_json_is_accepted(queue):
    conf = queue.conf
    assert conf.accept_content == ["json"]
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
