"""What leaves this library for a cluster, a queue or a storefront, made from small fixed inputs.

`FORMS` has a function for each file of `tests/golden/`; `tests/test_golden.py` compares them.
"""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
from kombu import Connection
from ltr_workers.catalog_tasks import delete_task, put_task, reembed_task, update_task
from ltr_workers.celery import make_app
from ltr_workers.tasks import embed_task

from ltr_plugin.broker.messages import SWEEP_TASK
from ltr_plugin.catalog.changes import CatalogEntry, ProductUpdateModel, ReembedRequest
from ltr_plugin.catalog.product import digest
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.managed.profile import PROFILE as MANAGED
from ltr_plugin.cluster.transport.serializer import dumps
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters as parameters_of
from ltr_plugin.pipelines.indexing.enqueue import enqueue
from ltr_plugin.queries.masking import MaskedRetrieval
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template, with_release_metadata
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.ranker import model_name
from ltr_plugin.settings import Settings

RANKERS = Path(__file__).parent / "rankers"
"""Folders that `train_rankers.py` wrote."""

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
"""The page that documents the messages."""


def space(model, dimension):
    return Fingerprint("library", model, "1", dimension, "none", f"sha256:{model}")


WORDS, PHOTOS, SOUNDS = space("words", 3), space("photos", 2), space("sounds", 2)
TEXT = VectorField("text_vector", "text", "library:words", WORDS)
IMAGE = VectorField("image_vector", "image", "library:photos", PHOTOS)
IMAGE_TEXT = VectorField("image_text_vector", "text", "library:photos", PHOTOS)
AUDIO = VectorField("audio_vector", "audio", "library:sounds", SOUNDS)
AUDIO_TEXT = VectorField("audio_text_vector", "text", "library:sounds", SOUNDS)
VIDEO = VectorField("video_vector", "video", "library:photos", PHOTOS)
VECTORS = (TEXT, IMAGE, IMAGE_TEXT, AUDIO, AUDIO_TEXT)
PROFILE = MANAGED.model_copy(update={"vectors": VECTORS})

MUG = {
    "id": "4711",
    "title": "Striped mug",
    "brand": "Oak & Co",
    "price": 12.5,
    "currency": "EUR",
    "attributes": {"colour": ["red", "white"], "dishwasher": True},
    "images": ["https://shop.example/4711.jpg", "https://shop.example/4711-b.jpg"],
    "audio": ["https://shop.example/4711.wav"],
    "video": ["https://shop.example/4711.mp4"],
    "stats": {"rating": 4.5},
}

ROWS = np.array(
    [  # has_text, has_photo, title, meaning, photo, words_photo, both, price
        [1, 0, 8.5, 0.9, 0, 0.7, 0.515, 1.5],
        [1, 0, 0, 0.6, 0, 0, 0, 4.5],
        [0, 1, 0, 0, 0.95, 0, 0.95, 0.5],
        [0, 1, 0, 0, 0, 0, 0, 2],
        [1, 1, 3, 0.75, 0.6, 0.55, 0.873, 3],
        [1, 1, 6.25, 0.8, 0.85, 0.65, 1.289, np.nan],
    ],
    dtype=np.float32,
)


def feature_set(name):
    features = FeatureSet.load(name)
    return {
        "id": features.id,
        "digest": features.digest,
        "served": features.rendered(zero_filled=True),
        "logged": features.rendered(zero_filled=False),
    }


def search_templates():
    rankings = {**BASELINES, "model": Ranking("model", model="shop-v1.lambdamart.0123456789")}
    retrievals = {"words": Retrieval(MANAGED), "words and vectors": Retrieval(PROFILE)}
    templates = {
        f"{name}, {found}{', log' * log}": search_template(retrieval, ranking, log=log)
        for name, ranking in rankings.items()
        for found, retrieval in retrievals.items()
        for log in (False, True)
    }
    templates |= {
        f"{name}, rules": search_template(retrievals["words and vectors"], rankings[name], rules=True)
        for name in ("bm25", "model")
    }
    first_pass = Ranking("first pass")
    templates["first pass"] = search_template(Retrieval(PROFILE), first_pass)
    for modality in ("text", "image", "audio"):
        gone = [vector.name for vector in VECTORS if vector.source == modality]
        masked = MaskedRetrieval.from_retrieval(Retrieval(PROFILE), gone, match_text=modality != "text")
        templates[f"without {modality}"] = search_template(masked, first_pass)
    facts = {
        "release": 3,
        "ranker": "shop-v1.lambdamart.0123456789",
        "index": "shop",
        "promoted": "2026-01-01T00:00:00+00:00",
        "spaces": {vector.name: vector.fingerprint.digest for vector in VECTORS},
    }
    templates["release"] = with_release_metadata(
        search_template(Retrieval(PROFILE), rankings["model"], rules=True), facts
    )
    return templates


def search_parameters():
    return {
        "words": parameters_of("striped mug", {"text_vector": [0.5, 0.25, 0.1]}),
        "photo": parameters_of(None, {"image_vector": np.array([0.6, 0.8]).tolist()}),
    }


def index():
    body = index_body(OPENSEARCH, [*VECTORS, VIDEO], Path("/srv/shop"), shards=2)
    composing = body["settings"]["index"]["analysis"]["char_filter"]["nfc"]
    composing["mappings"] = f"{len(composing['mappings'])} mappings with the digest {digest(composing['mappings'])}"
    return body


class RecordingCluster:
    """A cluster with one index, one product and no node, which keeps what it is asked."""

    url = "http://localhost:9200"

    def __init__(self):
        self.requests = []
        self.actions = []

    def call(self, method, path, body=None, **params):
        if path == "/shop":
            made = index()
            made["settings"]["index"]["uuid"] = "0123456789abcdefghijkl"
            return {"shop-v1": made}
        request = {"method": method, "path": path, "params": params, "body": body}
        self.requests.append(sent(request))
        document = {
            "found": True,
            "_seq_no": 5,
            "_primary_term": 1,
            "_source": {**MUG, "content_hash": {"image": "ab12"}},
        }
        return {"docs": [document], "count": 1, "updated": 1, "hits": {"hits": []}}

    def bulk(self, actions):
        for action in actions:
            self.actions.append(sent(action))
            yield action["_id"], None


def sent(body):
    """A body as the cluster reads it, but for the mark of a re-embedding, which is drawn anew each time."""
    text = dumps(body)
    return json.loads(re.sub(r'"nonce":"[0-9a-f]{8}"', '"nonce":"NONCE"', text))


def index_requests():
    cluster = RecordingCluster()
    changes = {
        "put": CatalogEntry.model_validate(MUG),
        "update": ProductUpdateModel.model_validate(
            {"id": "4711", "price": 9.9, "stats": {"rating": None, "sales": 7}}
        ),
        "delete": CatalogEntry(id="4711", deleted=True),
        "reembed": ReembedRequest(id="4711"),
    }
    assert apply_changes(ManagedIndex.open(cluster, "shop"), list(changes.values())) == [None] * len(changes)
    products = ManagedIndex.open(cluster, "shop")
    a, b = np.array([0.6, 0.8], dtype=np.float32), np.array([0.8, 0.6], dtype=np.float32)
    made = {
        "one photo": EmbeddingResult("4711", IMAGE, "ab12", a),
        "several photos": EmbeddingResult(
            "4711", IMAGE, "ab12", np.array([0.7, 0.7], dtype=np.float32), per_media=(a, b)
        ),
        "error": EmbeddingResult("4711", IMAGE, "ab12", error="https://shop.example/4711.jpg: 404"),
    }
    for one in made.values():
        assert list(products.write_vectors([one])) == [("4711", None)]
    products.fetch(["4711"])
    products.backlog()
    products.backlog("image")
    list(products.errors())
    products.requeue_failed()
    actions = dict(zip([*changes, *made], cluster.actions, strict=True))
    return {"actions": actions, "requests": cluster.requests}


def catalog_messages():
    """What each task of catalog systems is sent as."""
    calls = {
        put_task: [MUG, {"id": "4712", "deleted": True}],
        update_task: [{"id": "4711", "price": 9.9}],
        delete_task: ["4711"],
        reembed_task: ["4711"],
    }
    messages = {}
    with Connection("memory://") as connection:
        for task, items in calls.items():
            task.apply_async(["shop", items], connection=connection)
            messages[task.name] = received(connection, task.queue)
    return messages


def embedding_messages():
    """What the library itself sends to workers: for each modality, for all of them, and the sweep of `celery beat`."""
    app = make_app(Settings(broker_url="memory://", sweep_indices=("shop",)))
    messages = {}
    with app.connection_for_write() as connection:
        for modality in ("text", "image", "audio", "video"):
            assert enqueue(app, "shop-v1", ["4711", "4712"], modality) == 2
            messages[modality] = received(connection, f"ltr.{modality}")
        app.send_task(embed_task.name, ["shop", ["4711"]])
        messages["all modalities"] = received(connection, "ltr")
        (beat,) = app.conf.beat_schedule.values()
        app.send_task(beat["task"], beat["args"])
        messages["sweep"] = {**received(connection, SWEEP_TASK), "beat": beat}
    return messages


def received(connection, queue):
    """The last message of a queue, without what differs from one to the next, such as its id.

    Those before it are of other tests: all connections to `memory://` share their queues.
    """
    get = partial(connection.default_channel.basic_get, queue, no_ack=True)
    *_, message = iter(get, None)
    headers = ("lang", "task", "retries", "eta", "expires", "timelimit", "ignore_result")
    return {
        "queue": queue,
        "routing_key": message.delivery_info["routing_key"],
        "content_type": message.content_type,
        "content_encoding": message.content_encoding,
        "delivery_mode": message.properties["delivery_mode"],
        "headers": {name: message.headers[name] for name in headers},
        "body": json.loads(message.body),
    }


def documented_messages():
    """The examples of the page: RabbitMQ's properties, headers and body; then whole messages for Redis."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)]


def ranker_export(name):
    """What a push of the ranker in `rankers/NAME` sends."""
    ranker = load_ranker(RANKERS / name)
    export = ranker.export()
    return {
        "name": model_name(ranker),
        "model": export.model(),
        "tolerance": export.tolerance,
        "features": export.with_derived_features(ranker.feature_set).rendered(),
    }


def ranker_scores():
    return {path.name: load_ranker(path).predict(ROWS).tolist() for path in sorted(RANKERS.iterdir())}


FORMS = {
    **{f"feature_set_{name}": partial(feature_set, name) for name in ("media", "shop", "words")},
    "search_templates": search_templates,
    "search_parameters": search_parameters,
    "index": index,
    "index_requests": index_requests,
    "catalog_messages": catalog_messages,
    "embedding_messages": embedding_messages,
    "documented_messages": documented_messages,
    **{f"ranker_{path.name}": partial(ranker_export, path.name) for path in sorted(RANKERS.iterdir())},
}
