"""Compiled networks on the live cluster: the same scores and order as here, on every pattern of missing modalities."""

import uuid

import numpy as np
import pytest
from mixed_modalities import MIXED

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.rankers.export.parity import compare_scores
from ltr_plugin.rankers.fusion import train_fusion, train_mlp
from ltr_plugin.rankers.network.settings import MLPSettings, NetworkSettings

pytestmark = pytest.mark.live

WAYS = [
    {},
    {"query": ["text"]},
    {"query": ["image"]},
    {"product": ["image"]},
    {"product": ["text"]},
    {"query": ["text"], "product": ["image"]},
    {"query": ["image"], "product": ["text"]},
    {"query": ["text", "image"]},
]


@pytest.fixture(scope="module")
def served(node_url, mixed, tmp_path_factory):
    """An index whose products carry the rows of `mixed` as numbers, some of them without a modality."""
    cluster = connect(node_url)
    alias = f"mixed-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, (), tmp_path_factory.mktemp("mixed"))
    modality_mask = ModalityMask(MIXED)
    rows = np.concatenate(
        [modality_mask.drop(mixed.zero_filled[place : 40 + place], **way) for place, way in enumerate(WAYS)]
    )
    plain = [feature for feature in MIXED.features if feature.kind != "derived"]
    products = [
        Product(id=f"p{n}", title="x", stats={f.name: float(row[MIXED.feature_names.index(f.name)]) for f in plain})
        for n, row in enumerate(rows)
    ]
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    features = [
        f.model_dump()
        if f.kind == "derived"
        else {"kind": "field_value", "name": f.name, "modality": f.modality, "field": f"stats.{f.name}"}
        for f in MIXED.features
    ]
    features = FeatureSet.model_validate({"name": alias.replace("-", "_"), "version": 1, "features": features})
    store = FeatureStore(cluster)
    store.ensure()
    store.put_feature_set(features)
    yield index, features, store, rows
    cluster.call("DELETE", f"/{index.name}")


@pytest.mark.parametrize("train", [train_fusion, train_mlp])
def test_the_cluster_scores_a_compiled_network_as_here(served, mixed, train):
    index, features, store, rows = served
    settings = (NetworkSettings if train is train_fusion else MLPSettings)(epochs=15, learning_rate=0.02)
    ranker = train(mixed, settings)
    export = ranker.export()
    name = f"{index.alias}-{ranker.kind}"
    store.put_model(name, export.with_derived_features(features), export.model())
    try:
        everything = [QueryProducts("q", {"text": ""}, [f"p{n}" for n in range(len(rows))])]
        (hits,) = fetch_features(index, features, everything, model=name)
        gates = logged_gates(index, name, rows)
    finally:
        store.delete_model(name)
    by_id = {hit.id: hit for hit in hits}
    hits = [by_id[f"p{n}"] for n in range(len(rows))]
    seen = np.array(
        [[feature_values(hit)[feature] or 0.0 for feature in MIXED.feature_names] for hit in hits], dtype=np.float32
    )
    np.testing.assert_allclose(seen, rows, rtol=1e-6)
    scores = export.ranker_scores(np.array([hit.score for hit in hits]))
    parity = compare_scores(np.array(["q"] * len(rows), dtype=object), ranker.predict(seen), scores, 1e-5)
    assert parity.passed, str(parity)
    for modality, gate in ranker.output(seen).gates.items():
        assert gates[modality] == pytest.approx(gate.numpy(), abs=1e-6)
        assert ((gates[modality] == 0) == (gate.numpy() == 0)).all()
        assert (gate == 0).any()


def logged_gates(index, model, rows):
    """The gates that a search which ranks by the model logs, by modality."""
    body = {
        "query": {"match_all": {}},
        "rescore": {
            "window_size": len(rows),
            "query": {"rescore_query": {"sltr": {"model": model, "params": {"text": ""}}}, "query_weight": 0},
        },
        "ext": {"ltr_log": {"log_specs": {"name": "features", "rescore_index": 0}}},
        "size": len(rows),
    }
    hits = index.cluster.call("POST", f"/{index.name}/_search", body)["hits"]["hits"]
    found = {hit["_id"]: hit["fields"]["_ltrlog"][0]["features"] for hit in hits}
    logged = [{entry["name"]: entry["value"] for entry in found[f"p{n}"]} for n in range(len(rows))]
    names = [name for name in logged[0] if name.startswith("fusion_gate_")]
    return {name.removeprefix("fusion_gate_"): np.array([row[name] for row in logged]) for name in names}
