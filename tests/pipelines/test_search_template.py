"""The stored search template as a boundary: a wrong parameter changes its own clause, or the cluster refuses it."""

import json
import uuid
from collections.abc import Iterator

import pytest

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.cluster.managed.documents import EmbeddingResult
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.errors import ClusterError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.queries.templates import Ranking
from ltr_plugin.rankers.export.exported_model import Export

pytestmark = pytest.mark.live

VECTOR = VectorField("image_vector", "image", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))
RAW = '1],"k":9}}}],"must":[]}},"aggs":{"leak":{"terms":{"field":"currency"}}},"x":[{"y":[1'

WRONG = {
    "braces and quotes": '2}"],{"a":"b\\',
    "a clause": RAW,
    "mustache": "{{text}}{{#toJson}}filters{{/toJson}}",
    "a number": 3,
    "a negative number": -1,
    "a large number": 1e300,
    "a list of numbers": [0.6, 0.8],
    "a longer list": [1, 2, 3],
    "an empty list": [],
    "a list of strings": [RAW, RAW],
    "a list of objects": [{"match_all": {}}, {"term": {"currency": "EUR"}}],
    "a list of lists": [[1, 2], [RAW]],
    "an object": {"match_all": {}},
    "an object with a size": {"size": 2},
    "an object with text as its size": {"size": RAW},
    **{
        f"{one} in the size of an object": value
        for name in ("text", "image_vector", "filters", "size", "from", "filter_brand", "sort_price", "facets", "pins")
        for one, value in {
            f"a raw {name}": {"size": {name: RAW}},
            f"a raw {name} with a size": {"size": {name: RAW, "size": 1}},
            f"a list of raw {name}": {"size": [{name: RAW}, {name: RAW}]},
            f"a raw {name} two deep": {"size": {name: {"size": {name: RAW}}}},
        }.items()
    },
    "null": None,
    "true": True,
    "false": False,
    "empty text": "",
}
RIGHT = {
    "text": "mug",
    "image_vector": [0.6, 0.8],
    "filters": [{"term": {"currency": "EUR"}}],
    "size": 5,
    "from": 0,
    "filter_brand": ["Nordvik"],
    "filter_price_min": 2,
    "pins": ["p3", "p1"],
}
OWN = {
    "text": ("query", "text", "has_text"),
    "image_vector": ("should", "image_vector", "has_image_vector"),
    "filters": ("filter", "must"),
    "size": ("size",),
    "from": ("from",),
    "filter_brand": ("filter", "must"),
    "filter_price_min": ("filter",),
    "sort_price": ("sort", "rescore", "filter", "should"),
    "pins": ("should", "rescore"),
    "facets": ("aggs",),
    "highlight": ("highlight",),
}
"""The keys under which each parameter may change the search."""


@pytest.fixture(scope="module")
def template(node_url, tmp_path_factory) -> Iterator[tuple[Cluster, str, str]]:
    """A promoted ranker of words and photos, called by the name of its index."""
    cluster = connect(node_url, retry_timeout_s=0)
    alias = f"boundary-{uuid.uuid4().hex[:8]}"
    index = open_or_create(cluster, alias, [VECTOR], tmp_path_factory.mktemp("media"))
    products = [
        Product(id=f"p{n}", title=f"mug {n}", brand="Nordvik", price=5, currency="EUR", images=(f"{n}.jpg",))
        for n in range(5)
    ]
    assert not [error for _, error in index.put(products) if error]
    hashes = {one.product.id: one.content_hash["image"] for one in index.fetch([p.id for p in products])}
    vectors = (EmbeddingResult(id_, VECTOR, hashes[id_], [n / 5, 1.0]) for n, id_ in enumerate(hashes))
    assert not [error for _, error in index.write_vectors(vectors) if error]
    index.refresh()
    features = FeatureSet.model_validate(
        {
            "name": f"t{uuid.uuid4().hex[:8]}",
            "version": 1,
            "features": [
                {"name": "typed", "kind": "query_flag", "modality": "query", "parameter": "text"},
                {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
                {
                    "name": "photo",
                    "kind": "similarity",
                    "modality": "image",
                    "field": VECTOR.name,
                    "query_vector": VECTOR.name,
                },
            ],
        }
    )
    push_features(index, features)
    export = Export.of_sum(dict.fromkeys(features.feature_names, 1.0), prefix="test")
    store = FeatureStore(cluster)
    store.put_model(alias, export.with_derived_features(features), export.model())
    promote(index, Ranking(alias, model=alias), alias)
    yield cluster, index.name, alias
    store.delete_model(alias)
    cluster.call("DELETE", f"/{index.name}")
    cluster.call("DELETE", f"/_scripts/{alias}")


def answer(cluster, path, body, *, refused_as=400):
    """The answer; None when the request is refused with this status, and any other refusal is a failure."""
    try:
        return cluster.call("POST", path, body)
    except ClusterError as error:
        if error.status not in (400, refused_as):
            raise
        return None


def differing(one: object, other: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from differing(one[key], other[key], (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differing(left, right, (*path, str(position)))
    elif one != other:
        yield path


def defaults(search):
    """The search with the parts that are only there on request."""
    return {"sort": None, "rescore": None, "aggs": None, "highlight": None, **search}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("parameter", OWN)
def test_a_wrong_parameter_changes_its_own_clause_or_is_refused(template, parameter, value):
    cluster, index, name = template
    whole = cluster.call("POST", "/_render/template", {"id": name, "params": RIGHT})["template_output"]
    wrong = {"id": name, "params": {**RIGHT, parameter: value}}
    # rendering alone prints a search that is no JSON as it is, which has no status
    if rendered := answer(cluster, "/_render/template", wrong, refused_as=200):
        paths = list(differing(defaults(whole), defaults(rendered["template_output"])))
        assert [path for path in paths if not set(path) & set(OWN[parameter])] == []
    if found := answer(cluster, f"/{index}/_search/template", wrong):
        assert not {"suggest", "profile"} & found.keys()
        assert parameter == "facets" or "aggregations" not in found
        assert found["_shards"]["failed"] == 0


@pytest.mark.parametrize("filters", [{"term": {"currency": "USD"}}, {}, {"filters": {"a": 1}}, "currency:USD", True, 5])
def test_filters_that_are_no_list_are_refused_by_name_and_not_left_out(template, filters):
    cluster, index, name = template
    for params in ({"text": "mug"}, {"image_vector": [0.6, 0.8]}):
        body = {"id": name, "params": {**params, "filters": filters}}
        with pytest.raises(ClusterError, match="filters_must_be_a_list_of_query_clauses") as refused:
            cluster.call("POST", f"/{index}/_search/template", body)
        assert refused.value.status == 400


@pytest.mark.parametrize("filters", [None, "", [], False])
def test_filters_without_a_value_restrict_nothing(template, filters):
    cluster, index, name = template
    body = {"id": name, "params": {"text": "mug", "filters": filters}}
    assert cluster.call("POST", f"/{index}/_search/template", body)["hits"]["total"]["value"] == 5


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_pins_of_any_form_leave_the_ranker_and_its_query_as_they_are(template, value):
    cluster, _, name = template

    def rendered(**params):
        call = {"id": name, "params": {**RIGHT, **params}}
        return (answer(cluster, "/_render/template", call, refused_as=200) or {}).get("template_output")

    without, search = rendered(pins=[]), rendered(pins=value)
    if search is None:
        return
    pinned, *others = search["query"]["bool"]["should"]
    if "constant_score" not in pinned:
        others = [pinned, *others]
    else:
        assert list(pinned["constant_score"]["filter"]["terms"]) == ["id"]
    assert others == without["query"]["bool"]["should"][-len(others) :]
    assert search["rescore"][0] == without["rescore"][0]
    assert len(search["rescore"]) <= 2


def test_every_parameter_may_be_absent(template):
    cluster, index, name = template
    for params in ({}, {"text": "mug"}, {"image_vector": [0.6, 0.8]}, {"filters": []}):
        hits = cluster.call("POST", f"/{index}/_search/template", {"id": name, "params": params})["hits"]["hits"]
        assert len(hits) == 5  # without words and vectors it is browsing


def test_a_parameter_counts_by_its_presence(template):
    cluster, index, name = template

    def scores(**params):
        body = {"id": name, "params": params}
        hits = cluster.call("POST", f"/{index}/_search/template", body)["hits"]["hits"]
        return {hit["_id"]: hit["_score"] for hit in hits}

    typed, pictured = scores(text="mug"), scores(image_vector=[0.6, 0.8])
    both = scores(text="mug", image_vector=[0.6, 0.8])
    assert typed.keys() == pictured.keys() == both.keys()
    for id_, score in both.items():
        assert score == pytest.approx(typed[id_] + pictured[id_] - 1, rel=1e-6)
    assert json.loads(json.dumps(both)) == scores(text="mug", image_vector=[0.6, 0.8], has_text=False)
