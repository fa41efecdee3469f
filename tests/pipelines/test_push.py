"""Every kind of ranker that the plugin can express, proved on a live cluster; and those that it cannot."""

from functools import partial

import pytest

from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.errors import ExportError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.search import search
from ltr_plugin.rankers.fusion import train_fusion, train_mlp
from ltr_plugin.rankers.late_fusion import LateFusionSettings, train_late_fusion
from ltr_plugin.rankers.logistic import train_logistic
from ltr_plugin.rankers.network.settings import MLPSettings, NetworkSettings
from ltr_plugin.rankers.svm import train_svm
from ltr_plugin.rankers.xgboost import XGBoostSettings, train_xgboost

pytestmark = pytest.mark.live

TRAIN = {
    "fusion": partial(train_fusion, settings=NetworkSettings(epochs=5, learning_rate=0.02)),
    "mlp": partial(train_mlp, settings=MLPSettings(epochs=5, learning_rate=0.02)),
    "xgboost": partial(train_xgboost, settings=XGBoostSettings(num_trees=20)),
    "late": partial(train_late_fusion, settings=LateFusionSettings(num_trees=20)),
    "late, linear": partial(train_late_fusion, settings=LateFusionSettings(members="linear")),
    "logistic": train_logistic,
    "svm": train_svm,
}


@pytest.fixture
def table(shop_index, shop_files, set_file, tmp_path):
    path = tmp_path / "table.parquet"
    log_features(shop_index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    return FeatureTable.read(path)


def test_each_is_scored_in_the_cluster_as_here(shop_index, shop_files, table):
    encoded = encode(shop_index, shop_files / "queries.jsonl")
    for name, train in TRAIN.items():
        pushed = push(shop_index, train(table), encoded)
        assert pushed.parity.passed, name
        assert pushed.parity.tolerance == (1e-4 if name in ("fusion", "mlp") else 1e-5)
        assert FeatureStore(shop_index.cluster).model(pushed.model) is not None


def test_a_hit_brings_the_gates_and_parts_of_its_score(shop_index, shop_files, table):
    pushed = push(shop_index, TRAIN["fusion"](table), encode(shop_index, shop_files / "queries.jsonl"))
    for hit in search(shop_index, "red shoe", ranker=pushed.model, size=3, log_features=True):
        seen = hit.features["features"]
        assert seen["fusion_gate_text"] == 1
        assert seen["fusion_text"] + seen["fusion_rest"] == pytest.approx(seen["fusion_score"], rel=1e-5)
        assert seen["fusion_served"] == pytest.approx(hit.score, rel=1e-6)


def test_a_sum_of_ranks_is_refused_before_anything_is_uploaded(shop_index, shop_files, table):
    ranker = train_late_fusion(table, LateFusionSettings(members="linear", combine="rrf"))
    with pytest.raises(ExportError, match="one product at a time"):
        push(shop_index, ranker, encode(shop_index, shop_files / "queries.jsonl"))
    assert FeatureStore(shop_index.cluster).model_names(table.provenance.feature_set_id) == []
