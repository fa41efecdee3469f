"""What a result page shows, of a ranked search on one shard and on three: against counts and orders worked out here."""

import random
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from engine_forms import index_body_for

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cli.page_options import read_filters
from ltr_plugin.cluster import groups
from ltr_plugin.cluster import search as cluster_search
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.facets import Bucket, read_facets
from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.pipelines.search import search
from ltr_plugin.profile.filter_fields import Facet, FilterField
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields
from ltr_plugin.queries.templates import Ranking, search_template
from ltr_plugin.rankers.export.exported_model import Export

pytestmark = pytest.mark.live

WINDOW = 400
MAPPING = {
    "sku": {"type": "keyword"},
    "name": {"type": "text"},
    "brand": {"type": "keyword"},
    "colours": {"type": "keyword"},
    "price": {"properties": {"gross": {"type": "double"}}},
    "sold": {"type": "integer"},
    "fresh": {"type": "boolean"},
    "created": {"type": "date"},
    "family": {"type": "keyword"},
    "vec": {
        "type": "knn_vector",
        "dimension": 2,
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    },
}
PROFILE = IndexProfile.model_validate(
    {
        "product": {"id": "sku", "title": "name", "price": "price.gross", "released": "created"},
        "text_fields": ["name"],
        "returned_fields": ["name", "brand", "price.gross", "sold"],
        "first_pass": {"window": WINDOW},
        "vectors": [VectorField("vec", "image", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))],
        "filters": [
            {"name": "brand", "field": "brand", "type": "keyword", "facet": {"terms": 10}},
            {"name": "colour", "field": "colours", "type": "keyword", "facet": {"terms": 10}},
            {"name": "price", "field": "price.gross", "type": "number", "facet": {"ranges": [20, 50]}},
            {"name": "sold", "field": "sold", "type": "number", "facet": {"histogram": 100}},
            {"name": "fresh", "field": "fresh", "type": "boolean", "facet": {"terms": 2}},
            {"name": "created", "field": "created", "type": "date", "facet": {"histogram": "year"}},
        ],
    }
)


def documents():
    rng = random.Random(3)
    sold = rng.sample(range(1000), 300)
    return {
        f"d{number:03d}": {
            "name": f"{'red' if number % 3 else 'blue'} {'mug' if number % 4 else 'pot <b>'}",
            "brand": ("Nordvik", "de Vries", "ÅSA")[number % 3 if number % 7 else 0],
            "colours": rng.sample(["Red", "red", "green", "night blue"], rng.randint(1, 3)),
            "price": {"gross": rng.choice([5.0, 19.99, 20.0, 49.5, 50.0, 80.0])},
            "sold": sold[number],
            "fresh": number % 5 == 0,
            "created": f"{2023 + number % 3}-0{1 + number % 9}-15",
            "family": f"f{number // 4}",
            "vec": [rng.gauss(0, 1), rng.gauss(0, 1)],
        }
        for number in range(300)
    }


DOCUMENTS = documents()


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def shop(request, node_url):
    """An index of a shop's own, and a ranking by a model that puts what sells best first."""
    cluster = connect(node_url, retry_timeout_s=0)
    name = f"page-{uuid.uuid4().hex[:8]}"
    settings = {"index": {"knn": True, "number_of_shards": request.param, "max_rescore_window": WINDOW}}
    body = {"settings": settings, "mappings": {"properties": MAPPING}}
    cluster.call("PUT", f"/{name}", index_body_for(cluster, body))
    for id_, one in DOCUMENTS.items():
        cluster.call("PUT", f"/{name}/_doc/of-{id_}", {"sku": id_, **one})
    cluster.call("POST", f"/{name}/_refresh")
    index = Index.open(cluster, name, profile=PROFILE)
    features = FeatureSet.model_validate(
        {
            "name": f"t{uuid.uuid4().hex[:8]}",
            "version": 1,
            "features": [{"name": "sold", "kind": "field_value", "modality": "behaviour", "field": "sold"}],
        }
    )
    push_features(index, features)
    export = Export.of_sum({"sold": 1.0}, prefix="test")
    store = FeatureStore(cluster)
    store.put_model(name, export.with_derived_features(features), export.model())
    yield index, Ranking(name, model=name)
    store.delete_model(name)
    cluster.call("DELETE", f"/{name}")


def words(text):
    return lambda one: bool(set(text.split()) & set(one["name"].split()))


def price_range(price):
    return (None, 20.0) if price < 20 else (20.0, 50.0) if price < 50 else (50.0, None)


FILTERS = {
    "brand": (["de Vries"], lambda one: one["brand"] == "de Vries"),
    "colour": (["Red", "green"], lambda one: bool({"Red", "green"} & set(one["colours"]))),
    "price": ((20, 50), lambda one: 20 <= one["price"]["gross"] <= 50),
    "sold": ((None, 500), lambda one: one["sold"] <= 500),
    "fresh": (False, lambda one: not one["fresh"]),
    "created": ((date(2024, 1, 1), None), lambda one: one["created"] >= "2024"),
}
VALUES = {
    "brand": lambda one: [one["brand"]],
    "colour": lambda one: one["colours"],
    "price": lambda one: [price_range(one["price"]["gross"])],
    "sold": lambda one: [(one["sold"] // 100 * 100.0, one["sold"] // 100 * 100.0 + 100)],
    "fresh": lambda one: [one["fresh"]],
    "created": lambda one: [(f"{one['created'][:4]}-01-01", f"{int(one['created'][:4]) + 1}-01-01")],
}  # fmt: skip


def matching(*tests):
    """The documents that pass all tests, by id, what sells best first."""
    found = {id_: one for id_, one in DOCUMENTS.items() if all(test(one) for test in tests)}
    return dict(sorted(found.items(), key=lambda entry: -entry[1]["sold"]))


def counted(found, name):
    return Counter(value for one in found.values() for value in VALUES[name](one))


def shown(buckets):
    """The counts of a facet by value, or by the ends of a range; empty ranges are left out."""

    def key(one):
        if one.value is not None:
            return one.value
        return one.low, one.high

    assert all(isinstance(one, Bucket) for one in buckets)
    return {key(one): one.count for one in buckets if one.count}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("text", ["red mug", ""], ids=["words", "browsing"])
def test_a_filter_leaves_what_it_allows_in_the_order_of_the_ranker(shop, name, text):
    index, ranking = shop
    value, allows = FILTERS[name]
    result = search(index, text, ranker=ranking, filters={name: value}, size=300)
    expected = matching(allows, words(text) if text else lambda _: True)
    assert [hit.id for hit in result] == list(expected)
    assert 10 < result.total == len(expected) < 300


def test_filters_add_up_and_the_page_is_a_part_of_the_order(shop):
    index, ranking = shop
    filters = {name: value for name, (value, _) in FILTERS.items()}
    expected = list(matching(words("mug"), *(allows for _, allows in FILTERS.values())))
    assert 0 < len(expected) < 60
    assert [hit.id for hit in search(index, "mug", ranker=ranking, filters=filters, size=100)] == expected
    everything = list(matching(words("mug")))
    pages = [search(index, "mug", ranker=ranking, size=7, start=start) for start in range(0, 35, 7)]
    assert [hit.id for page in pages for hit in page] == everything[:35]


@pytest.mark.parametrize("text", ["red mug", ""], ids=["words", "browsing"])
@pytest.mark.parametrize("chosen", [(), ("brand",), ("price",), ("brand", "colour", "created")], ids="+".join)
def test_a_facet_counts_under_all_filters_but_its_own(shop, text, chosen):
    index, ranking = shop
    filters = {name: FILTERS[name][0] for name in chosen}
    result = search(index, text, ranker=ranking, filters=filters, facets=True, size=3)
    matches = words(text) if text else lambda _: True
    for name in VALUES:
        others = [FILTERS[other][1] for other in chosen if other != name]
        assert shown(result.facets[name]) == counted(matching(matches, *others), name), name
    assert result.counted == ("lexical match" if text else "all products")
    assert [hit.id for hit in result] == list(matching(matches, *(FILTERS[name][1] for name in chosen)))[:3]


def test_the_filter_of_a_bucket_finds_as_many_products_as_it_counts(shop):
    index, ranking = shop
    result = search(index, "mug", ranker=ranking, facets=True)
    for name, buckets in result.facets.items():
        for bucket in (one for one in buckets if one.count):
            found = search(index, "mug", ranker=ranking, filters={name: bucket.filter}, size=0)
            assert found.total == bucket.count, (name, bucket)


def test_browsing_goes_by_popularity_where_the_profile_has_it(shop):
    index, ranking = shop
    first_pass = PROFILE.first_pass.model_copy(update={"popularity": "price.gross", "window": 100})
    opened = Index.open(index.cluster, index.alias, profile=PROFILE.model_copy(update={"first_pass": first_pass}))
    prices = [DOCUMENTS[hit.id]["price"]["gross"] for hit in search(opened, ranker=ranking, size=300)]
    assert prices == sorted(prices, reverse=True)
    assert [hit.id for hit in search(opened, "  ", ranker=ranking)] == [
        hit.id for hit in search(opened, ranker=ranking)
    ]
    expected = list(matching(words("red mug")))
    wide = PROFILE.model_copy(update={"first_pass": first_pass.model_copy(update={"window": WINDOW})})
    opened = Index.open(index.cluster, index.alias, profile=wide)
    assert [hit.id for hit in search(opened, "red mug", ranker=ranking, size=300)] == expected


def test_with_words_and_a_vector_facets_count_the_lexical_match(shop):
    index, ranking = shop
    template = {"source": search_template(index.retrieval(), ranking)}
    params = {"text": "blue", "vec": [1, 0], "facets": True, "size": 0}
    result = cluster_search.search(index, template, params)
    assert result.total > len(matching(words("blue")))
    assert shown(result.facets["brand"]) == counted(matching(words("blue")), "brand")


@pytest.mark.parametrize("chosen", [(), ("brand",), ("fresh", "price")], ids="+".join)
def test_by_a_photo_alone_facets_count_the_nearest_neighbours(shop, chosen):
    index, ranking = shop
    k = 15
    profile = PROFILE.model_copy(update={"first_pass": PROFILE.first_pass.model_copy(update={"window": k})})
    template = {"source": search_template(replace(index, profile=profile).retrieval(), ranking)}
    sent = {
        "brand": {"filter_brand": ["de Vries"]},
        "fresh": {"filter_fresh": [False]},
        "price": {"filter_price_min": 20, "filter_price_max": 50},
    }
    params = {"vec": [1, 0], "facets": True, "size": 100}
    result = cluster_search.search(index, template, params | {k: v for one in chosen for k, v in sent[one].items()})
    filtered = neighbours(index, k, *(FILTERS[name][1] for name in chosen))
    assert {hit.id for hit in result} == filtered.keys()
    assert result.counted == "nearest neighbours"
    assert shown(result.facets["colour"]) == counted(filtered, "colour")
    if len(chosen) == 1:
        (name,) = chosen
        others = {id_: one for id_, one in neighbours(index, k).items() if not FILTERS[name][1](one)}
        assert shown(result.facets[name]) == counted(filtered | others, name)


def neighbours(index, k, *tests):
    """The k documents of each shard that pass the tests and are nearest to (1, 0)."""
    found = {}
    for shard in range(len(index.cluster.call("GET", f"/{index.name}/_search_shards")["shards"])):
        body = {"size": 300, "_source": ["sku"]}
        hits = index.cluster.call("POST", f"/{index.name}/_search", body, preference=f"_shards:{shard}")["hits"]["hits"]
        here = {(id_ := hit["_source"]["sku"]): DOCUMENTS[id_] for hit in hits}
        allowed = {id_: one for id_, one in here.items() if all(test(one) for test in tests)}
        nearest = sorted(
            allowed, key=lambda id_: -allowed[id_]["vec"][0] / sum(x * x for x in allowed[id_]["vec"]) ** 0.5
        )
        found |= {id_: allowed[id_] for id_ in nearest[:k]}
    return found


FORMATS = {
    "millis": ({"format": "epoch_millis"}, lambda day: int(datetime.combine(day, time(12), UTC).timestamp() * 1000)),
    "german": ({"format": "dd.MM.yyyy"}, lambda day: day.strftime("%d.%m.%Y")),
    "plain": ({}, date.isoformat),
}


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def odd(request, node_url):
    """An index with dates of several formats, many tags, and a number of 64 bits."""
    cluster = connect(node_url, retry_timeout_s=0)
    name = f"odd-{uuid.uuid4().hex[:8]}"
    dates = {one: {"type": "date", **options} for one, (options, _) in FORMATS.items()}
    properties = {"name": {"type": "text"}, "tags": {"type": "keyword"}, "serial": {"type": "long"}, **dates}
    settings = {"index": {"number_of_shards": request.param}}
    cluster.call("PUT", f"/{name}", {"settings": settings, "mappings": {"properties": properties}})
    for number in range(60):
        day = date(2025, 12, 1) + timedelta(days=number)
        tags = [f"often-{number % 20}", *(f"once-{number}-{position}" for position in range(9))]
        written = {one: write(day) for one, (_, write) in FORMATS.items()}
        document = {"name": "mug", "tags": tags, "serial": 2**53 + number, **written}
        cluster.call("PUT", f"/{name}/_doc/{number}", document)
    cluster.call("POST", f"/{name}/_refresh")
    filters = [
        {"name": "tag", "field": "tags", "type": "keyword", "facet": {"terms": 20}},
        {"name": "serial", "field": "serial", "type": "number"},
        *({"name": one, "field": one, "type": "date", "facet": {"histogram": "month"}} for one in FORMATS),
    ]
    yield Index.open(cluster, name, profile=IndexProfile(text_fields=("name",), filters=filters))
    cluster.call("DELETE", f"/{name}")


@pytest.mark.parametrize("name", FORMATS)
def test_dates_are_filtered_and_counted_alike_whatever_format_the_field_has(odd, name):
    within = (date(2025, 12, 30), datetime(2026, 1, 2, 13, tzinfo=UTC))
    result = search(odd, "mug", filters={name: within}, facets=True)
    assert sorted(hit.id for hit in result) == ["29", "30", "31", "32"]
    assert [(one.low, one.count) for one in result.facets[name]] == [
        ("2025-12-01", 31),
        ("2026-01-01", 29),
    ]
    assert search(odd, filters={name: (result.facets[name][1].low, "2026-01-01")}).total == 1


def test_counts_are_exact_on_several_shards(odd):
    counts = {one.value: one.count for one in search(odd, facets=True).facets["tag"]}
    assert counts == {f"often-{number}": 3 for number in range(20)}


def test_a_number_whose_interval_has_no_finite_beginning_is_counted():
    steps = FilterField(name="d", field="d", type="number", facet=Facet(histogram=0.001))
    profile = IndexProfile(text_fields=("name",), filters=(steps,))
    buckets = [{"key": 1.0, "doc_count": 2}, {"key": "Infinity", "doc_count": 1}]
    counts = {"facets": {"d": {"buckets": buckets}}, "excluded_by_own_filter": {"matched": {}}}
    assert read_facets(profile, counts) == {"d": [Bucket(2, low=1.0, high=1.001), Bucket(1)]}


def test_dates_beyond_the_year_9999_are_counted():
    years = FilterField(name="d", field="d", type="date", facet=Facet(histogram="year"))
    keys = {"9999-01-01T00:00:00.000Z": 253370764800000, "+10000-01-01T00:00:00.000Z": 253402300800000}
    buckets = [{"key": key, "key_as_string": text, "doc_count": 1} for text, key in keys.items()]
    counts = {"facets": {"d": {"buckets": buckets}}, "excluded_by_own_filter": {"matched": {}}}
    found = read_facets(IndexProfile(text_fields=("name",), filters=(years,)), counts)
    assert [one.low for one in found["d"]] == list(keys)


def test_a_long_number_keeps_all_its_digits(odd):
    filters = read_filters([f"serial={2**53 + 7}..{2**53 + 7}"], odd.profile)
    assert [hit.id for hit in search(odd, filters=filters)] == ["7"]


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ({"serial": (10**400, None)}, "is no number"),
        ({"tag": float("nan")}, "nan is not text or a number"),
        ({"plain": (datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 1))}, "is above max, 2026-01-01"),
    ],
)
def test_a_value_that_no_search_can_have_is_said(odd, filters, reason):
    with pytest.raises(InputError, match=reason):
        search(odd, filters=filters)


def test_a_time_is_within_its_day(odd):
    day = date(2026, 1, 1)
    assert search(odd, filters={"millis": (datetime(2026, 1, 1, 12, tzinfo=UTC), day)}).total == 1
    assert search(odd, filters={"millis": (datetime(2026, 1, 1, 13, tzinfo=UTC), day)}).total == 0


@pytest.mark.parametrize("sort", ["price", "price:desc", "created:desc"])
@pytest.mark.parametrize("text", ["red mug", ""], ids=["words", "browsing"])
def test_a_sort_leaves_the_ranker_out_and_breaks_ties_by_first_pass_score_and_id(shop, sort, text):
    index, ranking = shop
    result = search(index, text, ranker=ranking, sort=sort, size=300)
    expected = matching(words(text) if text else lambda _: True)
    assert {hit.id for hit in result} == expected.keys()
    name, _, order = sort.partition(":")
    value = {"price": lambda one: one["price"]["gross"], "created": lambda one: int(one["created"].replace("-", ""))}
    sign = -1 if order else 1
    keys = [(sign * value[name](DOCUMENTS[hit.id]), -hit.score, hit.id) for hit in result]
    assert keys == sorted(keys)
    pages = [search(index, text, ranker=ranking, sort=sort, size=40, start=start) for start in range(0, 300, 40)]
    assert [hit.id for page in pages for hit in page] == [hit.id for hit in result]


def test_a_sort_by_documents_own_ids_reads_them_into_no_memory_and_pages_repeat_nothing(shop):
    index, ranking = shop
    profile = PROFILE.model_copy(update={"product": PROFILE.product.model_copy(update={"id": "_id"})})
    opened = Index.open(index.cluster, index.alias, profile=profile)
    pages = [search(opened, "mug", ranker=ranking, sort="price", size=30, start=start) for start in range(0, 300, 30)]
    shown_ids = [hit.id.removeprefix("of-") for page in pages for hit in page]
    assert sorted(shown_ids) == sorted(matching(words("mug")))


def test_a_sorted_search_with_words_shows_what_has_the_words_and_not_what_only_looks_alike(shop):
    index, ranking = shop
    template = {"source": search_template(index.retrieval(), ranking)}
    both = cluster_search.search(index, template, {"text": "blue", "vec": [1, 0], "sort_price": "asc", "size": 300})
    assert {hit.id for hit in both} == matching(words("blue")).keys()
    photo = cluster_search.search(index, template, {"vec": [1, 0], "sort_price": "desc", "size": 300})
    assert [DOCUMENTS[hit.id]["price"]["gross"] for hit in photo][:3] == [80.0] * 3


def test_words_are_marked_and_markup_of_a_text_is_not(shop):
    index, ranking = shop
    (hit, *_) = search(index, "pot", ranker=ranking, highlight=True)
    assert [part.replace(" ", "") for part in hit.highlight["name"]] == [
        ("red" if "red" in hit.source["name"] else "blue") + "<em>pot</em>&lt;b&gt;"
    ]
    assert not search(index, "pot", ranker=ranking)[0].highlight


@pytest.mark.parametrize("sort", [None, "price:desc"])
def test_of_each_group_the_best_variant_stands_on_the_page(shop, sort):
    index, ranking = shop
    grouped = PROFILE.model_copy(update={"product": PROFILE.product.model_copy(update={"group": "family"})})
    narrow = grouped.model_copy(update={"first_pass": PROFILE.first_pass.model_copy(update={"window": 25})})
    order = [hit.id for hit in search(index, "mug", ranker=ranking, sort=sort, size=300)]
    best = list({DOCUMENTS[id_]["family"]: id_ for id_ in reversed(order)}.values())[::-1]
    assert len(best) < len(order)
    for profile in (grouped, narrow):
        opened = Index.open(index.cluster, index.alias, profile=profile)
        if profile is narrow and not sort:
            order = [hit.id for hit in search_all(opened, ranking)]
            best = list({DOCUMENTS[id_]["family"]: id_ for id_ in reversed(order)}.values())[::-1]
        best.sort(key=order.index)
        pages = [
            search(opened, "mug", ranker=ranking, sort=sort, size=20, start=start) for start in range(0, len(best), 20)
        ]
        assert [hit.id for page in pages for hit in page] == best
        assert pages[0][0].source["family"] == DOCUMENTS[best[0]]["family"]


@pytest.mark.parametrize("window", [1, 30])
def test_variants_are_found_up_to_the_last_hit_that_pages_reach(odd, window, monkeypatch):
    monkeypatch.setattr(groups, "MAX_RESULTS", 50)
    monkeypatch.setattr(groups, "MIN_READ", 20)
    profile = odd.profile.model_copy(update={"first_pass": FirstPass(window=window)})
    grouped = profile.model_copy(update={"product": ProductFields(group="german")})
    opened = Index.open(odd.cluster, odd.alias, profile=grouped)
    assert len({hit.id for hit in search(opened, "mug", size=50)}) == 50


def search_all(index, ranking):
    template = {"source": search_template(index.retrieval(), ranking)}
    return cluster_search.search(index, template, {"text": "mug", "size": 300})


def test_what_a_page_asks_and_the_profile_lacks_is_named_with_what_there_is(shop):
    index, ranking = shop
    wrong = {"colours": ["Red"], "price": (50, 20), "created": ("soon", None), "fresh": "yes", "sold": 3, "brand": []}
    with pytest.raises(InputError) as refused:
        search(index, "mug", ranker=ranking, filters=wrong, sort="brand", size=9_999, start=2)
    message = str(refused.value)
    for part in (
        "filters.colours  the profile has no such filter; it has brand, colour, price",
        "filters.price  min, 50, is above max, 20",
        "filters.created  'soon' is no date",
        "filters.fresh  'yes' is not true or false",
        "filters.sold  3 is no range",
        "filters.brand  an empty list",
        "sort  'brand' is no number or date of the profile; it has price, sold, created",
        "outside of the first 10,000 hits",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"filter_brand": "Nordvik"}, "filter_brand_must_be_a_list_of_values"),
        ({"sort": "price"}, "sort_is_no_parameter_of_this_template"),
        ({"aggs": {"brand": {}}}, "aggs_is_no_parameter_of_this_template"),
        ({"filter_price_min": "cheap"}, "cheap"),
        ({"filter_price": [20, 50]}, "filter_price_is_no_parameter"),
        ({"filter_brand_min": "A"}, "filter_brand_min_is_no_parameter"),
        ({"sort_brand": "asc"}, "sort_brand_is_no_parameter"),
        ({"sort_price": "cheapest"}, "CHEAPEST"),
    ],
)
def test_the_template_refuses_what_a_direct_caller_sends_by_mistake(shop, params, reason):
    index, ranking = shop
    template = {"source": search_template(index.retrieval(), ranking)}
    with pytest.raises(ClusterError, match=reason) as refused:
        cluster_search.search(index, template, {"text": "mug", **params})
    assert refused.value.status == 400
