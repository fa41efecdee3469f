"""The tasks around the plain functions: what they retry, what they give up, and what they send."""

import json
import logging

import pytest

from ltr_plugin.settings import Settings
from workers import tasks
from workers.app import broker_folder, broker_options, make_app
from workers.tasks import GIVEN_UP, RETRIES, embed_task, send_backlog


@pytest.fixture
def cluster_at(monkeypatch):
    def point(url: str) -> None:
        monkeypatch.setenv("OPENSEARCH_URL", url)
        tasks._cluster.cache_clear()

    yield point
    tasks._cluster.cache_clear()


def test_a_cluster_that_does_not_answer_is_tried_again_and_then_given_up(cluster_at, caplog, monkeypatch):
    cluster_at("http://127.0.0.1:1")
    pauses = []
    retry = embed_task.retry
    monkeypatch.setattr(embed_task, "retry", lambda **how: pauses.append(how["countdown"]) or retry(**how))
    with caplog.at_level(logging.ERROR, "workers.tasks"):
        assert embed_task.apply(["products-v1", ["a", "b"]]).successful()
    assert pauses == [2**attempt for attempt in range(RETRIES)]
    (line,) = [record.getMessage() for record in caplog.records if record.name == "workers.tasks"]
    assert line.startswith(f"{GIVEN_UP}: no answer from http://127.0.0.1:1")
    assert line.endswith("index products-v1, products a b")


@pytest.mark.live
def test_an_index_that_is_gone_is_given_up_at_once(cluster_at, node_url, caplog, monkeypatch):
    cluster_at(node_url)
    monkeypatch.setattr(embed_task, "retry", lambda **_: pytest.fail("an absent index does not come back"))
    with caplog.at_level(logging.ERROR, "workers.tasks"):
        embed_task.apply(["no-such-index", ["a"]])
    assert f"{GIVEN_UP}: GET /no-such-index/_mapping was refused (404)" in caplog.text


@pytest.mark.live
def test_the_backlog_goes_out_as_ids_only(index, catalog, tmp_path):
    assert not [error for _, error in index.put(catalog) if error]
    index.refresh()
    settings = Settings(runs=tmp_path / "runs")
    assert send_backlog(index, batch=3, queue=make_app(settings)) == 8
    messages = [json.loads(path.read_text()) for path in (broker_folder(settings) / "queue").glob("*.msg")]
    assert {message["headers"]["task"] for message in messages} == {"ltr.embed"}
    assert sorted(message["headers"]["argsrepr"] for message in messages) == [
        f"['{index.name}', ['p0', 'p1', 'p2']]",
        f"['{index.name}', ['p3', 'p4', 'p5']]",
        f"['{index.name}', ['p6', 'p7']]",
    ]


def test_a_configured_broker_is_used_as_it_is(tmp_path):
    options = broker_options(Settings(broker_url="redis://queue/1", runs=tmp_path))
    assert options["broker_url"] == "redis://queue/1"
    assert options["broker_transport_options"]["visibility_timeout"] == 120
    assert broker_options(Settings(broker_url="amqp://queue"))["broker_transport_options"] == {}
    assert not list(tmp_path.iterdir())


def test_only_json_is_accepted(tmp_path):
    conf = make_app(Settings(runs=tmp_path)).conf
    assert conf.accept_content == ["json"]
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
