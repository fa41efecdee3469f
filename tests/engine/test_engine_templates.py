"""Mustache features: the dialect of search templates, and the queries that features are made of."""

import pytest

pytestmark = pytest.mark.live

RENDERED = [
    ("{{x}}", {"x": 'a "b" \\ \n'}, 'a "b" \\ \n'),
    ("{{x}}", {}, ""),
    ("{{x}}", {"x": None}, ""),
    ("{{x.y}}", {"x": {"y": 1.5}}, "1.5"),
    ("{{l.1}} {{l.size}}", {"l": ["a", "b"]}, "b 2"),
    ("{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", {"l": ["a", "b"]}, "<a><b>"),
    ("{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", {"l": []}, "none"),
    ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", {"b": False}, "no"),
    ("{{#m}}{{k}}{{o}}{{/m}}", {"m": {"k": "in"}, "o": "out"}, "inout"),
    ("{{#join}}l{{/join}}", {"l": ["a", 1, 2.5]}, "a,1,2.5"),
    ("{{#join delimiter='|'}}l{{/join delimiter='|'}}", {"l": ["a", "b"]}, "a|b"),
    ("{{#url}}{{x}}/é{{/url}}", {"x": "a b"}, "a+b%2F%C3%A9"),
    ("{{s.length}}{{s.class}}{{s.bytes}}", {"s": "text"}, ""),
]


@pytest.mark.parametrize(("template", "params", "expected"), RENDERED)
def test_what_a_string_template_renders_to(ranking, node, template, params, expected):
    ranking.put_set("s", {"name": "f", "template": f'{{"term": {{"code": "{template}"}}}}'})
    index = "enginetests-codes"
    node("DELETE", f"/{index}")
    node("PUT", f"/{index}", {"mappings": {"properties": {"code": {"type": "keyword"}}}})
    try:
        node("PUT", f"/{index}/_doc/right?refresh=true", {"code": expected})
        node("PUT", f"/{index}/_doc/wrong?refresh=true", {"code": expected + "!"})
        query = ranking.sltr(featureset="s", params=params)
        hits = node("POST", f"/{index}/_search", {"query": query}).body["hits"]["hits"]
        scores = {hit["_id"]: hit["_score"] for hit in hits}
        assert scores["right"] > 0
        assert scores["wrong"] == 0
    finally:
        node("DELETE", f"/{index}")


def test_an_object_template_keeps_its_placeholders_in_strings(ranking):
    ranking.put_set("s", {"name": "f", "template": {"constant_score": {"filter": {"match_all": {}}, "boost": "{{n}}"}}})
    assert ranking.scores(featureset="s", params={"n": 2.5})["1"] == 2.5


def test_a_string_template_takes_numbers_and_lists(ranking):
    body = (
        '{"bool": {"filter": {"terms": {"_id": {{#toJson}}ids{{/toJson}}}}, "should": {"match_all": {"boost": {{n}}}}}}'
    )
    ranking.put_set("s", {"name": "f", "template": body})
    assert ranking.scores(featureset="s", params={"ids": ["1", "3"], "n": 4}) == {"1": 4, "2": 0, "3": 4, "4": 0}


def test_a_structure_is_rendered_as_json(ranking):
    ranking.put_set("s", {"name": "f", "template": "{{#toJson}}query{{/toJson}}"})
    query = {"constant_score": {"filter": {"terms": {"_id": ["2"]}}, "boost": 3}}
    assert ranking.scores(featureset="s", params={"query": query}) == {"1": 0, "2": 3, "3": 0, "4": 0}


@pytest.mark.parametrize("template", ['{"match_all": {}} {"match_all": {}}', "{}", "", '{"query": {"match_all": {}}}'])
def test_a_feature_is_exactly_one_query(ranking, template):
    ranking.put_set("s", {"name": "f", "template": template})
    assert ranking.search(ranking.sltr(featureset="s")).status == 400


def test_a_query_that_needs_the_coordinator_is_refused(ranking):
    lookup = {"terms": {"title": {"index": ranking.index, "id": "1", "path": "title"}}}
    ranking.put_set("s", {"name": "f", "template": lookup})
    assert ranking.search(ranking.sltr(featureset="s")).status == 400


def test_other_languages_are_scripts_that_filter(ranking):
    script = "doc['price'].size() > 0 && doc['price'].value > params.least"
    ranking.put_set("s", {"name": "f", "params": ["least"], "template_language": "painless", "template": script})
    assert ranking.scores(featureset="s", params={"least": 1}) == {"1": 1, "2": 1, "3": 0, "4": 0}


def test_an_unknown_language_is_found_out_at_query_time(ranking):
    ranking.put_set("s", {"name": "f", "template_language": "nosuchlang", "template": "x"})
    assert ranking.search(ranking.sltr(featureset="s")).status == 400


def test_vector_similarity_of_an_optional_photo(ranking, node):
    """The shape that feature sets render for a query modality that may be absent."""
    similarity = (
        '{"bool": {"must": [{"match_all": {"boost": 0}}], "should": ['
        '{{#has_photo}}{"script_score": {"query": {"exists": {"field": "v"}}, "script": {"lang": "knn", '
        '"source": "knn_score", "params": {"field": "v", "query_value": {{#toJson}}photo{{/toJson}}, '
        '"space_type": "cosinesimil"}}}}{{/has_photo}}{{^has_photo}}{"match_none": {}}{{/has_photo}}]}}'
    )
    index = "enginetests-vectors"
    node("DELETE", f"/{index}")
    method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
    vector = {"type": "knn_vector", "dimension": 2, "method": method}
    body = {"settings": {"index.knn": True, "number_of_shards": 1}, "mappings": {"properties": {"v": vector}}}
    if node("PUT", f"/{index}", body).status != 200:
        pytest.skip("the cluster has no k-NN plugin")
    try:
        node("PUT", f"/{index}/_doc/same?refresh=true", {"v": [1, 0]})
        node("PUT", f"/{index}/_doc/near?refresh=true", {"v": [0.6, 0.8]})
        node("PUT", f"/{index}/_doc/none?refresh=true", {})
        ranking.put_set("s", {"name": "sim", "template": similarity})
        ranking.index = index
        seen = ranking.scores(featureset="s", params={"has_photo": True, "photo": [2, 0]})
        assert seen == pytest.approx({"same": 1.0, "near": 0.8, "none": 0.0}, abs=1e-6)
        assert ranking.scores(featureset="s", params={"has_photo": False}) == {"same": 0, "near": 0, "none": 0}
        assert ranking.log(featureset="s", params={"has_photo": False})["none"] == {"sim": 0.0}
    finally:
        node("DELETE", f"/{index}")
