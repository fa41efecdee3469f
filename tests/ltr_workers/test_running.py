"""Workers as their users run them: on real brokers, watched over, killed, and stopped in order."""

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
import wave

import numpy as np
import pytest
from busy_proxy import busy_proxy
from ltr_workers.celery import make_app

from benchmarks.lib.brokers import ForgetfulRedis, RabbitMQ, Redis
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.encoders import vector_fields
from ltr_plugin.pipelines.indexing.enqueue import enqueue, enqueue_backlog, enqueue_lost
from ltr_plugin.settings import Settings

pytestmark = pytest.mark.live

DONE = 'ltr_tasks_total{outcome="done",task="ltr.embed"}'


def until(condition, timeout_s: float = 60):
    """What the condition gives, once that is true."""
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < timeout_s, "waited in vain"
        time.sleep(0.1)
    return found


def missing(index, source) -> int:
    index.refresh()
    return index.backlog(source)


def fill(index, products):
    assert not [error for _, error in index.put(products) if error]
    index.refresh()


def begun(worker) -> bool:
    return worker.state == "ready" and json.loads(worker.ask("/healthz")[1])["running"] == 1


@contextlib.contextmanager
def running(environment, log, *options):
    worker = WorkerProcess(environment, log, *options)
    try:
        yield worker
    finally:
        worker.kill()


@contextlib.contextmanager
def broker_of(kind, folder):
    if not kind.binary:
        pytest.skip(f"{kind.__name__} is not installed")
    broker = kind(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def environment(node_url, tmp_path):
    return {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs"), "LTR_MEDIA_ROOT": str(tmp_path)}


@pytest.fixture
def audio_index(node_url, tmp_path):
    """An index of eight products with an audio file each, whose encoder is quick to load."""
    for number in range(8):
        with wave.open(str(tmp_path / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            tone = np.sin(np.arange(8000) * (number + 1) / 20) * 9999
            file.writeframes(tone.astype("<i2").tobytes())
    cluster = connect(node_url)
    index = open_or_create(cluster, f"sounds-{uuid.uuid4().hex[:8]}", vector_fields(audio="spectral:log-mel"), tmp_path)
    fill(index, [Product(id=f"p{number}", title="", audio=(f"{number}.wav",)) for number in range(8)])
    yield index
    cluster.call("DELETE", f"/{index.name}")


def test_modalities_apart_on_redis_with_metrics_and_logs(index, catalog, environment, tmp_path):
    fill(index, catalog)
    ids = [product.id for product in catalog]
    with broker_of(Redis, tmp_path / "redis") as broker, busy_proxy(environment["OPENSEARCH_URL"]) as proxy:
        queue = make_app(Settings(broker_url=broker.url))
        environment |= {
            "LTR_BROKER_URL": broker.url,
            "LTR_SWEEP_INDICES": f"not-there-yet,{index.alias}",
            "OPENSEARCH_URL": proxy.url,
        }
        with (
            running(environment, tmp_path / "words.log", "-Q", "ltr,ltr.text") as words,
            running(environment, tmp_path / "photos.log", "-Q", "ltr.image,ltr.video") as photos,
        ):
            until(lambda: words.state == photos.state == "ready")
            proxy.troubles = [503]
            queue.send_task("ltr.embed", [index.alias, ids])  # of no modality: forwarded
            until(lambda: missing(index, None) == 0)
            until(lambda: photos.metric(DONE) == words.metric(DONE) == 1)

            assert words.metric('ltr_vectors_total{outcome="embedded",source="text"}') == 8
            assert words.metric('ltr_vectors_total{outcome="embedded",source="image"}') is None
            assert words.metric('ltr_tasks_total{outcome="forwarded",task="ltr.embed"}') == 1
            assert words.metric('ltr_cluster_retries_total{status="503"}') == 1
            assert words.metric(f'ltr_backlog_products{{index="{index.alias}",source="text"}}') == 0
            assert photos.metric('ltr_vectors_total{outcome="embedded",source="image"}') == 8
            assert photos.metric('ltr_encode_seconds_total{source="image"}') > 0
            assert photos.metric('ltr_encoder_waiting_seconds_total{source="image"}') > 0
            assert photos.metric('ltr_batch_products_bucket{le="8.0",source="image"}') == 1

            (line,) = [line for line in photos.lines() if "embedded" in line]
            assert (line["task"], line["index"], line["source"]) == ("ltr.embed", index.name, "image")
            assert line["encoders"] == {"image_vector": index.vectors[0].fingerprint.digest}
            assert (line["embedded"], line["failed"], line["refused"], line["products"]) == (8, 0, 0, 8)
            assert line["task_id"] in {
                other.get("task_id") for other in photos.lines() if "succeeded" in other["message"]
            }

            ping = [sys.executable, "-m", "celery", "-A", "ltr_workers", "inspect", "ping", "--json"]
            answer = subprocess.run(ping, env=os.environ | environment, capture_output=True, text=True, check=True)
            assert len(json.loads(answer.stdout)) == 2

            # what a worker has in hand is not swept, and what it has begun it finishes when it is stopped
            fill(index, [product.model_copy(update={"title": f"new {product.title}"}) for product in catalog])
            proxy.delays_s = {"_bulk": 4}
            enqueue(queue, index.alias, ids[:6], "text")
            until(lambda: begun(words))
            assert enqueue_lost(index, client=queue) == 2
            until(lambda: json.loads(words.ask("/healthz")[1])["running"] == 2)
            assert missing(index, "text") == 8
            words.process.terminate()
            until(lambda: words.state == "stopping")
            assert words.process.wait(60) == 0
            assert missing(index, "text") == 0
            assert photos.stop() == 0
        for log in (words.log, photos.log):
            assert broker.password not in log.read_text()


def test_a_task_that_is_put_off_is_not_swept(audio_index, environment, tmp_path):
    with broker_of(Redis, tmp_path / "redis") as broker, busy_proxy(environment["OPENSEARCH_URL"]) as proxy:
        environment |= {"LTR_BROKER_URL": broker.url, "OPENSEARCH_URL": proxy.url, "LTR_RETRY_TIMEOUT_S": "0.1"}
        queue = make_app(Settings(broker_url=broker.url))
        with running(environment, tmp_path / "log") as worker:
            until(lambda: worker.state == "ready")
            proxy.troubles = [503] * 1000
            assert enqueue_lost(audio_index, client=queue) == 8
            until(lambda: (worker.metric('ltr_tasks_total{outcome="retried",task="ltr.embed"}') or 0) >= 3)
            proxy.troubles = []
            assert enqueue_lost(audio_index, client=queue) == 0
            until(lambda: missing(audio_index, "audio") == 0)
            until(lambda: worker.metric(DONE) == 1)


def test_a_broker_that_goes_is_waited_for_and_its_loss_swept(audio_index, environment, tmp_path):
    with broker_of(ForgetfulRedis, tmp_path / "redis") as broker:
        environment |= {"LTR_BROKER_URL": broker.url, "LTR_SWEEP_INDICES": audio_index.alias, "LTR_SWEEP_PERIOD_S": "2"}
        enqueue_backlog(audio_index, client=make_app(Settings(broker_url=broker.url)))
        broker.kill()
        broker.start()
        with running(environment, tmp_path / "log", "--beat") as worker:
            until(lambda: worker.state == "ready")
            broker.kill()
            until(lambda: worker.state == "no broker")
            broker.start()
            until(lambda: worker.state == "ready")
            until(lambda: missing(audio_index, "audio") == 0)
            worker.process.kill()
            worker.process.wait()
            until(lambda: not alive(worker.process.pid))  # nor does its beat go on without it


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_rabbitmq_has_a_killed_workers_task_done_again(audio_index, environment, tmp_path):
    with broker_of(RabbitMQ, tmp_path / "rabbitmq") as broker, busy_proxy(environment["OPENSEARCH_URL"]) as proxy:
        environment |= {"LTR_BROKER_URL": broker.url, "OPENSEARCH_URL": proxy.url}
        queue = make_app(Settings(broker_url=broker.url))
        proxy.delays_s = {"_bulk": 30}
        with running(environment, tmp_path / "killed.log") as worker:
            until(lambda: worker.state == "ready")
            assert enqueue_lost(audio_index, client=queue) == 8
            until(lambda: begun(worker))
            assert enqueue_lost(audio_index, client=queue) == 0
            worker.kill()
        proxy.delays_s = {}
        with running(environment, tmp_path / "log") as worker:
            until(lambda: missing(audio_index, "audio") == 0)
            assert worker.stop() == 0
