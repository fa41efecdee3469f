"""Whatever an index holds and a shopper types: no search fails, and what is served is what is logged and computed here.

The products are those of a shop's own index, with numbers of every type, several numbers in one field, and any date.
"""

import math
import uuid
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_log import QueryProducts, feature_matrix, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.cluster.search import msearch
from ltr_plugin.features.feature import MAX_VALUE
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import Derived, FieldValue
from ltr_plugin.features.lucene_expressions import evaluate_expression
from ltr_plugin.features.parameters import feature_parameters, search_parameters
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.templates import sltr

pytestmark = pytest.mark.live

PRODUCTS, QUERIES, EXAMPLES = 20, 5, 100
"""Products and queries of an example, and the examples of the long run; the short run has a tenth of them."""

FLOATS = {"double": 64, "float": 32, "half_float": 16}
INTEGERS = {"long": 63, "integer": 31, "short": 15, "byte": 7}
HOSTILE = (-1, 0, -0.0, 1, 1e16, 1e17, 3e38, 1e300, -1e300, 5e-324, 1.7e308, 1 - 2**-53)
MODIFIERS = {
    "none": lambda x: x,
    "log1p": lambda x: math.log10(1 + x),
    "ln1p": math.log1p,
    "ln2p": lambda x: math.log(2 + x),
    "sqrt": math.sqrt,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
}
EXPRESSIONS = (
    "1 / double_none", "ln(float_none)", "sqrt(-long_none)", "exp(float_ln1p * 9)",
    "double_none * long_none * float_square",
    "logn(double_none, float_none)", "0 / byte_none", "float_none - 1e300 * long_none", "acos(short_none)",
    "pow(double_none, 40) - pow(float_none, 40)", "title * 1e300 * 1e300 - 1e300 * 1e300 * title",
)  # fmt: skip


def field_value(name, field, **keys):
    return {"name": name, "kind": "field_value", "modality": "behaviour", "field": field, **keys}


def feature_set():
    types = [*FLOATS, *INTEGERS, "unsigned_long", "scaled_float", "unmapped"]
    values = [field_value(f"{type_}_{name}", type_, modifier=name) for type_ in types for name in MODIFIERS]
    values += [
        field_value(f"double_{name}_{position}", "double", modifier=name, factor=factor)
        for position, factor in enumerate((1e-12, 0.3, 1e12))
        for name in MODIFIERS
    ]
    origins = (("now/y", "365d"), ("2020-02-29||+1d/d", "999999999d"), ("0001-01-01", "1m"))
    dates = [
        {"kind": "recency", "modality": "behaviour", "field": "date", "name": f"recency_{n}", "origin": o, "scale": s}
        for n, (o, s) in enumerate(origins)
    ]
    texts = [
        {"name": "title", "kind": "match", "modality": "text", "field": "title"},
        {"name": "fuzzy", "kind": "match", "modality": "text", "field": "title.stem", "fuzziness": "AUTO"},
        {"name": "most", "kind": "match", "modality": "text", "field": "title", "minimum_should_match": "3<75%"},
        {"name": "phrase", "kind": "phrase", "modality": "text", "field": "title.stem", "slop": 50},
        *(
            {"name": kind, "kind": "multi_match", "modality": "text", "fields": ["title", "brand"], "type": kind}
            for kind in ("best_fields", "most_fields", "cross_fields")
        ),
        {"name": "has_text", "kind": "query_flag", "modality": "query", "parameter": "text"},
    ]
    derived = [
        {"name": f"derived_{n}", "kind": "derived", "modality": "text", "expression": expression}
        for n, expression in enumerate(EXPRESSIONS)
    ]
    features = [*values, *dates, *texts, *derived]
    return FeatureSet.model_validate({"name": f"values{uuid.uuid4().hex[:8]}", "version": 1, "features": features})


@dataclass(repr=False)
class Shop:
    """An index, a feature set that reads it, and the weights of a linear model of the features."""

    index: SimpleNamespace
    features: FeatureSet
    weights: np.ndarray


@pytest.fixture(scope="module")
def shop(node_url, tmp_path_factory):
    """An index of a shop's own, a feature set that reads it, and a linear model of all features."""
    cluster, features = connect(node_url), feature_set()
    body = index_body(cluster.engine, [], tmp_path_factory.mktemp("values"), shards=2)
    numbers = {type_: {"type": type_} for type_ in (*FLOATS, *INTEGERS, "unsigned_long")}
    scaled = {"scaled_float": {"type": "scaled_float", "scaling_factor": 100}, "date": {"type": "date"}}
    body["mappings"]["properties"] |= numbers | scaled
    profile = IndexProfile(text_fields=("title",))
    index = SimpleNamespace(cluster=cluster, name=f"values-{uuid.uuid4().hex[:8]}", vectors=(), profile=profile)
    index.search_type, index.url_parameters = "query_then_fetch", {}
    cluster.call("PUT", f"/{index.name}", {**body, "aliases": {write_alias(index.name): {}}})
    store = FeatureStore(cluster)
    store.put_feature_set(features, index.name)
    weights = {name: 2.0 ** -(position % 7) for position, name in enumerate(features.feature_names)}
    store.put_model(features.id, features, {"type": "model/linear", "definition": weights})
    yield Shop(index, features, np.array([*weights.values()], np.float32))
    store.delete_model(features.id)
    cluster.call("DELETE", f"/{index.name}")


def numbers(low, high, values):
    hostile = [type(low)(value) for value in HOSTILE if low <= value <= high]
    one = st.one_of(st.sampled_from(hostile), values)
    return st.one_of(one, st.lists(one, min_size=1, max_size=3))


def floats(width):
    high = float({16: 65504, 32: np.finfo(np.float32).max, 64: np.finfo(np.float64).max}[width])
    rounded = {16: np.float16, 32: np.float32, 64: np.float64}[width]
    values = st.floats(-high, high, width=width, allow_nan=False)
    return numbers(-high, high, values).map(
        lambda value: [float(rounded(one)) for one in value] if isinstance(value, list) else float(rounded(value))
    )


FIELDS = {
    **{type_: floats(width) for type_, width in FLOATS.items()},
    **{
        type_: numbers(-(2**bits), 2**bits - 1, st.integers(-(2**bits), 2**bits - 1))
        for type_, bits in INTEGERS.items()
    },
    "unsigned_long": numbers(0, 2**64 - 1, st.integers(0, 2**64 - 1)),
    "scaled_float": st.integers(-(10**12), 10**12).map(lambda hundredths: hundredths / 100),
    "date": st.one_of(
        st.datetimes().map(lambda date: f"{date:%Y-%m-%dT%H:%M:%S}".rjust(19, "0")), st.integers(0, 2**62)
    ),
    "title": st.text(max_size=60),
    "brand": st.text(max_size=9),
}
TEXTS = st.one_of(
    st.text(st.characters(), max_size=400),
    st.text(st.sampled_from("红 a-.\"\\{}'\0\ud800👟٣กé"), max_size=400),
    st.lists(st.text("abcde", min_size=1, max_size=5), max_size=200).map(" ".join),
)


def check(shop, products, texts):
    ids = [f"p{number}" for number in range(PRODUCTS)]
    documents = dict(zip(ids, products, strict=True))
    actions = [
        {"_index": write_alias(shop.index.name), "_id": id_, "id": id_, **document}
        for id_, document in documents.items()
    ]
    assert not [error for _, error in shop.index.cluster.bulk(actions) if error]
    shop.index.cluster.call("POST", f"/{shop.index.name}/_refresh")
    pairs = [QueryProducts(str(n), search_parameters(text, {}), ids) for n, text in enumerate(texts)]
    logged = fetch_features(shop.index, shop.features, pairs, model=shop.features.id)
    served = msearch(shop.index, [(one.query, as_served(shop, one)) for one in pairs])
    for hits, served_hits in zip(logged, served, strict=True):
        assert {hit.id for hit in hits} == set(ids)
        values, by_id = feature_matrix(hits, shop.features), {hit.id: hit for hit in served_hits}
        np.testing.assert_array_equal(values, feature_matrix([by_id[hit.id] for hit in hits], shop.features))
        assert np.abs(values).max() <= np.float32(MAX_VALUE)
        np.testing.assert_allclose(
            [hit.score for hit in hits], values @ shop.weights, rtol=1e-4, atol=1e-5 * np.abs(values).max()
        )
        columns = dict(zip(shop.features.feature_names, values.T, strict=True))
        for feature in shop.features.features:
            if isinstance(feature, Derived):
                expected = np.float32(evaluate_expression(feature.bounded_expression, columns))
                np.testing.assert_allclose(columns[feature.name], expected, rtol=1e-6, err_msg=feature.expression)
            if isinstance(feature, FieldValue):
                got = [feature_values(hit)[feature.name] for hit in hits]
                computed = [value_of(feature, documents[hit.id].get(feature.field)) for hit in hits]
                assert [one is None for one in got] == [one is None for one in computed], feature
                np.testing.assert_allclose(*(np.array(one, float) for one in (got, computed)), rtol=1e-6, atol=1e-37)


def as_served(shop, pairs):
    """The search that logs the features of the served set, in which products without a value have 0."""
    params = feature_parameters(pairs.params, ())
    query = {"bool": {"filter": [sltr("featureset", shop.features.id, params, _name="features")]}}
    log = {"ltr_log": {"log_specs": {"name": "features", "named_query": "features"}}}
    return {"query": query, "ext": log, "size": PRODUCTS, "_source": False}


def value_of(feature, number):
    """The value of a feature for a product's number or numbers; None for none."""
    if number is None:
        return None
    values = number if isinstance(number, list) else [number]
    lowest = 1 / MAX_VALUE if feature.modifier == "reciprocal" else 0
    highest = math.sqrt(MAX_VALUE) if feature.modifier == "square" else MAX_VALUE
    if min(values) <= lowest / feature.factor:
        return MODIFIERS[feature.modifier](lowest)
    above = max(values) > highest / feature.factor * (1 + 2**-23)  # a float field has the bound as a float32
    return MODIFIERS[feature.modifier](highest if above else feature.factor * min(values))


EXAMPLE = {
    "products": st.lists(st.fixed_dictionaries({}, optional=FIELDS), min_size=PRODUCTS, max_size=PRODUCTS),
    "texts": st.lists(TEXTS, min_size=QUERIES, max_size=QUERIES),
}
QUIET = {
    "phases": [Phase.generate],  # to make a failing example smaller takes minutes
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


@settings(max_examples=EXAMPLES // 10, derandomize=True, **QUIET)
@given(**EXAMPLE)
def test_no_value_and_no_text_fails_a_search(shop, products, texts):
    check(shop, products, texts)


@pytest.mark.long
@settings(max_examples=EXAMPLES, **QUIET)
@given(**EXAMPLE)
def test_no_value_and_no_text_fails_a_search_of_many(shop, products, texts):
    check(shop, products, texts)
