import numpy as np
import pytest
from scipy.optimize import check_grad

from ltr_plugin.errors import InputError
from ltr_plugin.rankers import linear
from ltr_plugin.rankers.linear import LinearRanker, LinearSettings, train_linear
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.reference import score
from ltr_plugin.rankers.training_rows import TrainingRows


@pytest.fixture(scope="module")
def ranker(shop):
    return train_linear(shop)


def test_weights_follow_what_decides(ranker):
    assert ranker.weights["f0"] > ranker.weights["f1"] > 0
    assert abs(ranker.weights["f2"]) < 0.2 * ranker.weights["f0"]
    assert ranker.weights["f3"] != ranker.weights["f0"]


def test_a_feature_that_never_differs_has_no_weight(table_of):
    table = table_of(["a", "a", "b", "b"], [0, 1, 0, 1], [[0, 5], [1, 5], [2, 5], [3, 5]])
    weights = train_linear(table).weights
    assert weights["f1"] == 0
    assert weights["f0"] > 0


def test_the_gradient_is_that_of_the_loss(shop):
    rows = TrainingRows.of(shop.of_queries(["q00", "q01", "q02"]))
    standard = rows.values.astype(np.float64)
    targets = linear._targets(rows, 0.5)
    at = np.random.default_rng(0).normal(size=4)
    pieces = [lambda point, place=place: linear._loss(point, standard, rows, targets, 0.1)[place] for place in (0, 1)]
    assert check_grad(*pieces, at) < 1e-5


def test_the_export_scores_alike(ranker, shop):
    local = ranker.predict(shop.values)
    served = score(ranker.export(), shop.names, shop.total)
    assert np.abs(served - local).max() <= 1e-6 * np.abs(local).max()
    assert ranker.export().type == "model/linear"


def test_saves_and_loads(ranker, tmp_path):
    ranker.save(tmp_path / "linear")
    assert load_ranker(tmp_path / "linear") == ranker
    (tmp_path / "linear" / "weights.json").write_text("{}")
    with pytest.raises(InputError, match="not the model"):
        LinearRanker.load(tmp_path / "linear")


def test_lighter_negatives_change_the_weights(shop):
    from dataclasses import replace

    sampled = replace(shop, grades=np.where(shop.grades == 0, np.nan, shop.grades).astype(np.float32))
    assert train_linear(sampled).weights == train_linear(shop).weights
    assert train_linear(sampled, LinearSettings(negative_weight=0.1)).weights != train_linear(shop).weights
