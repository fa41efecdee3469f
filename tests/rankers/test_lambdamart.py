import json
from dataclasses import replace

import numpy as np
import pytest
from reference_scorer import score

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import run_from_scores
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.rankers.lambdamart import LambdaMARTRanker, LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.training.folds import holdout_queries

QUICK = LambdaMARTSettings(num_trees=60, early_stopping_rounds=15)


@pytest.fixture(scope="module")
def ranker(shop):
    return train_lambdamart(shop, QUICK)


def ndcg(table, scores):
    grades = {}
    for query, product, grade in zip(table.queries, table.products, table.grades, strict=True):
        grades.setdefault(query, {})[product] = int(grade)
    return per_query(run_from_scores(table.queries, table.products, scores), Qrels(grades))[
        :, MEASURES.index("nDCG@10")
    ].mean()


def test_learns_the_order_of_queries_it_never_saw(shop):
    unseen = holdout_queries(shop.queries, 0.3, seed=1)
    trained = train_lambdamart(shop.for_queries(set(shop.queries) - unseen), QUICK)
    test = shop.for_queries(unseen)
    chance = ndcg(test, np.random.default_rng(0).random(len(test)))
    assert ndcg(test, trained.predict(test.values)) > 0.9 > chance + 0.2


def test_the_same_rows_in_any_order_of_queries_give_the_same_ranker(shop, ranker):
    backwards = np.concatenate(
        [np.flatnonzero(shop.queries == query) for query in sorted(set(shop.queries), reverse=True)]
    )
    assert train_lambdamart(shop, QUICK).model == ranker.model
    assert train_lambdamart(shop.subset(backwards), QUICK).model == ranker.model
    assert train_lambdamart(shop, QUICK.model_copy(update={"seed": 8})).model != ranker.model


def test_missing_values_count_as_zero(ranker, shop):
    assert np.isnan(shop.values).any()
    assert np.array_equal(ranker.predict(shop.values), ranker.predict(shop.zero_filled))
    dump = json.dumps(ranker.booster.dump_model()["tree_info"])
    assert '"missing_type": "None"' in dump
    assert '"missing_type": "NaN"' not in dump


def test_the_export_orders_every_pair_alike(ranker, shop):
    local = ranker.predict(shop.values)
    served = score(ranker.export(), shop.feature_names, shop.zero_filled)
    assert np.abs(served - local).max() <= 1e-5 * np.abs(local).max()
    order = np.argsort(local, kind="stable")
    rises = np.diff(local[order]) > 1e-6
    assert (np.diff(served[order])[rises] > 0).all()


def test_the_card_says_what_the_ranker_was_made_from(ranker, shop):
    card = ranker.card
    assert (card.kind, card.queries, card.rows, card.negatives) == ("lambdamart", 60, 1200, 0)
    assert card.feature_set_digest == shop.provenance.feature_set_digest
    assert 0.8 < card.results["validation_ndcg@10"] <= 1
    assert card.results["validation_queries"] == 12
    assert 1 <= card.results["trees"] <= 60
    assert card.importance["f0"] > card.importance["f2"]
    assert card.importance["f3"] == 0


def test_saves_and_loads_whole_and_replaces_an_earlier_one(ranker, shop, tmp_path):
    folder = tmp_path / "rankers" / "shop"
    ranker.save(folder)
    ranker.save(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "card.json", "model.txt"]
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]
    loaded = load_ranker(folder)
    assert loaded == ranker
    assert np.array_equal(loaded.predict(shop.values), ranker.predict(shop.values))
    assert "| f0 |" in (folder / "README.md").read_text()


def test_a_folder_with_other_things_is_not_overwritten(ranker, tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="holds no ranker"):
        ranker.save(tmp_path)
    assert (tmp_path / "photo.jpg").exists()


def test_a_damaged_ranker_is_refused(ranker, tmp_path):
    folder = tmp_path / "ranker"
    with pytest.raises(InputError, match=r"there is no such folder"):
        load_ranker(folder)
    ranker.save(folder)
    model = folder / "model.txt"
    model.write_text(model.read_text().replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(InputError, match="not the model"):
        LambdaMARTRanker.load(folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"feature_set_digest": "0" * 16, "colour": "red"}))
    with pytest.raises(InputError, match=r"\$\.colour"):
        load_ranker(folder)
    (folder / "card.json").write_text(json.dumps(card | {"feature_set_digest": "0" * 16}))
    with pytest.raises(InputError, match="train again"):
        load_ranker(folder)
    (folder / "card.json").write_text(json.dumps(card | {"kind": "oracle"}))
    with pytest.raises(InputError, match="'oracle'"):
        load_ranker(folder)


def test_a_ranker_of_another_release_is_refused(ranker, tmp_path):
    ranker.save(tmp_path / "ranker")
    card = json.loads((tmp_path / "ranker" / "card.json").read_text())
    (tmp_path / "ranker" / "card.json").write_text(json.dumps(card | {"format": 1, "settings": {"rounds": 500}}))
    with pytest.raises(InputError, match=r"was trained by ltr 0\.1; log features and train again"):
        load_ranker(tmp_path / "ranker")
    (tmp_path / "ranker" / "card.json").write_text(json.dumps(card | {"format": 3}))
    with pytest.raises(InputError, match=r"\$\.format"):
        load_ranker(tmp_path / "ranker")


def test_folds_choose_the_trees_on_every_query(shop):
    calls = []
    trained = train_lambdamart(
        shop,
        QUICK.model_copy(update={"folds": 3}),
        progress=lambda done, total=None: calls.append((done, total)),
    )
    assert trained.card.results["validation_queries"] == 60
    assert trained.card.queries == 60
    assert calls[0] == (1, 60)
    assert len(calls) >= trained.card.results["trees"]


def test_without_refit_the_queries_held_out_stay_out(shop):
    trained = train_lambdamart(shop, QUICK.model_copy(update={"refit": False}))
    assert trained.card.queries == 48


def test_queries_of_one_grade_are_left_out_with_a_note(shop):
    flat = replace(shop, grades=np.where(shop.queries == "q00", 2, shop.grades).astype(np.float32))
    trained = train_lambdamart(flat, QUICK)
    assert trained.card.queries == 59
    assert "1 of 60 queries left out" in trained.card.notes[0]
    with pytest.raises(InputError, match="different grades"):
        train_lambdamart(replace(shop, grades=np.ones_like(shop.grades)), QUICK)


def test_one_query_trains_without_validation(shop):
    one = shop.for_queries(["q01"])
    trained = train_lambdamart(one, QUICK.model_copy(update={"min_data_in_leaf": 2}))
    assert ndcg(one, trained.predict(one.values)) > 0.9
    assert trained.card.results["validation_ndcg@10"] is None
    assert trained.card.results["trees"] == 50
    assert "only one query" in trained.card.notes[0]


def test_two_queries_train_and_validate_on_each_other(shop):
    trained = train_lambdamart(shop.for_queries(["q01", "q02"]), QUICK)
    assert trained.card.results["validation_queries"] == 1
    assert trained.card.notes == ()


def test_a_ranker_that_learned_nothing_has_a_note(table_of):
    table = table_of(["a", "a", "b", "b"], [0, 1, 0, 1], [[1], [1], [1], [1]])
    trained = train_lambdamart(table, QUICK)
    assert "nothing was learned" in trained.card.notes[-1]
    assert len(set(trained.predict(table.values))) == 1


def test_invalid_grades_are_named(shop):
    grades = shop.grades.copy()
    grades[3], grades[700] = 1.5, 31
    with pytest.raises(InputError) as caught:
        train_lambdamart(replace(shop, grades=grades), QUICK)
    assert [problem.location for problem in caught.value.problems] == [
        "query 'q00' product 'p3'",
        "query 'q35' product 'p700'",
    ]


def test_sampled_negatives_count_and_weigh(shop):
    worst = shop.grades == 0
    unjudged = replace(shop, grades=np.where(worst, np.nan, shop.grades).astype(np.float32))
    as_zero = train_lambdamart(unjudged, QUICK)
    assert as_zero.card.negatives == worst.sum()
    assert as_zero.model == train_lambdamart(shop, QUICK).model
    lighter = train_lambdamart(unjudged, QUICK.model_copy(update={"negative_weight": 0.2}))
    assert lighter.model != as_zero.model


def test_a_query_too_long_for_lightgbm_is_named(table_of):
    rows = 10_001
    table = table_of(["long"] * rows, np.arange(rows) % 2, np.zeros((rows, 1)))
    with pytest.raises(InputError, match="'long' has 10001 products"):
        train_lambdamart(table, QUICK)


def test_a_table_logged_with_another_rendering_is_refused(shop):
    stale = replace(shop, provenance=replace(shop.provenance, feature_set_digest="0" * 16))
    with pytest.raises(InputError, match="log the table again"):
        train_lambdamart(stale, QUICK)


def test_no_rows_have_no_scores(ranker):
    assert ranker.predict(np.empty((0, 4), dtype=np.float32)).shape == (0,)
