import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from mixed_modalities import MIXED
from reference_scorer import score

from ltr_plugin.errors import InputError
from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.rankers.fusion import NetworkRanker, train_fusion, train_mlp
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.network.losses import ndcg
from ltr_plugin.rankers.network.settings import MLPSettings, NetworkSettings
from ltr_plugin.rankers.training.folds import holdout_queries

QUICK = NetworkSettings(epochs=12, learning_rate=0.02)
QUICK_MLP = MLPSettings(epochs=12, learning_rate=0.02)


def mean_ndcg(table, scores):
    lists = [torch.from_numpy(column.reshape(-1, 20).astype(np.float64)) for column in (scores, table.grades)]
    return float(ndcg(*lists, torch.ones_like(lists[0], dtype=torch.bool)).mean())


@pytest.fixture(scope="module")
def ranker(mixed):
    return train_fusion(mixed, QUICK)


@pytest.fixture(scope="module", params=[train_fusion, train_mlp])
def either(request, mixed):
    settings = QUICK if request.param is train_fusion else QUICK_MLP
    return request.param(mixed, settings.model_copy(update={"folds": 2, "epochs": 4}))


def test_learns_the_order_of_queries_it_never_saw(mixed):
    unseen = holdout_queries(mixed.queries, 0.3, seed=1)
    trained = train_fusion(mixed.for_queries(set(mixed.queries) - unseen), QUICK)
    test = mixed.for_queries(unseen)
    chance = mean_ndcg(test, np.random.default_rng(0).random(len(test)))
    assert mean_ndcg(test, trained.predict(test.values)) > 0.85 > chance + 0.2


def test_the_same_rows_in_any_order_of_queries_give_the_same_ranker(mixed, ranker):
    backwards = np.concatenate(
        [np.flatnonzero(mixed.queries == query) for query in sorted(set(mixed.queries), reverse=True)]
    )
    assert train_fusion(mixed.subset(backwards), QUICK).model == ranker.model


def test_missing_values_count_as_zero(mixed, ranker):
    missing = np.where(mixed.values == 0, np.nan, mixed.values)
    assert np.isnan(missing).any()
    assert np.array_equal(ranker.predict(missing), ranker.predict(mixed.zero_filled))


def test_a_row_scores_alike_alone_and_among_others(mixed, ranker):
    together = ranker.predict(mixed.values[:50])
    assert together == pytest.approx([ranker.predict(row[None])[0] for row in mixed.values[:50]], abs=1e-12)
    assert ranker.predict(np.empty((0, 8), dtype=np.float32)).shape == (0,)


def test_the_export_scores_alike_and_orders_alike(mixed, either):
    modality_mask = ModalityMask(MIXED)
    ways = [
        {},
        {"query": ["text"]},
        {"query": ["image"]},
        {"product": ["image"]},
        {"query": ["text"], "product": ["image"]},
    ]
    values = np.concatenate([modality_mask.drop(mixed.zero_filled, **way) for way in ways])
    export = either.export()
    assert (export.type, export.tolerance) == ("model/linear", 1e-4)
    near, here = score(export, MIXED.feature_names, values), either.predict(values)
    assert (np.abs(near - here) / np.maximum(1, np.abs(here))).max() < 1e-6
    order = np.argsort(here, kind="stable")
    rises = np.diff(here[order]) > 1e-5
    assert (np.diff(near[order])[rises] > 0).all()


def test_the_card_says_what_the_ranker_was_made_from(ranker):
    card = ranker.card
    assert (card.kind, card.queries, card.rows) == ("fusion", 90, 1800)
    assert card.results["validation_queries"] == 18
    assert 0.7 < card.results["validation_ndcg@10"] <= 1
    assert 1 <= card.results["epochs"] <= 12
    assert card.results["mean_gate_text"] + card.results["mean_gate_image"] == pytest.approx(1)
    assert card.importance["photo"] > card.importance["price"] > 0


def test_saves_and_loads(either, mixed, tmp_path):
    either.save(tmp_path / "net")
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == [
        "README.md",
        "card.json",
        "network.safetensors",
    ]
    loaded = load_ranker(tmp_path / "net")
    assert loaded == either
    assert np.array_equal(loaded.predict(mixed.values), either.predict(mixed.values))


def test_a_damaged_network_is_refused(ranker, tmp_path):
    ranker.save(tmp_path / "net")
    path = tmp_path / "net" / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="not the model"):
        NetworkRanker.load(tmp_path / "net")
    broken = replace(ranker, model=b"\x10\0\0\0\0\0\0\0 no header at all")
    broken = replace(broken, card=_sealed(broken))
    broken.save(tmp_path / "net")
    with pytest.raises(InputError, match="is not a network"):
        NetworkRanker.load(tmp_path / "net")
    other = json.loads((tmp_path / "net" / "card.json").read_text()) | {"kind": "mlp"}
    ranker.save(tmp_path / "net")
    (tmp_path / "net" / "card.json").write_text(json.dumps(other | {"model_sha256": ranker.card.model_sha256}))
    with pytest.raises(InputError, match="reads other features"):
        NetworkRanker.load(tmp_path / "net")


def _sealed(ranker):
    import hashlib

    return ranker.card.model_copy(update={"model_sha256": hashlib.sha256(ranker.model).hexdigest()})


def test_without_refit_the_queries_held_out_stay_out(mixed):
    trained = train_fusion(mixed, QUICK.model_copy(update={"refit": False, "epochs": 1}))
    assert trained.card.queries == 72


def test_one_query_trains_without_validation(mixed):
    one = mixed.for_queries(["q02"])
    trained = train_fusion(one, QUICK.model_copy(update={"epochs_without_validation": 8}))
    assert trained.card.results["epochs"] == 8
    assert trained.card.results["validation_ndcg@10"] is None
    assert "only one query" in trained.card.notes[0]


def test_invalid_grades_are_named(mixed):
    grades = mixed.grades.copy()
    grades[3] = 1.5
    with pytest.raises(InputError, match="'p3'"):
        train_fusion(replace(mixed, grades=grades), QUICK)
