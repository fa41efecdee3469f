"""Every kind of ranker that the plugin can express, proved on a live cluster; and those that it cannot."""

from functools import partial

import pytest

from ltr_plugin.cluster.ltr_api import LtrStore
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.asking import ask_file
from ltr_plugin.pipelines.logging import log_table
from ltr_plugin.pipelines.publishing import push_ranker
from ltr_plugin.pipelines.ranking import find
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.templates import Ranking
from ltr_plugin.rankers.fusion import train_fusion, train_mlp
from ltr_plugin.rankers.late import LateSettings, train_late
from ltr_plugin.rankers.logistic import train_logistic
from ltr_plugin.rankers.network_settings import MLPSettings, NetworkSettings
from ltr_plugin.rankers.ranker import ExportError
from ltr_plugin.rankers.svm import train_svm
from ltr_plugin.rankers.xgboost import XGBoostSettings, train_xgboost

pytestmark = pytest.mark.live

TRAIN = {
    "fusion": partial(train_fusion, settings=NetworkSettings(epochs=5, learning_rate=0.02)),
    "mlp": partial(train_mlp, settings=MLPSettings(epochs=5, learning_rate=0.02)),
    "xgboost": partial(train_xgboost, settings=XGBoostSettings(rounds=20)),
    "late": partial(train_late, settings=LateSettings(rounds=20)),
    "late, linear": partial(train_late, settings=LateSettings(members="linear")),
    "logistic": train_logistic,
    "svm": train_svm,
}


@pytest.fixture
def table(shop_index, shop_files, set_file, tmp_path):
    path = tmp_path / "table.parquet"
    log_table(shop_index, set_file(), shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    return FeatureTable.read(path)


def test_each_is_scored_in_the_cluster_as_here(shop_index, shop_files, table):
    asked = ask_file(shop_index, shop_files / "queries.jsonl")
    for name, train in TRAIN.items():
        pushed = push_ranker(shop_index, train(table), asked)
        assert pushed.parity.holds, name
        assert pushed.parity.tolerance == (1e-4 if name in ("fusion", "mlp") else 1e-5)
        assert LtrStore(shop_index.cluster).model(pushed.model) is not None


def test_a_hit_brings_the_gates_and_parts_of_its_score(shop_index, shop_files, table):
    pushed = push_ranker(shop_index, TRAIN["fusion"](table), ask_file(shop_index, shop_files / "queries.jsonl"))
    for hit in find(shop_index, Query(id="q", text="red shoe"), Ranking("x", model=pushed.model), size=3, log=True):
        seen = hit.features["features"]
        assert seen["fusion_gate_text"] == 1
        assert seen["fusion_text"] + seen["fusion_rest"] == pytest.approx(hit.score, rel=1e-5)


def test_a_sum_of_ranks_is_refused_before_anything_is_uploaded(shop_index, shop_files, table):
    ranker = train_late(table, LateSettings(members="linear", combine="rrf"))
    with pytest.raises(ExportError, match="one product at a time"):
        push_ranker(shop_index, ranker, ask_file(shop_index, shop_files / "queries.jsonl"))
    assert LtrStore(shop_index.cluster).model_names(table.origin.feature_set_id) == []
