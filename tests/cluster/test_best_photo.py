"""The feature that takes the photo most like the query, evaluated by the cluster."""

import uuid

import pytest

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters

IMAGE = VectorField("image_vector", "image", "open_clip:x", Fingerprint("open_clip", "x", "", 2, "", "w"))
ASKED = {"name": "", "kind": "similarity", "modality": "image", "query_vector": "image_vector", "field": "image_vector"}


@pytest.mark.live
def test_the_best_of_several_photos_counts_and_an_only_photo_is_the_best(node_url, tmp_path):
    cluster = connect(node_url)
    name = f"best_{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, name, (IMAGE,), tmp_path)
    both, front, back = [2**-0.5, 2**-0.5], [1.0, 0.0], [0.0, 1.0]
    shop = {"both": ("front.jpg", "back.jpg"), "front": ("front.jpg",), "back": ("back.jpg",), "none": ()}
    products = [Product(id=id_, title=id_, images=images) for id_, images in shop.items()]
    assert [error for _, error in index.put(products) if error] == []
    content_hash = {stored.product.id: stored.content_hash for stored in index.fetch(list(shop))}
    made = {"both": (both, (front, back)), "front": (front, ()), "back": (back, ())}
    results = [
        EmbeddingResult(id_, IMAGE, content_hash[id_]["image"], vector, None, per_media)
        for id_, (vector, per_media) in made.items()
    ]
    assert [error for _, error in index.write_vectors(results) if error] == []
    index.refresh()
    features = FeatureSet.model_validate(
        {
            "name": name,
            "version": 1,
            "features": [{**ASKED, "name": "mean"}, {**ASKED, "name": "best", "score_mode": "max"}],
        }
    )
    store = FeatureStore(cluster)
    store.ensure()
    store.put_feature_set(features)
    asked = QueryProducts("q", search_parameters(None, {"image_vector": front}), list(shop))
    (hits,) = fetch_features(index, features, [asked])
    found = {hit.id: feature_values(hit) for hit in hits}
    halfway = (1 + 2**-0.5) / 2
    assert found["both"] == pytest.approx({"mean": halfway, "best": 1.0}, abs=1e-6)
    assert found["front"] == pytest.approx({"mean": 1.0, "best": 1.0}, abs=1e-6)
    assert found["back"] == pytest.approx({"mean": 0.5, "best": 0.5}, abs=1e-6)
    assert {name: value for name, value in found["none"].items() if value is not None} == {}
    cluster.call("DELETE", f"/{index.name}")
