"""The messages of catalog systems, which are nowhere else: kept until the cluster has them."""

import logging
import time

import pytest
from busy_proxy import busy_proxy
from ltr_workers import catalog_tasks, tasks
from ltr_workers.catalog_tasks import PUT_TASK
from ltr_workers.celery import make_app

from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.broker.messages import CATALOG_QUEUE, TASK_FAILED, broker_folder
from ltr_plugin.catalog.changes import CatalogEntry
from ltr_plugin.cluster.versions import switch_alias
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
    monkeypatch.setenv("LTR_RETRY_TIMEOUT_S", "0.1")
    tasks.worker_cluster.cache_clear()
    yield alias
    tasks.worker_cluster.cache_clear()


@pytest.mark.parametrize("before", [0, 1], ids=["first call", "later call"])
@pytest.mark.parametrize("trouble", [401, 403, 404, 500, 503, "page", "drop"])
def test_what_says_nothing_about_the_message_is_waited_for(shop, index, node_url, monkeypatch, trouble, before, caplog):
    with busy_proxy(node_url) as proxy, caplog.at_level(logging.WARNING, "ltr_workers.catalog_tasks"):
        monkeypatch.setenv("OPENSEARCH_URL", proxy.url)
        proxy.troubles = [None] * before + [trouble] * 3
        catalog_tasks._ingest("1", PUT_TASK, shop, [MUG], CatalogEntry)
        assert proxy.troubles == []
    assert [found.product.title for found in index.fetch(["4711"])] == ["Mug"]
    assert TASK_FAILED not in caplog.text
    permanent = trouble in (401, 403, 404, 500, "page")
    assert {record.levelname for record in caplog.records} == {"ERROR" if permanent else "WARNING"}


def test_a_message_that_is_delivered_again_after_a_later_one_changes_nothing(shop, index, caplog):
    first, later = {**MUG, "changed": 1}, {**MUG, "title": "Cup", "changed": 2}
    with caplog.at_level(logging.INFO, "ltr_workers.catalog_tasks"):
        for number, items in enumerate([[first], [later], [first], [{**first, "deleted": True}]]):
            catalog_tasks._ingest(str(number), PUT_TASK, shop, items, CatalogEntry)
    assert [found.product.title for found in index.fetch(["4711"])] == ["Cup"]
    assert [record.facts["stale"] for record in caplog.records if hasattr(record, "facts")] == [0, 0, 1, 1]


@pytest.mark.parametrize("arguments", [["a shop", []], ["*", []], ["shop/x", []], ["_all", []], ["", []], ["shop", {}]])
def test_an_invalid_message_fails_at_once(arguments, caplog):
    with caplog.at_level(logging.ERROR, "ltr_workers.catalog_tasks"):
        catalog_tasks._ingest("1", PUT_TASK, *arguments, CatalogEntry)
    assert TASK_FAILED in caplog.text


def test_a_worker_that_waits_is_stopped_and_its_message_stays(shop, index, node_url, tmp_path):
    runs = tmp_path / "runs"
    make_app(Settings(runs=runs)).send_task(PUT_TASK, [shop, [MUG]], queue=CATALOG_QUEUE)
    options = ("-Q", CATALOG_QUEUE, "--concurrency", "1")
    environment = {"LTR_RUNS": str(runs), "LTR_RETRY_TIMEOUT_S": "0.1"}

    def until(condition):
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < 60, "waited in vain"
            time.sleep(0.1)

    away = WorkerProcess({**environment, "OPENSEARCH_URL": "http://127.0.0.1:9"}, tmp_path / "away.log", *options)
    try:
        until(lambda: any("waiting" in line["message"] for line in away.lines()))
        assert away.stop(30) == 0
    finally:
        away.kill()
    assert len(list((broker_folder(Settings(runs=runs)) / "queue").glob(f"*.{CATALOG_QUEUE}.msg"))) == 1
    worker = WorkerProcess({**environment, "OPENSEARCH_URL": node_url}, tmp_path / "log", *options)
    try:
        until(lambda: index.fetch(["4711"]))
    finally:
        worker.kill()
