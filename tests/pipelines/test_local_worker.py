"""A worker process of our own: it does the work, survives its death, and stops with its command."""

import os
import signal
import subprocess
import sys
import time

import pytest
from ltr_workers.celery import make_app
from PIL import Image

from ltr_plugin.broker.messages import CATALOG_QUEUE, broker_folder, parked_queue_of
from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import LtrError
from ltr_plugin.pipelines.indexing.local_worker import drain, local_worker
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


@pytest.fixture
def settings(node_url, tmp_path) -> Settings:
    return Settings(opensearch_url=node_url, runs=tmp_path / "runs", media_root=(tmp_path,))


def many(tmp_path, count: int) -> list[Product]:
    """Products with a photo of their own each."""
    for number in range(count):
        Image.new("RGB", (32, 32), (number % 256, number // 256, 0)).save(tmp_path / f"{number}.png")
    return [Product(id=f"p{number}", title=f"mug {number}", images=(f"{number}.png",)) for number in range(count)]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_worker_killed_again_and_again_loses_nothing(index, settings, tmp_path):
    assert not [error for _, error in index.put(many(tmp_path, 1500)) if error]
    killed = []

    def kill(done: int, _: int | None = None) -> None:
        if len(killed) == worker.restarts < 2 and done > 200 * len(killed):  # never one that is dead already
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    with local_worker(settings) as worker:
        drain(index, worker.client, worker=worker, progress=kill)
        assert worker.restarts == len(killed) == 2
        last = worker.pid
    assert gone(last)
    index.refresh()
    assert index.backlog() == 0
    assert list(index.errors()) == []


def test_an_encoder_that_is_gone_is_reported_at_once(words_index, settings, catalog, tmp_path):
    assert not [error for _, error in words_index.put(catalog) if error]
    (tmp_path / "words.txt").unlink()
    began = time.monotonic()
    with (
        local_worker(settings) as worker,
        pytest.raises(LtrError, match=r"8 products still without vectors.*\n.*no file of word vectors at"),
    ):
        drain(words_index, worker.client, worker=worker)
    assert time.monotonic() - began < 60


def test_stale_messages_are_dropped_and_the_rest_done(words_index, settings, catalog):
    make_app(settings).send_task("ltr.embed", ["no-such-index", ["p0"]])
    assert len(list((broker_folder(settings) / "queue").iterdir())) == 1
    assert not [error for _, error in words_index.put(catalog) if error]
    with local_worker(settings) as worker:
        assert not list((broker_folder(settings) / "queue").iterdir())
        drain(words_index, worker.client, worker=worker)
        assert worker.failures(1000) == []


def test_a_worker_does_not_outlive_a_killed_command(tmp_path):
    script = (
        "import sys, time, pathlib\n"
        "from ltr_plugin.settings import Settings\n"
        "from ltr_plugin.pipelines.indexing.local_worker import local_worker\n"
        "with local_worker(Settings(runs=pathlib.Path(sys.argv[1]))) as worker:\n"
        "    print(worker.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "runs")], stdout=subprocess.PIPE, text=True
    )
    pid = int(command.stdout.readline())
    deadline = time.monotonic() + 30
    log = tmp_path / "runs" / "worker.log"
    while "ready" not in (log.read_text() if log.exists() else "") and time.monotonic() < deadline:
        time.sleep(0.1)
    command.kill()
    command.wait()
    command.stdout.close()
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert gone(pid)


@pytest.mark.parametrize("queue", [CATALOG_QUEUE, parked_queue_of("shop")])
def test_a_command_leaves_changes_of_catalogs_in_the_queue(settings, queue):
    kept = broker_folder(settings) / "queue" / f"1.{queue}.msg"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    with local_worker(settings):
        assert kept.exists()


def test_a_command_leaves_what_another_one_waits_for_in_the_queue(settings):
    kept = broker_folder(settings) / "queue" / "1.nobody-takes-it.msg"
    with local_worker(settings):
        kept.write_text("{}")
        with local_worker(settings):
            assert kept.exists()
        assert kept.exists()
    with local_worker(settings):
        assert not kept.exists()
