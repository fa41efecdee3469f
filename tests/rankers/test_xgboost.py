import sys

import numpy as np
import pytest
from reference_scorer import score

from ltr_plugin.errors import LtrError
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.xgboost import XGBoostSettings, train_xgboost

QUICK = XGBoostSettings(num_trees=40, early_stopping_rounds=15)


@pytest.fixture(scope="module")
def ranker(shop):
    return train_xgboost(shop, QUICK)


def test_the_export_scores_bit_for_bit_alike(ranker, shop):
    for values in (shop.zero_filled, np.nextafter(shop.zero_filled, np.float32(9)), np.zeros_like(shop.zero_filled)):
        served = score(ranker.export(), shop.feature_names, values)
        assert np.allclose(served, ranker.predict(values), rtol=0, atol=2e-6)  # float32 beside the added constant


def test_missing_values_count_as_zero(ranker, shop):
    assert np.isnan(shop.values).any()
    assert np.array_equal(ranker.predict(shop.values), ranker.predict(shop.zero_filled))
    assert ranker.predict(np.empty((0, 4), dtype=np.float32)).shape == (0,)


def test_the_same_rows_give_the_same_ranker(ranker, shop):
    assert train_xgboost(shop, QUICK).model == ranker.model
    assert train_xgboost(shop, QUICK.model_copy(update={"seed": 8})).model != ranker.model


def test_the_card_says_what_the_ranker_was_made_from(ranker):
    card = ranker.card
    assert (card.kind, card.queries, card.rows) == ("xgboost", 60, 1200)
    assert 0.8 < card.results["validation_ndcg@10"] <= 1
    assert 1 <= card.results["trees"] <= 40
    assert card.importance["f0"] > card.importance["f2"]
    assert card.importance["f3"] == 0


def test_saves_and_loads(ranker, tmp_path):
    ranker.save(tmp_path / "xgboost")
    assert load_ranker(tmp_path / "xgboost") == ranker


def test_one_query_trains_without_validation(shop):
    trained = train_xgboost(shop.for_queries(["q01"]), QUICK.model_copy(update={"num_trees_without_validation": 5}))
    assert (trained.card.results["trees"], trained.card.results["validation_ndcg@10"]) == (5, None)


def test_its_absence_is_said(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(LtrError, match=r"pip install 'ltr-plugin\[rankers\]'"):
        train_xgboost(shop, QUICK)
