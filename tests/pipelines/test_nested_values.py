"""Variants, and values per store: filtered, counted, sorted and ranked by, on one shard and on three."""

import uuid

import pytest
from engine_forms import index_body_for

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster import search as cluster_search
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.compatibility import check_fields
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.features.starting.fields import IndexFields
from ltr_plugin.features.starting.numbers import number_features
from ltr_plugin.pipelines.encode_queries import encode_one
from ltr_plugin.pipelines.search import search
from ltr_plugin.profile.check import profile_problems
from ltr_plugin.profile.index_fields import index_fields
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.rule_rescoring import with_rules
from ltr_plugin.queries.rules import Rule
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template
from ltr_plugin.rankers.export.exported_model import Export

pytestmark = pytest.mark.live

MAPPING = {
    "sku": {"type": "keyword"},
    "name": {"type": "text"},
    "variants": {
        "type": "nested",
        "properties": {
            "size": {"type": "keyword"},
            "colour": {"type": "keyword"},
            "cost": {"type": "double"},
            "note": {"type": "text"},
        },
    },
    "stores": {
        "type": "nested",
        "properties": {
            "store": {"type": "keyword"},
            "stock": {"type": "integer"},
            "price": {"type": "double"},
            "since": {"type": "date"},
        },
    },
    "vec": {
        "type": "knn_vector",
        "dimension": 2,
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    },
}
PROFILE = IndexProfile.model_validate(
    {
        "product": {"id": "sku", "title": "name"},
        "text_fields": ["name"],
        "returned_fields": ["name"],
        "vectors": [VectorField("vec", "image", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))],
        "nested": [{"path": "variants"}, {"path": "stores", "key": "store"}],
        "filters": [
            {"name": "size", "field": "variants.size", "type": "keyword", "facet": {"terms": 10}},
            {"name": "colour", "field": "variants.colour", "type": "keyword", "facet": {"terms": 10}},
            {"name": "cost", "field": "variants.cost", "type": "number"},
            {"name": "stock", "field": "stores.stock", "type": "number", "facet": {"ranges": [1]}},
            {"name": "price", "field": "stores.price", "type": "number"},
            {"name": "since", "field": "stores.since", "type": "date", "facet": {"histogram": "year"}},
        ],
    }
)


def variant(size, colour, cost, note="plain"):
    return {"size": size, "colour": colour, "cost": cost, "note": note}


def store(name, stock, price, since="2026-01-01"):
    return {"store": name, "stock": stock, "price": price, "since": since}


PRODUCTS = {
    "1": {
        "variants": [variant("M", "red", 10), variant("L", "blue", 12, "striped")],
        "stores": [store("berlin", 3, 10), store("hamburg", 0, 9, "2024-05-01")],
    },
    "2": {"variants": [variant("M", "blue", 8), variant("L", "red", 20)], "stores": [store("berlin", 0, 8)]},
    "3": {"variants": [variant("M", "red", 30)], "stores": [store("hamburg", 5, 28)]},
    "4": {"stores": [store("berlin", 1, 5)]},
    "5": {"variants": [variant("S", "red", 7), variant("M", "red", 25)]},
}


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def shop(request, node_url):
    """An index of a shop's own with these products."""
    cluster = connect(node_url, retry_timeout_s=0)
    name = f"nested-{uuid.uuid4().hex[:8]}"
    settings = {"index": {"knn": True, "number_of_shards": request.param}}
    body = {"settings": settings, "mappings": {"properties": MAPPING}}
    cluster.call("PUT", f"/{name}", index_body_for(cluster, body))
    for id_, one in PRODUCTS.items():
        document = {"sku": id_, "name": "mug", "vec": [1, int(id_)], **one}
        cluster.call("PUT", f"/{name}/_doc/of-{id_}", document)
    cluster.call("POST", f"/{name}/_refresh")
    yield Index.open(cluster, name, profile=PROFILE)
    cluster.call("DELETE", f"/{name}")


def ids(result):
    return [hit.id for hit in result]


def counts(result, name):
    return {bucket.value or (bucket.low, bucket.high): bucket.count for bucket in result.facets[name]}


@pytest.mark.parametrize(
    ("filters", "pick", "expected"),
    [
        ({"size": "M", "colour": "red"}, None, "135"),  # 2 has a red variant and one in M, not one that is both
        ({"colour": "blue", "cost": (9, None)}, None, "1"),
        ({"stock": (1, None)}, None, "134"),
        ({"stock": (1, None)}, "berlin", "14"),
        ({"stock": (1, None), "price": (None, 9)}, None, "4"),  # 1 costs 9 in Hamburg, where it is sold out
        ({"stock": (1, None), "size": "M"}, "hamburg", "3"),
        ({"since": ("2024-01-01", "2024-12-31")}, "hamburg", "1"),
        ({"since": ("2024-01-01", "2024-12-31")}, "berlin", ""),
        ({"stock": (0, None)}, 'a "quoted" \\ {store}', ""),
        ({}, "berlin", "12345"),  # what is picked filters nothing by itself
    ],
)
def test_filters_hold_for_one_object_of_a_product(shop, filters, pick, expected):
    found = search(shop, filters=filters, pick=pick and {"store": pick})
    assert sorted(ids(found)) == sorted(expected)


def test_a_hit_shows_the_objects_that_pass_the_filters(shop):
    found = search(
        shop, "mug", filters={"colour": "red", "size": ["M", "L"], "stock": (0, None)}, pick={"store": "berlin"}
    )
    shown = {hit.id: hit.matches for hit in found}
    assert shown == {
        "1": {"variants": [variant("M", "red", 10)], "stores": [store("berlin", 3, 10)]},
        "2": {"variants": [variant("L", "red", 20)], "stores": [store("berlin", 0, 8)]},
    }
    assert not any(hit.matches for hit in search(shop, "mug"))


def test_k_nn_looks_among_products_with_such_an_object(shop):
    template = {"source": search_template(shop.retrieval(), BASELINES["vectors"])}
    params = {"vec": [1, 1], "filter_size": ["M"], "filter_colour": ["red"]}
    assert ids(cluster_search.search(shop, template, params)) == ["1", "3", "5"]


def test_facets_count_products_by_the_objects_that_pass_the_other_filters(shop):
    every = search(shop, facets=True)
    assert counts(every, "size") == {"M": 4, "L": 2, "S": 1}
    assert counts(every, "colour") == {"red": 4, "blue": 2}  # both variants of 5 are red
    assert counts(every, "stock") == {(None, 1): 2, (1, None): 3}
    assert counts(every, "since") == {("2024-01-01", "2025-01-01"): 1, ("2026-01-01", "2027-01-01"): 4}
    blue = search(shop, facets=True, filters={"colour": "blue"})
    assert counts(blue, "size") == {"L": 1, "M": 1}
    assert counts(blue, "colour") == {"red": 4, "blue": 2}
    both = search(shop, "mug", facets=True, filters={"colour": "red", "size": "M", "stock": (1, None)})
    assert counts(both, "colour") == {"red": 2}  # in M and in stock somewhere
    assert counts(both, "size") == {"M": 2}
    assert counts(both, "stock") == {(None, 1): 1, (1, None): 2}
    berlin = search(shop, facets=True, filters={"stock": (None, 0)}, pick={"store": "berlin"})
    assert counts(berlin, "stock") == {(None, 1): 1, (1, None): 2}
    assert counts(berlin, "since") == {("2026-01-01", "2027-01-01"): 1}


@pytest.mark.parametrize(
    ("sort", "filters", "pick", "expected"),
    [
        ("price", {}, None, "42135"),
        ("price:desc", {}, None, "31245"),
        ("price", {}, "berlin", "42135"),
        ("price:desc", {}, "hamburg", "31245"),
        ("price", {"stock": (1, None)}, None, "413"),  # 1 costs 10 where it is in stock
        ("cost", {"colour": "red"}, None, "5123"),
        ("cost:desc", {"colour": "red"}, None, "3521"),
        ("since", {}, None, "12345"),
    ],
)
def test_the_order_is_that_of_the_objects_that_pass_the_filters(shop, sort, filters, pick, expected):
    assert ids(search(shop, sort=sort, filters=filters, pick=pick and {"store": pick})) == list(expected)


def test_mistaken_parameters_are_refused_by_name(shop):
    template = {"source": search_template(shop.retrieval(), BASELINES["bm25"])}
    for params, reason in (
        ({"store": ["berlin"]}, "store_must_be_text"),
        ({"filter_store": ["berlin"]}, "filter_store_is_no_parameter"),
        ({"pick": {"store": "berlin"}}, "pick_is_no_parameter"),
    ):
        with pytest.raises(ClusterError, match=reason):
            cluster_search.search(shop, template, {"text": "mug", **params})
    for pick, reason in (({"shop": "berlin"}, "it has store"), ({"store": ""}, "no text")):
        with pytest.raises(InputError, match=reason):
            search(shop, "mug", pick=pick)


def test_a_rule_is_about_one_object_too_of_the_store_that_is_picked(shop):
    rules = [
        Rule.model_validate({"name": "l", "boost": 50, "where": {"size": "L", "colour": "red"}}),
        Rule.model_validate({"name": "s", "boost": 10, "where": {"stock": {"min": 1}}}),
    ]
    text = with_rules(search_template(shop.retrieval(), BASELINES["bm25"], rules=True), rules, PROFILE, shop.mapping)
    anywhere = ids(cluster_search.search(shop, {"source": text}, {"text": "mug"}))
    assert (anywhere[0], set(anywhere[1:4])) == ("2", set("134"))
    hamburg = ids(cluster_search.search(shop, {"source": text}, {"text": "mug", "store": "hamburg"}))
    assert hamburg[:2] == ["2", "3"]


def test_what_the_picked_store_has_in_stock_comes_first(shop):
    product = PROFILE.product.model_copy(update={"stock": "stores.stock"})
    profile = PROFILE.model_copy(update={"product": product})
    assert not profile_problems(profile, index_fields(shop.mapping))
    rule = Rule.model_validate({"name": "stock", "in_stock_first": True})
    text = with_rules(search_template(Retrieval(profile), BASELINES["bm25"], rules=True), [rule], profile, shop.mapping)
    for params, in_stock in (
        ({}, "134"),
        ({"store": "berlin"}, "14"),
        ({"store": "hamburg"}, "3"),
        ({"store": "x"}, ""),
    ):
        found = ids(cluster_search.search(shop, {"source": text}, {"text": "mug", **params}))
        assert set(found[: len(in_stock)]) == set(in_stock)
        assert len(found) == len(PRODUCTS)
    undeclared = profile.model_copy(update={"nested": (), "filters": ()})
    ((problem,),) = [profile_problems(undeclared, index_fields(shop.mapping))]
    assert (problem.location, "declare that: `nested: [{path: stores}]`" in problem.message) == (
        "$.product.stock",
        True,
    )
    assert "stock" not in {one["name"] for one in number_features(IndexFields(profile, shop.mapping))}


FEATURES = [
    {"name": "price", "field": "stores.price", "pick": "store"},
    {"name": "most", "field": "stores.price", "pick": "store", "score_mode": "max"},
    {"name": "mean", "field": "stores.price", "score_mode": "avg"},
    {"name": "since", "kind": "recency", "field": "stores.since", "pick": "store", "origin": "2026-01-01"},
    {"name": "note", "kind": "match", "modality": "text", "field": "variants.note", "nested": "variants"},
]


def feature_set(*features):
    common = {"kind": "field_value", "modality": "behaviour", "nested": "stores"}
    value = {"name": f"t{uuid.uuid4().hex[:8]}", "version": 1, "features": [common | one for one in features]}
    return FeatureSet.model_validate(value)


def test_features_read_the_object_that_is_picked_and_are_ranked_by_as_they_are_logged(shop):
    features = feature_set(*FEATURES)
    check_fields(features, shop.mapping, shop.vectors)
    push_features(shop, features)
    export = Export.of_sum({"price": 1.0}, prefix="test")
    store_, name = FeatureStore(shop.cluster), features.name
    store_.put_model(name, export.with_derived_features(features), export.model())
    try:
        logged = {}
        for pick in (None, "berlin", "nowhere"):
            query = Query(id="q", text="mug", pick={"store": pick} if pick else {})
            params = search_parameters("mug", {}) | query.pick
            (hits,) = fetch_features(shop, features, [QueryProducts("q", params, list(PRODUCTS))], model=name)
            logged[pick] = {hit.id: dict(feature_values(hit)) for hit in hits}
            ranked = search(
                shop, "mug", ranker=Ranking(name, knn=False, model=name), pick=query.pick, log_features=True
            )
            values = {hit.id: hit.features["features"] for hit in ranked}
            assert {id_: values[id_]["price"] for id_ in values} == {
                id_: one["price"] or 0 for id_, one in logged[pick].items()
            }
            prices = [values[hit.id]["price"] for hit in ranked]
            assert prices == sorted(prices, reverse=True)
    finally:
        store_.delete_model(name)
    assert [logged[None][id_]["price"] for id_ in "12345"] == [9, 8, 28, 5, None]
    assert [logged[None][id_]["most"] for id_ in "12345"] == [10, 8, 28, 5, None]
    assert [logged["berlin"][id_]["price"] for id_ in "12345"] == [10, 8, None, 5, None]
    assert [logged["berlin"][id_]["mean"] for id_ in "12345"] == [9.5, 8, 28, 5, None]  # picks nothing
    assert {one["price"] for one in logged["nowhere"].values()} == {None}
    assert [logged[None][id_]["since"] for id_ in "1235"] == [1, 1, 1, None]
    assert not any(one["note"] for one in logged[None].values())
    (hits,) = fetch_features(shop, features, [QueryProducts("q", search_parameters("striped", {}), list(PRODUCTS))])
    assert [hit.id for hit in hits if feature_values(hit)["note"]] == ["1"]


def test_a_feature_says_which_nested_field_it_reads(shop):
    features = FeatureSet.model_validate(
        {
            "name": "wrong",
            "version": 1,
            "features": [
                {"name": "a", "kind": "field_value", "modality": "behaviour", "field": "stores.price"},
                {"name": "b", "kind": "field_value", "modality": "behaviour", "field": "stores.price",
                 "nested": "stores", "pick": "stock"},
                {"name": "c", "kind": "phrase", "modality": "text", "field": "variants.note"},
            ],
        }
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        check_fields(features, shop.mapping, shop.vectors, pick_keys=("shop",))
    assert [one.message for one in refused.value.problems] == [
        "a: 'stores.price' is inside of the nested 'stores'; add `nested: stores`",
        "b: 'stores' has no keyword 'stock' to pick by; correct `pick`, or leave it out",
        "c: 'variants.note' is inside of the nested 'variants', which a phrase does not reach",
        "b: searches have no parameter 'stock'; state it in the profile: `nested: [{path: stores, key: stock}]`",
    ]


def test_a_query_picks_by_a_key_that_the_profile_has(shop):
    wordless = Index.open(shop.cluster, shop.alias, profile=PROFILE.model_copy(update={"vectors": ()}))
    assert encode_one(wordless, Query(id="q", text="mug", pick={"store": "berlin"})).params["store"] == "berlin"
    with pytest.raises(InputError, match="it has store"):
        encode_one(wordless, Query(id="q", text="mug", pick={"shop": "berlin"}))


def test_nested_fields_of_a_profile_are_checked(shop):
    fields = index_fields(shop.mapping)
    assert not profile_problems(PROFILE, fields)
    wrong = {"nested": [{"path": "name"}, {"path": "stores", "key": "stock"}, {"path": "shops"}]}
    stated = IndexProfile.model_validate(PROFILE.model_dump() | wrong)
    problems = {one.location: one.message for one in profile_problems(stated, fields)}
    assert problems == {
        "$.nested[0].path": "'name' is of type text, not nested; name stores or variants",
        "$.nested[1].key": "'stores.stock' is of type integer, not a keyword; name store, or leave it out",
        "$.nested[2].path": "'shops' is no field of the index; name stores or variants",
        **{
            f"$.filters[{position}].field": f"'variants.{name}' is inside of the nested 'variants'; declare that: "
            "`nested: [{path: variants}]`"
            for position, name in enumerate(("size", "colour", "cost"))
        },
    }
