"""What the original has and this engine does not: refused by name."""

import pytest

pytestmark = pytest.mark.live

MATCH = {"match": {"title": "red"}}
QUERIES = {
    "ltr": {"model": {"source": "## MART", "lang": "ranklib"}, "features": [MATCH]},
    "match_explorer": {"query": MATCH, "type": "max_raw_tf"},
    "term_stat": {"expr": "tf", "terms": ["red"], "fields": ["title"]},
}


@pytest.mark.parametrize("name", QUERIES)
def test_queries_over_statistics_of_terms_and_inline_models(ranking, name):
    for query in ({name: QUERIES[name]}, {"bool": {"should": [{name: QUERIES[name]}]}}):
        reply = ranking.search(query)
        assert reply.status == 400
        assert reply.body["error"]["root_cause"][0]["type"] == "parsing_exception"
        assert f"query [{name}] is not supported by this engine" in reply.text


def test_they_cannot_be_features_either(ranking):
    ranking.put_set("s", {"name": "f", "template": {"match_explorer": QUERIES["match_explorer"]}})
    reply = ranking.search(ranking.sltr(featureset="s"))
    assert reply.status == 400
    assert "query [match_explorer] is not supported by this engine" in reply.text


def test_script_features(node, store):
    feature = {"template_language": "script_feature", "template": {"lang": "painless", "source": "1"}}
    reply = node("PUT", f"{store}/_feature/f", {"feature": feature})
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "[script_feature], which this engine does not support" in reply.body["error"]["reason"]


@pytest.mark.parametrize("kind", ["RankNet", "LambdaRank", "ListNet"])
def test_networks_of_ranklib(ranking, kind):
    ranking.put_set("s", {"name": "f", "template": MATCH})
    reply = ranking.create_model("s", "m", "model/ranklib", f"## {kind}\n1\n0\n0 0 0.5\n0 1 0.1\n")
    assert (reply.status, reply.error) == (400, "illegal_argument_exception")
    assert "not supported" in reply.text
