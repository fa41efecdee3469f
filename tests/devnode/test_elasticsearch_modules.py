"""What the test node of Elasticsearch has beyond the small distribution: the root, templates, analysis,
painless, and changes by query."""

import json

import pytest

from ltr_plugin.catalog.languages import LANGUAGES
from ltr_plugin.catalog.schema import CatalogSchema, DeclaredField, TextAnalysis
from ltr_plugin.cluster.managed import scripts
from ltr_plugin.cluster.managed.analysis import AnalysisChoices, analysis_settings
from tests.support.engine_http import Node, Reply

pytestmark = pytest.mark.live

INDEX = "modules-test"


@pytest.fixture(scope="module")
def node(elasticsearch_url):
    opened = Node(elasticsearch_url)
    yield opened
    opened.close()


@pytest.fixture
def index(node):
    vector = {"type": "dense_vector", "dims": 2, "similarity": "cosine", "index_options": {"type": "hnsw"}}
    fields = {"t": {"type": "text"}, "price": {"type": "double"}, "code": {"type": "keyword"}, "v": vector}
    node("DELETE", f"/{INDEX}?ignore_unavailable=true")
    assert node("PUT", f"/{INDEX}", {"mappings": {"properties": fields}}).status == 200
    for number, (text, price, direction) in enumerate([("red shoe", 3.0, [1, 0]), ("blue shoe", 5.5, [0, 1])], 1):
        document = {"t": text, "price": price, "code": f"a#{number}", "v": direction}
        assert node("PUT", f"/{INDEX}/_doc/{number}?refresh=true", document).status == 201
    yield INDEX
    node("DELETE", f"/{INDEX}")


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.text
    return [hit["_id"] for hit in reply.body["hits"]["hits"]]


def lines(*rows: dict) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_clients_know_elasticsearch_by_its_root(node):
    reply = node("GET", "/")
    assert reply.headers["X-elastic-product"] == "Elasticsearch"
    assert reply.body["tagline"] == "You Know, for Search"
    assert reply.body["version"]["number"].startswith("9.")
    assert node("HEAD", "/").status == 200


def test_a_template_is_searched_by_its_id_and_by_its_source(node, index):
    source = {"query": {"match": {"t": "{{words}}"}}, "size": "{{size}}{{^size}}3{{/size}}"}
    assert node("PUT", "/_scripts/modules-words", {"script": {"lang": "mustache", "source": source}}).status == 200
    try:
        stored = {"id": "modules-words", "params": {"words": 'shoe "\n\\', "size": 1}}
        assert len(ids(node("POST", f"/{index}/_search/template", stored))) == 1
        assert ids(node("POST", f"/{index}/_search/template", {"source": source, "params": {"words": "blue"}})) == ["2"]
        text = '{"query": {"terms": {"_id": {{#toJson}}ids{{/toJson}}}}}'
        explained = {"source": text, "params": {"ids": ["2"]}, "explain": True}
        reply = node("POST", f"/{index}/_search/template?rest_total_hits_as_int=true", explained)
        assert (ids(reply), reply.body["hits"]["total"]) == (["2"], 1)
        assert "_explanation" in reply.body["hits"]["hits"][0]
        many = lines(
            {"index": index}, stored, {"index": "modules-none"}, stored, {"index": index}, {"id": "modules-none"}
        )
        answers = node("POST", "/_msearch/template", many, kind="application/x-ndjson").body["responses"]
        assert [one["status"] for one in answers] == [200, 404, 404]
        assert answers[2]["error"]["type"] == "resource_not_found_exception"
    finally:
        node("DELETE", "/_scripts/modules-words")


@pytest.mark.parametrize(
    ("source", "params", "rendered"),
    [
        ({"a": "{{x}}"}, {"x": 'é "\n\\'}, {"a": 'é "\n\\'}),
        (
            '{"a": {{#toJson}}x{{/toJson}}}',
            {"x": {"k": [1, 2.5, None, True, "ü"]}},
            {"a": {"k": [1, 2.5, None, True, "ü"]}},
        ),
        ('{"a": "{{#join}}x{{/join}}"}', {"x": [1, "b"]}, {"a": "1,b"}),
        ("{\"a\": \"{{#join delimiter='||'}}x{{/join delimiter='||'}}\"}", {"x": [1, "b"]}, {"a": "1||b"}),
        ('{"a": "{{#url}}x={{x}}{{/url}}"}', {"x": "a b&c"}, {"a": "x%3Da+b%26c"}),
        ('{"a": [{{#x}}"{{k}}",{{/x}}"{{x.size}}"]}', {"x": [{"k": "v"}]}, {"a": ["v", "1"]}),
    ],
)
def test_a_template_is_rendered(node, source, params, rendered):
    reply = node("POST", "/_render/template", {"source": source, "params": params})
    assert reply.body == {"template_output": rendered}, reply.text


@pytest.mark.parametrize(
    ("template", "status", "error"),
    [
        ({}, 400, "action_request_validation_exception"),
        ({"id": "modules-none"}, 404, "resource_not_found_exception"),
        ({"source": "{{#x}}"}, 400, "script_exception"),
        ({"source": '{"query": '}, 400, "x_content_e_o_f_exception"),
        ({"source": {"query": {"matsh": {}}}}, 400, "parsing_exception"),
        ({"sauce": "{}"}, 400, "x_content_parse_exception"),
    ],
)
def test_a_wrong_template_is_refused(node, index, template, status, error):
    reply = node("POST", f"/{index}/_search/template", template)
    assert (reply.status, reply.error) == (status, error)


def test_analyzers_of_every_language_cut_fold_and_stem(node):
    fields = tuple(DeclaredField(name=language, type="text") for language in LANGUAGES)
    schema = CatalogSchema(
        fields=fields,
        field_languages={one: one for one in LANGUAGES},
        analysis=TextAnalysis(synonyms=("sofa, couch", "tv, smart tv")),
    )
    settings = analysis_settings(schema, AnalysisChoices(compound_parts=("kabel", "netz")))
    made = node("PUT", f"/{INDEX}", {"settings": {"analysis": settings}})
    assert made.status == 200, made.text
    try:
        assert tokens(node, "stemmed_query", "Shoes") == ["shoe"]
        assert tokens(node, "stemmed_german", "Häuser") == ["haus"]
        assert tokens(node, "parts_german", "Netzkabel") == ["netzkabel", "netz", "kabel"]
        assert tokens(node, "unstemmed_query", "sofa") == ["couch", "sofa"]
        assert len(tokens(node, "stemmed_thai", "ภาษาไทย")) == 2
        for language in LANGUAGES:
            suffix = "" if language == "english" else f"_{language}"
            assert tokens(node, f"unstemmed{suffix}_query", "couch e\u0301")[-1] == "e"
    finally:
        node("DELETE", f"/{INDEX}")


def tokens(node: Node, analyzer: str, text: str) -> list[str]:
    reply = node("POST", f"/{INDEX}/_analyze", {"analyzer": analyzer, "text": text})
    assert reply.status == 200, reply.text
    return [one["token"] for one in reply.body["tokens"]]


@pytest.mark.parametrize(
    ("analyzer", "text", "found"),
    [
        ({"analyzer": "german"}, "die schönsten Häuser", ["schon", "haus"]),
        ({"analyzer": "french"}, "l'avion des montagnes", ["avion", "montagn"]),
        ({"analyzer": "cjk"}, "東京都", ["東京", "京都"]),
        ({"analyzer": "english"}, "the running shoes", ["run", "shoe"]),
        ({"tokenizer": "standard", "char_filter": ["html_strip"]}, "<b>a</b> b", ["a", "b"]),
        ({"tokenizer": "keyword", "char_filter": [{"type": "mapping", "mappings": ["a=>b"]}]}, "aa", ["bb"]),
        ({"tokenizer": "whitespace", "filter": ["lowercase", "asciifolding", "porter_stem"]}, "Cafés X", ["cafe", "x"]),
        ({"tokenizer": "standard", "filter": [{"type": "stop", "stopwords": "_english_"}]}, "the hat", ["hat"]),
        ({"tokenizer": "standard", "filter": [{"type": "truncate", "length": 2}]}, "abc", ["ab"]),
        ({"tokenizer": "standard", "filter": [{"type": "limit", "max_token_count": 1}]}, "a b", ["a"]),
        ({"tokenizer": "keyword", "filter": [{"type": "multiplexer", "filters": ["uppercase"]}]}, "a", ["a", "A"]),
        (
            {"tokenizer": "standard", "filter": [{"type": "synonym", "synonyms": ["tv => television"]}]},
            "tv",
            ["television"],
        ),
        (
            {"tokenizer": "standard", "filter": [{"type": "keyword_marker", "keywords": ["cats"]}, "kstem"]},
            "cats",
            ["cats"],
        ),
        ({"tokenizer": "keyword", "filter": [{"type": "word_delimiter_graph"}]}, "Wi-Fi5", ["Wi", "Fi", "5"]),
        ({"tokenizer": {"type": "edge_ngram", "min_gram": 1, "max_gram": 2}}, "abc", ["a", "ab"]),
        ({"tokenizer": {"type": "pattern", "pattern": ","}}, "a,b", ["a", "b"]),
        ({"tokenizer": "keyword", "filter": [{"type": "stemmer_override", "rules": ["a => b"]}]}, "a", ["b"]),
    ],
)
def test_parts_of_analysis_take_elasticsearchs_parameters(node, analyzer, text, found):
    reply = node("POST", "/_analyze", {**analyzer, "text": text})
    assert reply.status == 200, reply.text
    assert [one["token"] for one in reply.body["tokens"]] == found


def test_wrong_synonyms_are_refused_with_the_filter(node):
    analysis = {"filter": {"s": {"type": "synonym", "synonyms": ["a => b => c"]}}}
    analysis["analyzer"] = {"x": {"tokenizer": "standard", "filter": ["s"]}}
    reply = node("PUT", f"/{INDEX}", {"settings": {"analysis": analysis}})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "failed to build synonyms" in reply.text


@pytest.mark.parametrize(
    ("source", "params", "scores"),
    [
        ("(cosineSimilarity(params.q, 'v') + 1.0) / 2", {"q": [1, 0]}, {"1": 1.0, "2": 0.5}),
        ("dotProduct(params.q, 'v') + 1", {"q": [0, 1]}, {"1": 1.0, "2": 2.0}),
        ("doc['v'].size() == 0 ? 0 : 1 / (1 + l2norm(params.q, 'v'))", {"q": [1, 0]}, {"1": 1.0, "2": 0.4142135}),
        (
            "double s = 0; for (def n : params.n) { s += n } s * doc['price'].value",
            {"n": [1, 0.5]},
            {"1": 4.5, "2": 8.25},
        ),
        ("doc['price'].value > params.least ? _score : 0", {"least": 4}, {"1": 0.0, "2": 1.0}),
        ("saturation(doc['price'].value, 1)", {}, {"1": 0.75, "2": 0.8461538}),
    ],
)
def test_painless_scores(node, index, source, params, scores):
    script = {"source": source, "params": params}
    reply = node(
        "POST", f"/{index}/_search", {"query": {"script_score": {"query": {"match_all": {}}, "script": script}}}
    )
    assert reply.status == 200, reply.text
    assert {hit["_id"]: hit["_score"] for hit in reply.body["hits"]["hits"]} == pytest.approx(scores)


def test_painless_filters_sorts_aggregates_and_makes_fields(node, index):
    price = {"source": "doc['price'].value * params.n", "params": {"n": 2}}
    body = {
        "query": {"bool": {"filter": {"script": {"script": "doc['code'].value.splitOnToken('#')[1] == '2'"}}}},
        "script_fields": {"double": {"script": price}},
        "sort": {"_script": {"type": "number", "script": price}},
        "aggs": {"sum": {"sum": {"script": price}}},
    }
    reply = node("POST", f"/{index}/_search", body)
    assert ids(reply) == ["2"]
    (hit,) = reply.body["hits"]["hits"]
    assert (hit["fields"]["double"], hit["sort"], reply.body["aggregations"]["sum"]["value"]) == ([11.0], [11.0], 11.0)


def test_painless_changes_documents(node, index):
    source = "ctx._source.remove('t'); Map m = new HashMap(); m.a = [params.n]; ctx._source.made = m"
    update = {"script": {"source": source, "params": {"n": 1}}}
    many = lines({"update": {"_index": index, "_id": "1"}}, update)
    assert node("POST", "/_bulk?refresh=true", many, kind="application/x-ndjson").body["errors"] is False
    changed = node("GET", f"/{index}/_doc/1").body["_source"]
    assert ("t" in changed, changed["made"]) == (False, {"a": [1]})
    for operation, result in (("none", "noop"), ("delete", "deleted")):
        reply = node("POST", f"/{index}/_update/1", {"script": f"ctx.op = '{operation}'"})
        assert reply.body["result"] == result
    refused = node("POST", f"/{index}/_update/2", {"script": "throw new IllegalArgumentException('too old')"})
    assert (refused.status, refused.error) == (400, "illegal_argument_exception")
    assert refused.body["error"]["caused_by"]["caused_by"] == {
        "type": "illegal_argument_exception",
        "reason": "too old",
    }


def test_a_wrong_script_is_refused_with_the_place(node, index):
    reply = node("POST", f"/{index}/_update/1", {"script": "ctx._source.a = nothing"})
    assert (reply.status, reply.body["error"]["caused_by"]["type"]) == (400, "script_exception")
    assert "cannot resolve symbol [nothing]" in reply.text


def test_scripts_of_products_run(node, index):
    """One product through all of its changes."""
    product = {"title": "shoe", "changed": 2, "content_hash": {"text": "h1"}, "embedding": {}}

    def update(script: str, upsert: dict | None = None, **params) -> Reply:
        body = {"script": {"source": script, "params": params}, **({"upsert": upsert} if upsert else {})}
        return node("POST", f"/{index}/_update/p", body)

    def source() -> dict:
        return node("GET", f"/{index}/_doc/p?_source_exclude_vectors=false").body["_source"]

    sources = {"v": "text"}
    assert update(scripts.REPLACE, product, product=product, sources=sources).body["result"] == "created"
    assert update(scripts.REPLACE, product, product=product, sources=sources).body["result"] == "noop"
    metadata = {"content_hash": "h1", "fingerprint": "f"}
    result = {"source": "text", "metadata": metadata, "vector": [1.0, 0.0], "per_media": {"m": [1]}}
    assert update(scripts.WRITE_VECTORS, results={"v": result}).body["result"] == "updated"
    written = source()
    assert (written["v"], written["embedding"], written["per_media"]) == (
        [1.0, 0.0],
        {"v": metadata},
        {"v": {"m": [1]}},
    )
    assert update(scripts.REEMBED, only_errors=False, sources=sources, nonce="n").body["result"] == "updated"
    assert (source()["content_hash"], source()["embedding"]) == ({"text": "h1#n"}, {})
    assert update(scripts.WRITE_VECTORS, results={"v": result}).body["result"] == "noop"
    older = update(scripts.REPLACE, product=product | {"changed": 1}, sources=sources)
    assert (older.status, scripts.STALE in older.text) == (400, True)
    assert update(scripts.DELETE, changed=3).body["result"] == "deleted"


def test_documents_change_by_query(node, index):
    found = {"term": {"code": "a#2"}}
    script = {"source": "ctx._source.price += params.n; ctx._source.id = ctx._id", "params": {"n": 1}}
    update = {"query": found, "script": script}
    reply = node("POST", f"/{index}/_update_by_query?refresh=true&conflicts=proceed", update)
    counts = {key: reply.body[key] for key in ("total", "updated", "deleted", "noops", "version_conflicts", "batches")}
    assert counts == {"total": 1, "updated": 1, "deleted": 0, "noops": 0, "version_conflicts": 0, "batches": 1}
    assert (reply.body["timed_out"], reply.body["failures"], "created" in reply.body) == (False, [], False)
    (hit,) = node("POST", f"/{index}/_search", {"query": found, "_source": {"exclude_vectors": False}}).body["hits"][
        "hits"
    ]
    assert (hit["_source"]["price"], hit["_source"]["id"], hit["_source"]["v"]) == (6.5, "2", [0, 1])
    nothing = {"script": "if (ctx._source.price > 6) ctx.op = 'noop'; else ctx.op = 'delete'"}
    reply = node("POST", f"/{index}/_update_by_query?refresh=true", nothing)
    assert (reply.body["noops"], reply.body["deleted"]) == (1, 1)
    assert node("POST", f"/{index}/_update_by_query?refresh=true").body["updated"] == 1
    reply = node("POST", f"/{index}/_delete_by_query?refresh=true", {"query": {"match_all": {}}})
    assert (reply.body["deleted"], "updated" in reply.body) == (1, False)
    assert node("GET", f"/{index}/_count").body["count"] == 0


def test_changes_by_query_fail_as_the_real_ones(node, index):
    missing = node("POST", "/modules-none/_delete_by_query", {"query": {"match_all": {}}})
    assert (missing.status, missing.error) == (404, "index_not_found_exception")
    ignored = node("POST", "/modules-none/_delete_by_query?ignore_unavailable=true", {"query": {"match_all": {}}})
    assert (ignored.status, ignored.body["deleted"]) == (200, 0)
    unlimited = node("POST", f"/{index}/_delete_by_query", {})
    assert (unlimited.status, unlimited.error) == (400, "action_request_validation_exception")
    thrown = node("POST", f"/{index}/_update_by_query", {"script": "throw new IllegalArgumentException('no')"})
    assert (thrown.status, thrown.error) == (400, "script_exception")
    moved = node("POST", f"/{index}/_update_by_query", {"script": "ctx._id = 'x'"})
    assert moved.status == 400


def test_conflicts_of_changes_by_query_are_counted_or_refused(node, index):
    assert node("PUT", f"/{index}/_settings", {"index": {"refresh_interval": "-1"}}).status == 200
    assert node("POST", f"/{index}/_update/1", {"doc": {"price": 9}}).status == 200  # not in what searches see
    script = {"script": "ctx._source.price = 0"}
    refused = node("POST", f"/{index}/_update_by_query", script)
    assert (refused.status, refused.body["version_conflicts"]) == (409, 1)
    assert refused.body["failures"][0]["cause"]["type"] == "version_conflict_engine_exception"
    counted = node("POST", f"/{index}/_update_by_query?conflicts=proceed", script)
    assert (counted.status, counted.body["failures"], counted.body["version_conflicts"] > 0) == (200, [], True)


def test_documents_are_copied_to_another_index(node, index):
    target = f"{INDEX}-copy"
    body = {"source": {"index": index, "size": 1}, "dest": {"index": target, "op_type": "create"}, "max_docs": 2}
    try:
        reply = node("POST", "/_reindex?refresh=true&wait_for_completion=true", body)
        assert (reply.body["created"], reply.body["updated"], reply.body["batches"]) == (2, 0, 2)
        again = node("POST", "/_reindex?refresh=true", body | {"conflicts": "proceed"})
        assert (again.body["created"], again.body["version_conflicts"]) == (0, 2)
        script = {"script": {"source": "ctx._id = 'x' + ctx._id; ctx._source.remove('t')"}}
        assert node("POST", "/_reindex?refresh=true", body | script).body["created"] == 2
        copied = node("GET", f"/{target}/_doc/x1").body["_source"]
        assert (copied["code"], copied["v"], "t" in copied) == ("a#1", [1, 0], False)
        later = node("POST", f"/{target}/_delete_by_query?wait_for_completion=false", {"query": {"match_all": {}}})
        task = node("GET", f"/_tasks/{later.body['task']}?wait_for_completion=true", warned=True).body
        assert (task["completed"], task["response"]["deleted"]) == (True, 4)
    finally:
        node("DELETE", f"/{target}")
