"""A German shop's small index whose vector field is filled in tests, with an encoder of words that loads at once."""

import copy
import json
import random
import re
import uuid

import german_shop
from engine_forms import index_body_for

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.index import Index
from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.protocol import Encoder
from ltr_plugin.profile.index_profile import IndexProfile

PARTS = {"title": "titel", "description": "beschreibung", "brand": "marke", "images": "bild"}
METHOD = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
DIMENSION = 8


def words_file(path, seed=1):
    """The specification of an encoder that knows all words of the shop's documents."""
    made = german_shop.documents(200).values()
    words = sorted(
        {word for one in made for word in re.findall(r"\w+", f"{one['titel']} {one['beschreibung']}".lower())}
    )
    rng = random.Random(seed)
    lines = (f"{word} {' '.join(f'{rng.gauss(0, 1):.4f}' for _ in range(DIMENSION))}\n" for word in words)
    path.write_text("".join(lines))
    return f"word-vectors:{path}"


def make_index(cluster, *, dimension=DIMENSION, shards=1, **properties):
    """An empty index of the shop with this dimension, these shards, and further fields; its name."""
    body = copy.deepcopy(german_shop.BODY)
    body["mappings"]["properties"]["vektor"] |= {"dimension": dimension, "data_type": "float"}
    body["mappings"]["properties"] |= properties
    body["settings"]["index"]["number_of_shards"] = shards
    name = f"laden-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", index_body_for(cluster, body))
    return name


def put(cluster, name, id_, document, **params):
    """Writes a document as the shop does."""
    cluster.call("PUT", f"/{name}/_doc/{id_.replace('/', '%2F')}", document, refresh=True, **params)


def put_all(cluster, name, documents):
    """Writes documents in bulk as the shop does."""
    parts = [part for id_, one in documents.items() for part in ({"index": {"_index": name, "_id": id_}}, one)]
    answer = cluster.call("POST", "/_bulk", "\n".join(map(json.dumps, parts)) + "\n", refresh=True)
    assert not answer["errors"]


def stored(cluster, name):
    """Each document by id, as the cluster has it."""
    cluster.call("POST", f"/{name}/_refresh")
    body = {"size": 1000, "seq_no_primary_term": True, "version": True, "_source": cluster.engine.source()}
    return {hit["_id"]: hit for hit in cluster.call("POST", f"/{name}/_search", body)["hits"]["hits"]}


def without(source, field="vektor"):
    """The text of a `_source` without a field."""
    return json.dumps({name: value for name, value in source.items() if name != field}, ensure_ascii=False)


def field(encoder, name="vektor", source="text"):
    """The vector field of this name that an encoder makes."""
    return VectorField(name, source, encoder, load_encoder(encoder).fingerprint)


def open_shop(cluster, name, *vectors, media_root=None, **parts):
    """The index with a profile of these vector fields; media below its root may be read."""
    profile = IndexProfile(
        product={**PARTS, **parts}, text_fields=["titel"], vectors=vectors, media_root=media_root and str(media_root)
    )
    return Index.open(cluster, name, profile=profile, media_roots=[media_root] if media_root else [])


class Watched(Encoder):
    """An encoder that calls `before` with the items of each call."""

    def __init__(self, encoder, before):
        self.fingerprint, self.modalities, self.batch_size = encoder.fingerprint, encoder.modalities, encoder.batch_size
        self._encoder, self._before, self.calls = encoder, before, []

    def prepare(self, modality, item):  # noqa: ARG002
        return item

    def encode(self, modality, prepared):
        self.calls.append(list(prepared))
        self._before(prepared)
        return self._encoder.encode(modality, [self._encoder.prepare(modality, item) for item in prepared])
