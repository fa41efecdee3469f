import json
from dataclasses import replace

import numpy as np
import pytest
from reference_scorer import score
from scipy.optimize import check_grad

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.linear import LinearRanker, LinearSettings, listwise, train_linear
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.logistic import pointwise, train_logistic
from ltr_plugin.rankers.svm import pairwise, train_svm
from ltr_plugin.rankers.training.rows import TrainingRows


@pytest.fixture(scope="module", params=[train_linear, train_logistic, train_svm])
def ranker(shop, request):
    return request.param(shop)


def test_weights_follow_what_decides(ranker):
    assert ranker.weights["f0"] > ranker.weights["f1"] > 0
    assert abs(ranker.weights["f2"]) < 0.2 * ranker.weights["f0"]
    assert ranker.weights["f3"] != ranker.weights["f0"]


def test_a_feature_that_never_differs_has_no_weight(table_of):
    table = table_of(["a", "a", "b", "b"], [0, 1, 0, 1], [[0, 5], [1, 5], [2, 5], [3, 5]])
    weights = train_linear(table).weights
    assert weights["f1"] == 0
    assert weights["f0"] > 0


@pytest.mark.parametrize("objective_of", [listwise, pointwise, pairwise])
def test_the_derivative_is_that_of_the_loss(shop, objective_of):
    rows = TrainingRows.of(shop.for_queries(["q00", "q01", "q02"]))
    rows = replace(rows, unjudged=np.arange(len(rows)) % 3 == 0)
    objective = objective_of(rows, 0.5)
    at = np.random.default_rng(0).normal(size=len(rows))
    assert check_grad(*(lambda scores, place=place: objective(scores)[place] for place in (0, 1)), at) < 1e-5


def test_the_listwise_loss_of_one_list(table_of):
    rows = TrainingRows.of(table_of(["q", "q", "q"], [0, 1, 2], [[0], [0], [0]]))
    loss, _ = listwise(rows)(np.log([1.0, 2.0, 5.0]))
    # gains 0, 1, 3; probabilities 1/8, 2/8, 5/8
    assert loss == pytest.approx(-(np.log(2 / 8) / 4 + 3 * np.log(5 / 8) / 4))


def test_the_pairwise_loss_of_one_list(table_of):
    rows = TrainingRows.of(table_of(["q", "q", "q"], [0, 1, 1], [[0], [0], [0]]))
    loss, _ = pairwise(rows)(np.array([0.0, 0.25, 3.0]))
    assert loss == pytest.approx((0.75**2 + 0) / 2)


def test_the_pointwise_loss_of_two_products(table_of):
    rows = TrainingRows.of(table_of(["q", "q"], [0, 2], [[0], [0]]))
    loss, _ = pointwise(rows)(np.array([-1.0, 0.5]))
    assert loss == pytest.approx((np.log1p(np.exp(-1.0)) + np.log1p(np.exp(-0.5))) / 2)


def test_the_export_scores_alike(ranker, shop):
    local = ranker.predict(shop.values)
    served = score(ranker.export(), shop.feature_names, shop.zero_filled)
    assert np.abs(served - local).max() <= 1e-6 * np.abs(local).max()
    assert ranker.export().type == "model/linear"


def test_saves_and_loads(ranker, tmp_path):
    ranker.save(tmp_path / "linear")
    assert load_ranker(tmp_path / "linear") == ranker
    (tmp_path / "linear" / "weights.json").write_text("{}")
    with pytest.raises(InputError, match="not the model"):
        LinearRanker.load(tmp_path / "linear")


def test_a_query_with_line_separators_is_read_as_it_was_saved(shop, tmp_path):
    queries = [{"query": {"id": "q1", "text": "red\u2028mug\u0085\n\x0c"}, "params": {}}]
    ranker = train_linear(replace(shop, provenance=replace(shop.provenance, sample_queries=queries)))
    ranker.save(tmp_path / "linear")
    assert list(load_ranker(tmp_path / "linear").card.sample_queries) == queries


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("card.json", {"provenance": {"index": "shop"}}, r"provenance  lacks cluster_version, judgments, fingerprints"),
        ("queries.jsonl", {}, r"sample_queries\[0\]  lacks query, params"),
    ],
)
def test_a_damaged_folder_says_what_it_lacks(shop, tmp_path, file, content, message):
    train_linear(shop).save(tmp_path)
    whole = json.loads((tmp_path / file).read_text()) if file == "card.json" else {}
    (tmp_path / file).write_text(json.dumps({**whole, **content}))
    with pytest.raises(InputError, match=message):
        load_ranker(tmp_path)


@pytest.mark.parametrize("train", [train_linear, train_logistic, train_svm])
def test_lighter_negatives_change_the_weights(shop, train):
    unjudged = replace(shop, grades=np.where(shop.grades == 0, np.nan, shop.grades).astype(np.float32))
    assert train(unjudged).weights == train(shop).weights
    assert train(unjudged, LinearSettings(negative_weight=0.1)).weights != train(shop).weights
