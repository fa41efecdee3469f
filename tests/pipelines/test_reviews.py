"""Reviews: kept, found by their words, encoded one by one, and read by features, by an encoder of their own or not."""

import json
import math
import uuid

import numpy as np
import pytest
from ltr_command import ltr_here
from ltr_workers.embedding import embed

from ltr_plugin.catalog.reviews import MAX_ENCODED_REVIEWS, MAX_SEARCHED_LENGTH
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.cluster.search import msearch_template
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.encoder_selection import EncoderSelection
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.search import search
from ltr_plugin.queries.encoding import QueryEncoder
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.templates import BASELINES, search_template
from ltr_plugin.rankers.linear import train_linear

pytestmark = pytest.mark.live

WORDS = ("mug", "jug", "leaks", "quickly", "sturdy", "loved", "handle", "cup")
PRODUCTS = [
    {"id": "1", "title": "mug", "reviews": [{"text": "Handle leaks", "rating": 1}, {"text": "sturdy", "rating": 4}]},
    {"id": "2", "title": "mug", "reviews": ["Loved", {"rating": 5}]},
    {"id": "3", "title": "jug", "reviews": [{"rating": 2.5}]},
    {"id": "4", "title": "cup"},
]
NAMES = ("reviews_bm25", "reviews_similarity", "best_review_similarity", "review_count", "review_rating")


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    """Two encoders of words, of 4 and of 3 dimensions."""
    folder, rng = tmp_path_factory.mktemp("words"), np.random.default_rng(7)
    for dimension in (4, 3):
        lines = (f"{word} {' '.join(f'{value:.4f}' for value in rng.normal(size=dimension))}\n" for word in WORDS)
        (folder / f"{dimension}.txt").write_text("".join(lines))
    return [f"word-vectors:{folder}/{dimension}.txt" for dimension in (4, 3)]


@pytest.fixture(scope="module")
def make_shop(node_url, tmp_path_factory):
    """Makes an index with these products and their vectors."""
    cluster, made = connect(node_url), []

    def make(text, reviews):
        fields, folder = vector_fields(text, reviews=reviews), tmp_path_factory.mktemp("shop")
        index = open_or_create(cluster, f"reviews-{uuid.uuid4().hex[:8]}", fields, folder)
        made.append(index)
        put(index, PRODUCTS)
        assert embed(index, [one["id"] for one in PRODUCTS]).embedded == 4 + 2
        index.refresh()
        return index

    yield make
    for index in made:
        cluster.call("DELETE", f"/{index.name}")


@pytest.fixture(scope="module")
def shop(make_shop, specs):
    """An index whose reviews are encoded as its other text is."""
    return make_shop(specs[0], specs[0])


@pytest.fixture(scope="module", params=["one encoder", "another encoder"])
def any_shop(request, make_shop, shop, specs):
    """That index, or one whose reviews are encoded by another encoder."""
    return shop if request.param == "one encoder" else make_shop(*specs)


def put(index, products):
    assert CatalogClient(index.alias, cluster=index.cluster).put(products).applied == len(products)


def stored(index, id_):
    return index.cluster.call("GET", f"/{index.name}/_doc/{id_}")["_source"]


def vectors_of(index, *texts):
    encoder = load_encoder(index.vectors[-1].encoder)
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def mean_direction(vectors):
    mean = np.mean(vectors, axis=0)
    return mean / np.linalg.norm(mean)


def test_reviews_are_kept_counted_and_averaged(shop):
    assert [len(one.product.reviews) for one in shop.fetch(["1", "2", "3", "4"])] == [2, 2, 1, 0]
    first = stored(shop, "1")
    assert first["reviews"] == PRODUCTS[0]["reviews"]
    assert (first["review_text"], first["review_count"], first["review_rating"]) == ("Handle leaks\nsturdy", 2, 2.5)
    assert stored(shop, "2")["review_rating"] == 5
    assert "review_text" not in stored(shop, "3")
    assert not {"reviews", "review_text", "review_count", "review_rating"} & stored(shop, "4").keys()


def test_the_first_pass_finds_no_product_by_its_reviews(shop):
    template = {"source": search_template(shop.retrieval(), BASELINES["bm25"])}
    found = list(msearch_template(shop, template, [("q", search_parameters(text, {})) for text in ("leaks", "mug")]))
    assert [sorted(hit.id for hit in hits) for hits in found] == [[], ["1", "2"]]
    assert all("review" not in field for _, field in shop.retrieval().knn_pairs)


def test_a_vector_of_each_review_and_of_their_mean(shop):
    both = vectors_of(shop, "Handle leaks", "sturdy")
    first, second = stored(shop, "1"), stored(shop, "2")
    assert first["review_text_vector"] == pytest.approx(mean_direction(both), abs=1e-6)
    each = [one["vector"] for one in first["per_media"]["review_text_vector"]]
    assert np.array(each) == pytest.approx(both, abs=1e-6)
    assert second["review_text_vector"] == pytest.approx(vectors_of(shop, "Loved")[0], abs=1e-6)
    assert "review_text_vector" not in second.get("per_media", {})
    assert not {"3", "4"} & {id_ for id_ in "1234" if "review_text_vector" in stored(shop, id_)}


def test_only_a_new_text_is_encoded_again(shop):
    client = CatalogClient(shop.alias, cluster=shop.cluster)
    put(shop, [{"id": "9", "title": "cup", "reviews": [{"text": "loved", "rating": 5}]}])
    assert embed(shop, ["9"]).embedded == 2
    client.update([{"id": "9", "price": 3, "reviews": [{"text": "loved", "rating": 1}]}])
    assert (embed(shop, ["9"]).embedded, stored(shop, "9")["review_rating"]) == (0, 1)
    client.update([{"id": "9", "price": 4}])
    assert (embed(shop, ["9"]).embedded, stored(shop, "9")["review_count"]) == (0, 1)
    client.update([{"id": "9", "reviews": ["loved", "leaks"]}])
    assert [one.name for one in shop.fetch(["9"])[0].pending(shop.vectors)] == ["review_text_vector"]
    shop.refresh()
    assert list(shop.backlog_ids()) == ["9"]
    assert embed(shop, ["9"]).embedded == 1
    assert len(stored(shop, "9")["per_media"]["review_text_vector"]) == 2
    client.update([{"id": "9", "reviews": None}])
    assert not [key for key in stored(shop, "9") if key.startswith("review")]
    assert "per_media" not in stored(shop, "9")
    client.delete(["9"])
    shop.refresh()


def test_many_and_long_reviews_are_bounded(shop):
    texts = [f"{word} {WORDS[number % 8]}" for number, word in enumerate(("loved ", "leaks ") * 20)]
    put(shop, [{"id": "8", "title": "cup", "reviews": [*texts, "cup " * 2000, *["mug " * 2000] * 20]}])
    assert embed(shop, ["8"]).embedded == 2
    many = stored(shop, "8")
    distinct = len(set(texts))
    assert len(many["per_media"]["review_text_vector"]) == min(MAX_ENCODED_REVIEWS, distinct + 2)
    assert (len(many["review_text"]), many["review_count"]) == (MAX_SEARCHED_LENGTH, 61)
    assert len(shop.fetch(["8"])[0].product.reviews) == 61
    CatalogClient(shop.alias, cluster=shop.cluster).delete(["8"])
    shop.refresh()


def init_features(shop, node_url, folder):
    folder.mkdir(exist_ok=True)
    path = folder / "f.yaml"
    done = ltr_here("features", "init", "--index", shop.alias, "--out", path, cwd=folder, OPENSEARCH_URL=node_url)
    assert done[0] == 0, done
    return FeatureSet.load(path)


def test_features_are_what_they_are_computed_to_be_and_a_ranker_of_them_scores_alike(any_shop, node_url, tmp_path):
    shop = any_shop
    features = init_features(shop, node_url, tmp_path / "set")
    assert set(NAMES) <= set(features.feature_names)
    index = Index.open(shop.cluster, shop.alias)
    text = "handle leaks"
    query_vectors = QueryEncoder(index.profile).encode(text)
    shared = shop.vectors[0].fingerprint == shop.vectors[1].fingerprint
    assert query_vectors.keys() == ({"text_vector"} if shared else {"text_vector", "review_text_vector"})
    push_features(index, features)
    params = search_parameters(text, query_vectors)
    (hits,) = fetch_features(index, features, [QueryProducts("q", params, list("1234"))])
    values = {hit.id: {name: value for name, value in feature_values(hit).items() if name in NAMES} for hit in hits}
    query, both = vectors_of(shop, text)[0], vectors_of(shop, "Handle leaks", "sturdy")
    assert values["1"]["reviews_bm25"] > 0
    assert values["1"] | {"reviews_bm25": 0} == pytest.approx(
        {
            "reviews_bm25": 0,
            "reviews_similarity": (1 + query @ mean_direction(both)) / 2,
            "best_review_similarity": (1 + max(both @ query)) / 2,
            "review_count": math.log10(3),
            "review_rating": 2.5,
        },
        abs=1e-5,
    )
    loved = (1 + query @ vectors_of(shop, "Loved")[0]) / 2
    assert values["2"]["reviews_similarity"] == pytest.approx(loved, abs=1e-5)
    assert values["2"]["best_review_similarity"] == pytest.approx(loved, abs=1e-5)
    without = {name: values["4"].get(name) or 0 for name in NAMES}
    assert without == dict.fromkeys(NAMES, 0)

    queries = [Query(id="a", text=text), Query(id="b", text="mug loved")]
    grades = Qrels({"a": {"1": 2, "2": 0, "3": 0}, "b": {"1": 0, "2": 2, "4": 1}})
    table = tmp_path / "table.parquet"
    log_features(index, features, encode(index, queries), grades, table, negatives=2)
    pushed = push(index, train_linear(FeatureTable.read(table)), encode(index, queries))
    assert pushed.parity.passed
    assert {hit.id for hit in search(index, text="mug", ranker=pushed.model)} >= {"1", "2"}


def test_an_index_gets_an_encoder_of_reviews_by_command_and_keeps_it(node_url, specs, tmp_path):
    name, cluster = f"reviews-{uuid.uuid4().hex[:8]}", connect(node_url)

    def ltr(*arguments):
        done = ltr_here(*arguments, cwd=tmp_path, OPENSEARCH_URL=node_url)
        assert done[0] == 0, done

    (tmp_path / "c.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in PRODUCTS))
    ltr("index", "create", name, "--text-encoder", "none")
    ltr("catalog", "put", "c.jsonl", "--index", name)
    ltr("index", "embed", name, "--review-encoder", specs[1])
    index = ManagedIndex.open(cluster, name)
    assert [(one.name, one.part) for one in index.vectors] == [("review_text_vector", "reviews")]
    assert index.count({"exists": {"field": "review_text_vector"}}) == 2
    assert (index.backlog(), index.count({"range": {"review_rating": {"gt": 2}}})) == (0, 3)
    kept = EncoderSelection(image="none")
    assert [one.name for one in kept.vectors(index.vectors)] == ["review_text_vector"]
    assert EncoderSelection(reviews="none").vectors(index.vectors) == ()
    assert [hit.id for hit in search(Index.open(cluster, name), text="jug")] == ["3"]
    ltr("index", "drop", name, "--all", "--yes")


def test_an_index_without_reviews_has_no_features_of_them(node_url, tmp_path):
    cluster = connect(node_url)
    index = open_or_create(cluster, f"reviews-{uuid.uuid4().hex[:8]}", (), tmp_path)
    put(index, [{"id": "1", "title": "mug"}])
    index.refresh()
    assert not [name for name in init_features(index, node_url, tmp_path).feature_names if "review" in name]
    cluster.call("DELETE", f"/{index.name}")
