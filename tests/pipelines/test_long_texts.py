"""What shoppers type: long texts are cut alike wherever a text is searched for, and nothing that is typed fails."""

import pytest
import yaml
from typer.testing import CliRunner

from ltr_plugin.cli import app
from ltr_plugin.cluster.feature_log import QueryProducts, feature_values, fetch_features
from ltr_plugin.cluster.feature_store import FeatureStore, check_features, push_features
from ltr_plugin.cluster.managed.analysis import MAX_QUERY_WORDS
from ltr_plugin.cluster.managed.mapping import TEXT_FIELDS
from ltr_plugin.cluster.names import write_alias
from ltr_plugin.cluster.search import msearch, msearch_template
from ltr_plugin.errors import InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.evaluate import evaluate
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template
from ltr_plugin.rankers.linear import train_linear

pytestmark = pytest.mark.live

TEXTS = {
    "38 words": " ".join(f"word{number}" for number in range(38)),
    "78 words": " ".join(f"word{number}" for number in range(78)),
    "170 words": " ".join(f"word{number}" for number in range(170)),
    "49 Chinese characters": "红色皮革手提包" * 7,
    "NUL": "red\0shoe",
    "lone surrogates": "red \ud800 shoe \udc00",
    "blanks": " \t\n ",
    "signs": "!!! ... ---",
    "emoji": "👟 red 👨‍👩‍👧",
    "JSON and mustache": "\"}}] {{x}} {{#text}} \\ '",
    "a hundred kilobytes of words": "red shoe " * 11_600,
    "a word of a hundred kilobytes": "a" * 100_000,
}


@pytest.fixture(scope="module")
def words(shop_index):
    """The features of text of the shipped set `words` in the cluster, and a model that adds them."""
    shipped = FeatureSet.load("words").model_dump()
    kept = [one for one in shipped["features"] if one["kind"] in ("match", "multi_match", "phrase")]
    features = FeatureSet.model_validate({"name": shop_index.name.replace("-", "_"), "version": 1, "features": kept})
    push_features(shop_index, features)
    store = FeatureStore(shop_index.cluster)
    model = {"type": "model/linear", "definition": dict.fromkeys(features.feature_names, 1.0)}
    store.put_model(features.id, features, model)
    yield features
    store.delete_model(features.id)


def logged(index, features, text, products=("p0", "p1")):
    pairs = QueryProducts("q", search_parameters(text, {}), products)
    (hits,) = fetch_features(index, features, [pairs], model=features.id)
    return {hit.id: (hit.score, feature_values(hit)) for hit in hits}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_fails_a_search_or_the_logging(shop_index, words, text):
    assert logged(shop_index, words, text).keys() == {"p0", "p1"}
    for ranking in (BASELINES["bm25"], Ranking("model", model=words.id)):
        template = {"source": search_template(shop_index.retrieval(), ranking)}
        searches = [("q", search_parameters(text, {}))]
        assert list(msearch_template(shop_index, template, searches))


def test_long_queries_are_logged_evaluated_and_the_ranker_of_them_pushed(shop_index, words, set_file, tmp_path):
    texts = [text for text in TEXTS.values() if "\ud800" not in text]  # a file of queries cannot have it
    queries = [Query(id=f"q{number}", text=f"red shoe {text}") for number, text in enumerate(texts)]
    grades = {query.id: {f"p{n}": n % 2 for n in range(20)} for query in queries}
    features = set_file([one.model_dump() for one in words.features])
    table = tmp_path / "table.parquet"
    logged = log_features(shop_index, features, encode(shop_index, queries), Qrels(grades), table, negatives=2)
    assert (logged.failed, logged.missing_queries) == ({}, [])
    pushed = push(shop_index, train_linear(FeatureTable.read(table)), encode(shop_index, queries))
    assert (pushed.failed, pushed.parity.passed) == ({}, True)
    evaluation = evaluate(shop_index, ["bm25", pushed.model], queries, Qrels(grades))
    assert evaluation.to_json()["failed"] == {}
    assert all(hits for run in evaluation.runs.values() for hits in run.full.values())


def test_words_after_the_limit_count_nowhere(shop_index, words):
    known = "red shoe " + " ".join(f"word{number}" for number in range(MAX_QUERY_WORDS - 2))
    assert logged(shop_index, words, known) == logged(shop_index, words, f"{known} blue lamp 0")
    assert logged(shop_index, words, known) != logged(shop_index, words, f"lamp {known}")
    template = {"source": search_template(shop_index.retrieval(), Ranking("model", model=words.id))}
    searches = [("q", search_parameters(text, {})) for text in (known, f"{known} blue lamp 0")]
    first, second = msearch_template(shop_index, template, searches)
    assert [(hit.id, hit.score) for hit in first] == [(hit.id, hit.score) for hit in second]


def fuzzy(count):
    feature = {"kind": "match", "modality": "text", "field": "title.stem", "fuzziness": "AUTO"}
    return FeatureSet.model_validate(
        {"name": "fuzzy", "version": 1, "features": [{**feature, "name": f"f{number}"} for number in range(count)]}
    )


def test_a_set_with_more_clauses_than_the_cluster_accepts_is_refused(shop_index):
    assert str(check_features(shop_index, fuzzy(3))) == (
        "texts are cut after 32 words; this set uses 780 of 1,024 clauses"
    )
    with pytest.raises(InputError, match=r"uses 1,040 of 1,024 clauses; leave out.*max_clause_count"):
        check_features(shop_index, fuzzy(4))


def test_a_set_that_just_fits_is_searched_with_words_that_all_have_similar_ones(shop_index):
    words = [f"{first}{second}stuvwxyz" for first in "abcdef" for second in "ghijkl"][:MAX_QUERY_WORDS]
    titles = [
        word[:position] + letter + word[position:] for word in words for position in (4, 6, 8) for letter in "mnopq"
    ]
    actions = [{"_index": write_alias(shop_index.name), "_id": "similar", "id": "similar", "title": " ".join(titles)}]
    assert not [error for _, error in shop_index.cluster.bulk(actions) if error]
    shop_index.refresh()
    template = {"name": "f", "params": [], "template": fuzzy(1).rendered()[0]["template"]}
    features = [{**template, "name": f"f{number}"} for number in range(3)]
    shop_index.cluster.call("POST", "/_ltr/_featureset/fuzzy_trial", {"featureset": {"features": features}})
    query = {"sltr": {"featureset": "fuzzy_trial", "params": {"text": " ".join(words)}}}
    (hits,) = msearch(shop_index, [("q", {"query": {"bool": {"must": [query]}}})])
    shop_index.cluster.call("DELETE", "/_ltr/_featureset/fuzzy_trial")
    shop_index.cluster.call("DELETE", f"/{shop_index.name}/_doc/similar", refresh=True)
    assert hits[0].id == "similar"


def test_check_says_where_texts_are_cut_and_warns_of_numbers_in_templates(shop_index, tmp_path, node_url, monkeypatch):
    monkeypatch.setenv("OPENSEARCH_URL", node_url)
    value = {"field_value_factor": {"field": "price", "missing": 1}}
    features = [
        {"name": "text", "kind": "multi_match", "modality": "text", "fields": list(TEXT_FIELDS)},
        {"name": "own", "kind": "template", "modality": "behaviour", "template": {"function_score": value}},
    ]
    path = tmp_path / "set.yaml"
    path.write_text(yaml.safe_dump({"name": "own", "version": 1, "features": features}))
    result = CliRunner().invoke(app, ["features", "check", str(path), "--index", shop_index.name])
    assert result.exit_code == 0, result.output
    assert "texts are cut after 32 words; this set uses 232 of 1,024 clauses" in result.output
    assert "warning: $.features[1].template  own: field_value_factor fails a search at a number" in result.output
