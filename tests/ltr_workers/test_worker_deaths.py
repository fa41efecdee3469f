"""A product at which workers die: its neighbours get their vectors, and it becomes an error."""

import os
import sys
import time
from functools import partial

import pytest
from ltr_workers.embedding import MAX_ATTEMPTS, embed
from PIL import Image

from ltr_plugin.broker.messages import broker_folder, celery_client
from ltr_plugin.encoders import encoder_of
from ltr_plugin.errors import EncoderError
from ltr_plugin.pipelines import local_worker as worker_module
from ltr_plugin.pipelines.enqueue import enqueue
from ltr_plugin.pipelines.local_worker import drain, local_worker
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live


class DeathError(BaseException):
    """Stands for the end of the process: nothing handles it."""


class Deadly:
    """An encoder that ends the worker at the one photo of this size."""

    def __init__(self, encoder):
        self._encoder = encoder

    def __getattr__(self, name):
        return getattr(self._encoder, name)

    def prepare(self, source, item):
        if source == "image" and item.size == (41, 41):
            raise DeathError
        return self._encoder.prepare(source, item)


@pytest.fixture
def ids(index, catalog, tmp_path):
    Image.new("RGB", (41, 41), "blue").save(tmp_path / "blue.png")  # of p2
    assert [error for _, error in index.put(catalog) if error] == []
    index.refresh()
    return [product.id for product in catalog]


def deliver(index, ids, *, redelivered=True):
    return embed(index, ids, source="image", encoders=lambda field: Deadly(encoder_of(field)), redelivered=redelivered)


def test_a_product_at_which_workers_die_is_embedded_alone_and_becomes_an_error(index, ids):
    deaths = 0
    for number in range(10):
        try:
            report = deliver(index, ids, redelivered=number > 0)
            break
        except DeathError:
            deaths += 1
    assert deaths == 1 + MAX_ATTEMPTS, "the first delivery, the second, and twice alone"
    assert report.failed == 1
    index.refresh()
    assert index.backlog("image") == 0
    assert [(id_, field) for id_, field, reason in index.errors() if "its workers died" in reason] == [
        ("p2", "image_vector")
    ]
    index.requeue_failed()
    assert embed(index, ids, source="image").embedded == 1, "a new worker may try it"


def test_an_error_that_the_worker_survives_blames_no_product(index, ids):
    with pytest.raises(DeathError):
        deliver(index, ids)

    def failing(field):
        raise EncoderError(f"{field.encoder} is gone")

    for _ in range(2 * MAX_ATTEMPTS):
        with pytest.raises(EncoderError):
            embed(index, ids, source="image", encoders=failing, redelivered=True)
    assert embed(index, ids, source="image").failed == 0


def test_a_message_that_a_worker_died_at_says_so(tmp_path):
    client = celery_client(Settings(runs=tmp_path))
    enqueue(client, "shop", ["p"], "text")

    def take():
        with client.connection_for_read() as connection, connection.channel() as channel:
            queue = channel._get("ltr.text")
            for _, file in channel._in_flight.values():
                file.close()  # as a death does
            channel._in_flight.clear()
            return queue["properties"]["delivery_info"]["redelivered"]

    assert [take(), take()] == [False, True]
    assert broker_folder(Settings(runs=tmp_path)).exists()


@pytest.mark.usefixtures("ids")
def test_a_local_worker_outlives_products_at_which_it_dies(index, node_url, tmp_path, monkeypatch):
    """With a real process, which the operating system ends."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    (tmp_path / "deadly_worker.py").write_text(
        "import os\n"
        "from PIL import Image\n"
        "from ltr_plugin.pipelines.embedding import items\n"
        "from ltr_workers.celery import app\n"
        "decode = items.DECODERS['image']\n"
        "def deadly(data):\n"
        "    photo = decode(data)\n"
        "    return os.kill(os.getpid(), 9) if photo.size == (41, 41) else photo\n"
        "items.DECODERS['image'] = deadly\n"
    )
    command = partial(worker_module.worker_command, app="deadly_worker")
    monkeypatch.setattr(worker_module, "worker_command", command)
    settings = Settings(opensearch_url=node_url, runs=tmp_path / "runs", media_root=(tmp_path,))
    began = time.monotonic()
    with local_worker(settings) as worker:
        drain(index, worker.client, worker=worker)
        assert worker.restarts == 1 + MAX_ATTEMPTS
    index.refresh()
    assert index.backlog() == 0
    assert [id_ for id_, *_ in index.errors()] == ["p2"]
    assert time.monotonic() - began < 120
