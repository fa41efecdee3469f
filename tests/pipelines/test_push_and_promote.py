"""A ranker on its way to shoppers, on a live cluster: logged, trained, proved, promoted, rolled back."""

from dataclasses import replace

import numpy as np
import pytest

from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.errors import InputError, ParityError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.evaluate import evaluate
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote, rollback
from ltr_plugin.pipelines.search import resolve_ranking, search
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.ranker import model_name

pytestmark = pytest.mark.live


@pytest.fixture
def logged(shop_index, shop_files, set_file, tmp_path):
    features = set_file()
    path = tmp_path / "table.parquet"
    done = log_features(shop_index, features, shop_files / "queries.jsonl", shop_files / "qrels.txt", path, negatives=5)
    return done, FeatureTable.read(path)


@pytest.fixture
def encoded(shop_index, shop_files):
    return encode(shop_index, shop_files / "queries.jsonl")


class Skewed:
    """A ranker whose local predictions are not what its trees say."""

    def __init__(self, ranker, change):
        self.ranker, self.change = ranker, change

    def __getattr__(self, name):
        return getattr(self.ranker, name)

    def predict(self, values):
        return self.change(self.ranker.predict(values))


def interrupted(_scores):
    raise KeyboardInterrupt


def test_the_log_tells_missing_from_zero_and_samples_unjudged_products(logged, shop_files):
    done, table = logged
    qrels = Qrels.read(shop_files / "qrels.txt")
    assert done.judged == sum(len(qrels.for_query(query)) for query in qrels.queries())
    assert done.missing_products == []
    assert 0 < done.negatives <= 5 * 20
    assert done.rows == len(table) == done.judged + done.negatives
    sampled = np.isnan(table.grades)
    assert all(
        product not in qrels.for_query(query)
        for query, product in zip(table.queries[sampled], table.products[sampled], strict=True)
    )
    columns = dict(zip(table.feature_names, table.values.T, strict=True))
    zero = table.products == "p0"
    assert (columns["price"][zero] == 0).all()  # a price of 0 is a price
    assert np.isnan(columns["rating"][zero]).all()  # p0 has no rating
    assert np.isnan(columns["all_words"]).any()
    assert not np.isnan(columns["both"]).any()
    has_text = columns["has_text"]
    assert (has_text == 1).all()
    assert table.provenance.texts["red-shoe"] == "red shoe"
    assert table.provenance.texts.keys() == set(table.queries)


@pytest.mark.parametrize("train", [train_lambdamart, train_linear])
def test_a_pushed_ranker_is_proved_and_beats_words_alone(shop_index, logged, encoded, shop_files, train):
    ranker = train(logged[1])
    pushed = push(shop_index, ranker, encoded)
    assert pushed.parity.passed
    assert pushed.parity.rows > 500
    assert pushed.model == model_name(ranker)
    assert "texts" not in ranker.card.provenance
    again = push(shop_index, ranker, encoded)
    assert again.model == pushed.model
    rankings = [BASELINES["bm25"], BASELINES["random"], Ranking("learned", model=pushed.model)]
    found = evaluate(shop_index, rankings, encoded, Qrels.read(shop_files / "qrels.txt"))
    for view in (found.full, found.judged):
        bm25, random, learned = (view.of("all", name, "nDCG@10").mean for name in view.rankers)
        assert random < bm25 < learned
    assert found.seen == {"learned": len(encoded)}  # it was trained with these
    assert {name: one.searches for name, one in found.latency.items()} == dict.fromkeys(found.runs, len(encoded))
    assert all(0 < one.p50_ms <= one.p95_ms for one in found.latency.values())
    summary = found.summaries["learned"]  # which the cluster keeps
    assert found.summaries.keys() == {"learned"}
    assert (summary.kind, summary.importance) == (ranker.kind, pytest.approx(ranker.card.importance))
    assert summary.settings == ranker.card.settings
    fresh = [replace(one, query=one.query.model_copy(update={"id": f"{one.query.id}-new"})) for one in encoded]
    grades = Qrels.read(shop_files / "qrels.txt")
    moved = Qrels({f"{query}-new": grades.for_query(query) for query in grades.queries()})
    assert evaluate(shop_index, rankings, fresh, moved).seen == {}


def test_a_ranker_that_scores_otherwise_is_withdrawn(shop_index, logged, encoded):
    ranker = Skewed(train_linear(logged[1]), lambda scores: scores * 1.001)
    with pytest.raises(ParityError, match="withdrawn"):
        push(shop_index, ranker, encoded)
    assert FeatureStore(shop_index.cluster).model(model_name(ranker)) is None


def test_a_failed_proof_leaves_a_model_that_was_there_before(shop_index, logged, encoded):
    ranker = train_linear(logged[1])
    name = push(shop_index, ranker, encoded).model
    with pytest.raises(ParityError, match="stays there"):
        push(shop_index, Skewed(ranker, lambda scores: scores * 1.001), encoded)

    with pytest.raises(KeyboardInterrupt):
        push(shop_index, Skewed(ranker, interrupted), encoded)
    assert FeatureStore(shop_index.cluster).model(name) is not None


def test_an_interrupted_proof_withdraws_what_it_uploaded(shop_index, logged, encoded):
    ranker = Skewed(train_linear(logged[1]), interrupted)
    with pytest.raises(KeyboardInterrupt):
        push(shop_index, ranker, encoded)
    assert FeatureStore(shop_index.cluster).model(model_name(ranker)) is None


def test_a_changed_set_needs_a_new_version(shop_index, set_file):
    features = set_file(name="same_name")
    push_features(shop_index, features)
    push_features(shop_index, features)
    with pytest.raises(InputError, match="raise `version`"):
        push_features(shop_index, set_file(features=[*_without_last(features)], name="same_name"))


def _without_last(features):
    return features.model_dump(mode="json")["features"][:-1]


def test_a_ranker_of_another_version_of_its_set_is_refused(shop_index, logged, encoded, set_file):
    ranker = train_linear(logged[1])
    other = set_file(features=_without_last(ranker.feature_set), name="other_set")
    push_features(shop_index, other)
    card = ranker.card.model_copy(update={"feature_set": ranker.feature_set.model_copy(update={"name": "other_set"})})
    with pytest.raises(InputError, match="log features and train again"):
        push(shop_index, replace(ranker, card=card), encoded)


def test_a_ranker_of_another_encoders_vectors_is_refused(shop_index, logged, encoded):
    from ltr_plugin.catalog.vectors import Fingerprint, VectorField

    ranker = train_linear(logged[1])
    provenance = {**ranker.card.provenance, "fingerprints": {"text_vector": "0123456789abcdef"}}
    ranker = replace(ranker, card=ranker.card.model_copy(update={"provenance": provenance}))
    field = VectorField("text_vector", "text", "test:x", Fingerprint("test", "x", "", 3, "", "w"))
    index = replace(shop_index, profile=shop_index.profile.model_copy(update={"vectors": (field,)}))
    with pytest.raises(InputError, match=r"encoder 0123456789abcdef.*log features and train again"):
        push(index, ranker, encoded)


def test_storefronts_get_the_promoted_ranker_and_the_earlier_one_after_a_rollback(shop_index, logged, encoded):
    ranker = train_lambdamart(logged[1], LambdaMARTSettings(num_trees=20))
    pushed = push(shop_index, ranker, encoded)
    template = f"shop-{shop_index.alias}"
    assert promote(shop_index, BASELINES["bm25"], template).number == 1
    assert promote(shop_index, resolve_ranking(shop_index, pushed.model), template).number == 2

    def storefront():
        body = {"id": template, "params": {"text": "red shoe", "size": 5}}
        hits = shop_index.cluster.call("POST", f"/{shop_index.alias}/_search/template", body)["hits"]["hits"]
        return [(hit["_id"], hit["_score"]) for hit in hits]

    learned = storefront()
    assert learned == [(hit.id, hit.score) for hit in search(shop_index, "red shoe", ranker=pushed.model, size=5)]
    assert rollback(shop_index.cluster, template).metadata["ranker"] == "bm25"
    words = storefront()
    assert words == [(hit.id, hit.score) for hit in search(shop_index, "red shoe", size=5)]
    assert words != learned
    assert rollback(shop_index.cluster, template, 2).metadata["ranker"] == pushed.model
    assert storefront() == learned
    with pytest.raises(InputError, match="no release 9"):
        rollback(shop_index.cluster, template, 9)
    with pytest.raises(InputError, match="ltr ranker promote"):
        rollback(shop_index.cluster, "nothing-there")


def test_a_hit_brings_the_features_that_its_model_saw(shop_index, logged, encoded):
    pushed = push(shop_index, train_linear(logged[1]), encoded)
    ranking = Ranking("x", model=pushed.model)
    hits = search(shop_index, "red shoe", ranker=ranking, size=3, log_features=True)
    assert set(hits[0].features["features"]) >= {"title", "price", "both"}


def test_an_unknown_ranker_is_named_with_the_known_ones(shop_index, shop_files):
    with pytest.raises(InputError, match=r"no ranker 'bm52'.*random, bm25, vectors"):
        evaluate(shop_index, ["bm52"], shop_files / "queries.jsonl", shop_files / "qrels.txt")


def test_a_path_that_is_not_there_is_named_as_such(shop_index, tmp_path):
    path = str(tmp_path / "nosuch")
    with pytest.raises(InputError, match=f"there is no folder {path}"):
        promote(shop_index, path, "any")
    with pytest.raises(InputError, match=f"there is no folder {path}"):
        search(shop_index, "red shoe", ranker=path)
    with pytest.raises(InputError, match=f"{path}.*there is no such folder"):
        push(shop_index, path)


@pytest.mark.parametrize(
    "noise", ['"', "{{#has_text}}", "\\", "}}", "{{text}}", "\n\t", "' OR x=x", "✓ ø", "{{{text}}}"]
)
def test_text_that_looks_like_json_or_mustache_is_only_text(shop_index, noise):
    plain = search(shop_index, "red shoe", ranker=BASELINES["bm25"])
    assert [hit.id for hit in search(shop_index, f"red {noise} shoe", ranker=BASELINES["bm25"])] == [
        hit.id for hit in plain
    ]


def test_a_filter_restricts_every_pass(shop_index, encoded, logged):
    pushed = push(shop_index, train_linear(logged[1]), encoded)
    promote(shop_index, Ranking("x", model=pushed.model), f"filtered-{shop_index.alias}")
    params = {
        "text": "red",
        "filters": [{"range": {"price": {"gte": 100}}}],
        "size": 100,
    }
    body = {"id": f"filtered-{shop_index.alias}", "params": params}
    hits = shop_index.cluster.call("POST", f"/{shop_index.alias}/_search/template", body)["hits"]["hits"]
    assert hits
    assert all(hit["_source"]["price"] >= 100 for hit in hits)
