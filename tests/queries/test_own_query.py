"""A first pass of the shop's own is read by its tags, and every mistake in it is said with its place."""

import json

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.queries.own_query import OwnQuery

VECTORS = {"photo": 3, "meaning": 2}
WORDS = '{"match": {"titel": "{{text}}"}}'
KNN = '{"knn": {"v": {"vector": {{#toJson}}photo{{/toJson}}, "k": 5, "filter": {{filter}}}}}'
EITHER = """{"bool": {"should": [
  %s,
  {{#has_photo}}%s{{/has_photo}}{{^has_photo}}{"match_none": {}}{{/has_photo}}
]}}""" % (WORDS, KNN)  # noqa: UP031 - it is full of braces


def problems(text):
    try:
        return [(one.location, one.message) for one in OwnQuery.parse(text).problems(VECTORS)]
    except InputError as error:
        return [(one.location, one.message) for one in error.problems]


@pytest.mark.parametrize("text", [WORDS, EITHER, '{"bool": {"filter": {{ filter }}}}'])
def test_a_right_query_has_no_problem(text):
    assert problems(text) == []


def test_it_is_filled_with_what_a_query_has():
    query = OwnQuery.parse(EITHER)
    assert query.parameters() == {"text", "photo"}
    words, photo = json.loads(query.filled({"text": 'a "b"'}))["bool"]["should"]
    assert (words, photo) == ({"match": {"titel": 'a "b"'}}, {"match_none": {}})
    words, photo = json.loads(query.filled({"photo": [1.0, 0.0, 0.0]}))["bool"]["should"]
    assert (words["match"]["titel"], photo["knn"]["v"]["vector"]) == ("", [1.0, 0.0, 0.0])


def test_it_is_tried_with_and_without_each_parameter():
    cases = dict(OwnQuery.parse(EITHER).cases(VECTORS))
    assert list(cases) == ["with all parameters", "without any parameter", "with text alone", "with photo alone"]
    assert cases["with photo alone"] == {"photo": [1.0, 0.0, 0.0]}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('{"match": {"titel": "{{txt}}"}}', ", line 1", "{{txt}} is unknown; it may have {{text}}, {{filter}}, "),
        ('{"match":\n {"titel": "{{#has_foto}}a{{/has_foto}}"}}', ", line 2", "has_text, has_photo, has_meaning"),
        ('{"match": {"titel": "{{photo}}"}}', ", line 1", "{{photo}} is unknown"),
        ('{"a": {{#toJson}}text{{/toJson}}}', ", line 1", "{{#toJson}}text{{/toJson}} is unknown"),
        ('{"match": {"titel": "{{{text}}}"}}', ", line 1", "is no tag that it may have; write {{text}}"),
        ('{"match": {"titel": "{{&text}}"}}', ", line 1", "is no tag that it may have"),
        ('{"match": {"titel": "{{#has_text}}{{text}}"}}', ", line 1", "write {{/has_text}}"),
        ('{"match": {"titel": "{{text}}{{/has_text}}"}}', ", line 1", "closes no open section"),
        ('{"match": {"titel": {{text}}}}', "", "with all parameters, it is not JSON"),
        ('{"a": [1{{^has_photo}},{{/has_photo}}]}', "", "without any parameter, it is not JSON"),
        ('{"query": {"match_all": {}}}', "", "not one query clause"),
        ('{"match_all": {}, "size": 3}', "", "not one query clause"),
        ("[1]", "", "not one query clause"),
    ],
)  # fmt: skip
def test_each_mistake_is_said_with_its_place(text, place, said):
    location, message = problems(text)[0]
    assert location == f"$.first_pass.query{place}"
    assert said in message
