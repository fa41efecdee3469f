"""A shop of shoes and phones in an index of this library, and a German and French one in an index of its own."""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine_forms import index_body_for

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.profile.index_profile import IndexProfile

TITLES = {
    "s1": ("Hiking shoes red", "Shoes", "Nordvik"),
    "s2": ("Hiking shoes blue", "Shoes", "Nordvik"),
    "s3": ("Running shoes <b>light</b>", "Shoes", "Bergström"),
    "p1": ("Smartphone Alpha", "Phones & Tablets", "Kestrel"),
    "p2": ("Headphones wireless", "Audio", "Kestrel"),
    "p3": ("Headphones with cable", "Audio", "Bergström"),
    "h1": ("Hat of wool", "Clothing", "Nordvik"),
}

GERMAN = {
    "a": ("Wanderschuhe rot", "chaussures rouges", "Schuhe", "S1"),
    "b": ("Wanderschuhe rot", "chaussures rouges", "Schuhe", "S1"),
    "c": ("Kopfhörer schwarz", "casque noir", "Unterhaltung", "K1"),
    "d": ("Regenjacke grün", "veste verte", "Bekleidung", "R1"),
}

BODY = {
    "settings": {
        "analysis": {
            "analyzer": {
                "deutsch": {"tokenizer": "standard", "filter": ["lowercase", "german_normalization", "stamm"]}
            },
            "filter": {"stamm": {"type": "stemmer", "language": "light_german"}},
        }
    },
    "mappings": {
        "properties": {
            "titel_de": {"type": "text", "analyzer": "deutsch"},
            "titel_fr": {"type": "text", "analyzer": "french"},
            "rubrik": {"type": "keyword"},
            "gruppe": {"type": "keyword"},
        }
    },
}

PROFILE = {
    "languages": {"de": "german", "fr": "french"},
    "product": {"title": "titel_{language}", "category": "rubrik", "group": "gruppe"},
    "text_fields": ["titel_{language}"],
    "returned_fields": ["titel_{language}", "rubrik"],
    "filters": [{"name": "rubrik", "field": "rubrik", "type": "keyword", "facet": {"terms": 20}}],
}


@contextmanager
def outdoor_shop(cluster: Cluster, folder: Path, vectors: Sequence[VectorField] = ()) -> Iterator[ManagedIndex]:
    """The products of TITLES, numbered by price, in an index of this library."""
    index = open_or_create(cluster, f"outdoor-{uuid.uuid4().hex[:8]}", vectors, folder)
    products = [
        Product(id=id_, title=title, category=(category,), brand=brand, price=price, images=(f"{id_}.jpg",))
        for price, (id_, (title, category, brand)) in enumerate(TITLES.items(), start=1)
    ]
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    yield index
    cluster.call("DELETE", f"/{index.name}")


def write_vectors(index: ManagedIndex, field: VectorField, vectors: dict[str, list[float]]) -> None:
    """Gives products their vectors."""
    hashes = {one.product.id: one.content_hash[field.source] for one in index.fetch(list(vectors))}
    results = (EmbeddingResult(id_, field, hashes[id_], vector) for id_, vector in vectors.items())
    assert not [error for _, error in index.write_vectors(results) if error]
    index.refresh()


@contextmanager
def german_outdoor_shop(cluster: Cluster, **profile: object) -> Iterator[Index]:
    """The products of GERMAN, with variants, in an index that the shop made itself."""
    name = f"draussen-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", index_body_for(cluster, BODY))
    fields = ("titel_de", "titel_fr", "rubrik", "gruppe")
    lines = [
        json.dumps(part)
        for id_, values in GERMAN.items()
        for part in ({"index": {"_index": name, "_id": id_}}, dict(zip(fields, values, strict=True)))
    ]
    assert not cluster.call("POST", "/_bulk", "\n".join(lines) + "\n", refresh=True)["errors"]
    yield Index.open(cluster, name, profile=IndexProfile.model_validate({**PROFILE, **profile}))
    cluster.call("DELETE", f"/{name}")
