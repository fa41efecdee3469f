"""Modalities that are missing, on a live cluster: as if the index had been made without them."""

import uuid
from dataclasses import replace

import numpy as np
import pytest

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.measures import per_query
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.features.table import FeatureTable, Provenance
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines import ablate as ablating
from ltr_plugin.pipelines.ablate import ablate, train_blind_baselines
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.pipelines.evaluate import run_ranking
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.masking import MaskedRetrieval
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.ranker import model_name
from ltr_plugin.rankers.training.folds import shuffled

pytestmark = pytest.mark.live

SPACE = Fingerprint("open_clip", "x", "", 6, "", "w")
IMAGE = VectorField("image_vector", "image", "open_clip:x", SPACE)
WORDS = VectorField("image_text_vector", "text", "open_clip:x", SPACE)
GOODS = ("mug", "lamp", "shoe", "chair", "scarf", "clock")
FEATURES = [
    {"name": "has_photo", "kind": "query_flag", "modality": "query", "parameter": "image_vector"},
    {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
    *(
        {"name": name, "kind": "similarity", "modality": "image", "query_vector": query, "field": field}
        for name, query, field in (
            ("photo_photo", "image_vector", "image_vector"),
            ("photo_words", "image_vector", "image_text_vector"),
            ("words_photo", "image_text_vector", "image_vector"),
            ("words_words", "image_text_vector", "image_text_vector"),
        )
    ),
    {"name": "best", "kind": "derived", "modality": "image", "expression": "title + max(photo_photo, words_photo)"},
]
PRODUCTS = [Product(id=f"p{n}", title=f"{GOODS[n % 6]} {n}", images=("photo.jpg",)) for n in range(96)]
SEED, SHARE = 3, 0.6


def unit(*numbers):
    return (np.array(numbers) / np.linalg.norm(numbers)).tolist()


@pytest.fixture(scope="module")
def vectors():
    """By product and by query what its photo and its words are: near the corner of its kind of goods."""
    rng = np.random.default_rng(8)
    corners = np.eye(6)
    products = {
        one.id: {field.name: unit(*corners[n % 6] + rng.normal(0, 0.4, 6)) for field in (IMAGE, WORDS)}
        for n, one in enumerate(PRODUCTS)
    }
    queries = {
        f"{mode}-{n}": {
            **({IMAGE.name: unit(*corners[n % 6] + rng.normal(0, 0.4, 6))} if mode != "typed" else {}),
            **({WORDS.name: unit(*corners[n % 6] + rng.normal(0, 0.4, 6))} if mode != "photo" else {}),
        }
        for mode in ("typed", "photo", "mixed")
        for n in range(6)
    }
    return products, queries


@pytest.fixture(scope="module")
def shops(node_url, vectors, tmp_path_factory):
    """Makes indices of the shop in which these products have no photo; ends with their deletion."""
    cluster, made = connect(node_url), []

    def make(photoless=()):
        index = open_or_create(
            cluster, f"ablate-{uuid.uuid4().hex[:8]}", (IMAGE, WORDS), tmp_path_factory.mktemp("media")
        )
        made.append(index.name)
        products = [one.model_copy(update={"images": ()}) if one.id in photoless else one for one in PRODUCTS]
        assert [error for _, error in index.put(products) if error] == []
        stored = {one.product.id: one.content_hash for one in index.fetch([one.id for one in products])}
        results = [
            EmbeddingResult(id_, field, content_hash[field.source], vectors[0][id_][field.name])
            for id_, content_hash in stored.items()
            for field in (IMAGE, WORDS)
            if field.source in content_hash
        ]
        assert [error for _, error in index.write_vectors(results) if error] == []
        index.refresh()
        return index

    yield make
    for name in made:
        cluster.call("DELETE", f"/{name}")


@pytest.fixture(scope="module")
def shop(shops):
    return shops()


@pytest.fixture(scope="module")
def encoded(vectors):
    def one(id_, known):
        mode, number = id_.split("-")
        text = None if mode == "photo" else GOODS[int(number)]
        query = Query(id=id_, text=text, image=None if mode == "typed" else "photo.jpg")
        return EncodedQuery(query, search_parameters(text, known))

    return [one(id_, known) for id_, known in vectors[1].items()]


@pytest.fixture(scope="module")
def qrels(encoded):
    """Half of the products of the kind asked for are good, so that there is something to order."""
    good = {good: {f"p{n}": 1 + n % 2 for n in range(good, 96, 6) if n % 5 < 3} for good in range(6)}
    return Qrels({one.query.id: good[int(one.query.id[-1])] for one in encoded})


@pytest.fixture(scope="module")
def table():
    """Rows whose grade is in all that the features say."""
    rng = np.random.default_rng(1)
    name = f"ablate{uuid.uuid4().hex[:8]}"
    features = FeatureSet.model_validate({"name": name, "version": 1, "features": FEATURES})
    grades = rng.integers(0, 3, 300)
    values = (rng.normal(0, 0.3, (300, 7)) + 0.4 * grades[:, None]).astype(np.float32)
    queries = np.repeat(np.array([f"q{n}" for n in range(30)], dtype=object), 10)
    products = np.array([f"p{n}" for n in range(300)], dtype=object)
    facts = (features.model_dump(mode="json"), features.id, features.digest, "shop", {}, "3.6.0", "", "", 0, 7, "")
    return FeatureTable(
        queries, products, grades.astype(np.float32), values, features.feature_names, Provenance(*facts)
    )


@pytest.fixture(scope="module")
def ranker(shop, encoded, table):
    ranker = train_linear(table)
    assert push(shop, ranker, encoded).parity.passed
    return ranker


@pytest.fixture(scope="module")
def matrix(shop, encoded, qrels, ranker, table):
    blind_baselines = train_blind_baselines(table, {"linear": ranker})
    return ablate(
        shop,
        encoded,
        qrels,
        {"linear": ranker},
        blind_baselines=blind_baselines,
        removed_fractions=(0.2, SHARE),
        seed=SEED,
    )


def test_a_ranker_that_learned_from_another_has_rivals_too(table, ranker):
    taught = train_lambdamart(table, LambdaMARTSettings(num_trees=10), teacher=ranker)
    blind_baselines = train_blind_baselines(table, {"taught": taught})
    assert blind_baselines["image"]["taught"].kind == "lambdamart"


def in_cluster(index, encoded, qrels, ranker):
    ranked = run_ranking(index, encoded, qrels, Ranking("linear", model=model_name(ranker))).full
    return per_query(ranked, qrels)[:, 0].mean()


def cell(matrix, name):
    (row,) = (row for row in matrix.rows if str(row.removal) == name)
    return row, row.cells["linear"]


def test_every_modality_is_removed_from_queries_that_can_spare_it_and_from_products(matrix):
    assert [(str(row.removal), row.queries) for row in matrix.rows] == [
        ("queries without their text", 6),
        ("queries without their image", 6),
        *((f"{fraction}% of products without {name}", 18) for name in ("text", "image") for fraction in (20, 60)),
    ]


def test_with_nothing_removed_it_is_what_the_cluster_ranks(matrix, shop, encoded, qrels, ranker):
    _, measured = cell(matrix, "20% of products without image")
    assert measured.mean_before == pytest.approx(in_cluster(shop, encoded, qrels, ranker))


def test_products_without_photos_rank_as_in_an_index_without_those_photos(matrix, shops, encoded, qrels, ranker):
    photoless = shuffled([one.id for one in PRODUCTS], SEED)[: round(SHARE * len(PRODUCTS))]
    truth = in_cluster(shops(photoless), encoded, qrels, ranker)
    _, measured = cell(matrix, "60% of products without image")
    assert measured.mean == pytest.approx(truth)
    assert measured.mean < measured.mean_before


def test_queries_without_photos_rank_as_typed_ones(matrix, shop, encoded, qrels, ranker):
    mixed = [one for one in encoded if one.query.id.startswith("mixed")]
    without = [{name: value for name, value in one.params.items() if name != "image_vector"} for one in mixed]
    typed = [EncodedQuery(one.query, params) for one, params in zip(mixed, without, strict=True)]
    known = Qrels({one.query.id: qrels.for_query(one.query.id) for one in mixed})
    _, measured = cell(matrix, "queries without their image")
    assert measured.mean == pytest.approx(in_cluster(shop, typed, known, ranker))
    assert measured.mean_before == pytest.approx(in_cluster(shop, mixed, known, ranker))


def test_a_ranker_trained_without_a_modality_is_there_to_beat(matrix):
    for row in matrix.rows:
        assert row.blind_baseline == "linear"
        difference, low, high = row.cells["linear"].difference_from_blind
        assert low <= difference <= high
        assert difference == pytest.approx(row.cells["linear"].mean - row.blind_baseline_mean)


def test_what_is_found_by_nothing_else_is_gone_and_the_next_ones_move_up(shop, encoded):
    removed_ids = [f"p{n}" for n in range(0, 96, 2)]
    photos = [one for one in encoded if one.query.id.startswith("photo")]
    plain = Retrieval(shop.profile.model_copy(update={"vectors": (IMAGE,)}), window=10)
    assert plain.knn_pairs == (("image_vector", "image_vector"),)
    candidate_ids = ablating._candidate_ids(
        shop, photos, MaskedRetrieval.from_retrieval(plain, ["image_vector"], match_text=True), removed_ids
    )
    assert [len(ids) for ids in candidate_ids] == [10] * 6
    assert not {id_ for ids in candidate_ids for id_ in ids} & set(removed_ids)


def test_what_cannot_be_ablated_is_said(shop, encoded, ranker, table, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="judge none"):
        ablate(shop, encoded, Qrels({"other": {"p1": 1}}), {"linear": ranker})
    with pytest.raises(InputError, match="no folder of a trained ranker"):
        ablating.load_pushed_rankers(shop, ["nowhere"])
    unknown = train_linear(table.subset(np.arange(150)))
    unknown.save(tmp_path / "unknown")
    with pytest.raises(InputError, match="ltr ranker push"):
        ablating.load_pushed_rankers(shop, [str(tmp_path / "unknown")])
    with pytest.raises(InputError, match="not for the features of linear"):
        train_blind_baselines(
            replace(table, provenance=replace(table.provenance, feature_set_digest="other")), {"linear": ranker}
        )
    monkeypatch.setattr(ablating, "MAX_REMOVED_IDS", 80)
    with pytest.raises(InputError, match="96 products are too many"):
        ablate(shop, encoded, Qrels({encoded[0].query.id: {"p1": 1}}), {"linear": ranker})
