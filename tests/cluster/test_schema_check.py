"""Schemas that no index can be made with, or that make searches fail: found before there is an index."""

from pathlib import Path

import pytest

from ltr_plugin.catalog.product_types import product_types
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.managed.profile import default_profile
from ltr_plugin.cluster.managed.schema_check import schema_problems
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.profiles import check_new_profile
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template


def schema_of(*names, type_="keyword", **more):
    return CatalogSchema.model_validate({"fields": [{"name": name, "type": type_} for name in names], **more})


@pytest.mark.parametrize(
    "path", ["attributes", "changed", "copy", "model_dump", "x_vector", "variants.stores", "Läden"]
)
def test_a_nested_field_with_a_name_that_is_taken_or_none(path):
    (problem,) = schema_problems(schema_of(nested=[{"path": path, "key": "store"}]))
    assert problem.location == "$.nested[0].path"


@pytest.mark.parametrize(
    "name", ["variants.id", "variants.price", "variants.attributes", "variants.copy", "stores.json"]
)
def test_a_field_of_objects_with_a_name_that_is_taken(name):
    (problem,) = schema_problems(schema_of(name, nested=[{"path": "stores"}]))
    assert problem.location == "$.fields[0].name"


@pytest.mark.parametrize("key", ["model_dump", "_store", "stock"])
def test_a_key_that_cannot_be_one(key):
    (problem,) = schema_problems(schema_of("stores.stock", type_="number", nested=[{"path": "stores", "key": key}]))
    assert problem.location == "$.nested[0].key"


def test_a_key_may_be_declared_as_the_keyword_that_it_is():
    schema = schema_of("stores.store", nested=[{"path": "stores", "key": "store"}])
    assert schema_problems(schema) == []
    stores = [{"store": " berlin "}, {"store": 7}]
    product = product_types(schema).product.model_validate({"id": "1", "title": "x", "stores": stores})
    assert [one.store for one in product.stores] == ["berlin", "7"]


def test_more_fields_than_an_index_takes():
    (problem,) = schema_problems(schema_of(*(f"f{number}" for number in range(250)), type_="text"))
    assert "`attributes`" in problem.message


def test_no_more_text_is_searched_than_a_long_query_has_clauses_for(node_url):
    names = [f"f{number}" for number in range(40)]
    schema = schema_of(*names, type_="text", language="german")
    profile = default_profile(schema)
    with pytest.raises(InputError, match=r"name at most 28"):
        check_new_profile(IndexProfile(fields=schema.fields, text_fields=tuple(f"{one}.stem" for one in names)), "x")
    cluster, words = connect(node_url), " ".join(f"w{number}" for number in range(40))
    template = search_template(Retrieval(profile), BASELINES["first-pass"])
    body = {"source": template, "params": {"text": words, "sort_price": "asc", "facets": True, "highlight": True}}
    try:
        cluster.call("PUT", "/test-many-fields", index_body(OPENSEARCH, [], Path(), schema=schema))
        cluster.call("PUT", "/test-many-fields/_doc/1?refresh=true", {"id": "1", "title": "w1", "price": 1})
        assert cluster.call("POST", "/test-many-fields/_search/template", body)["hits"]["total"]["value"] == 1
    finally:
        cluster.call("DELETE", "/test-many-fields")
