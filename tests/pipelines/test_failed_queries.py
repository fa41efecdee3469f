"""One query that fails is named, and the job goes on; when all fail, so does the job."""

import json
import uuid

import pytest
from typer.testing import CliRunner

from ltr_plugin.cli import app
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import msearch
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import FailedQueries, encode
from ltr_plugin.pipelines.evaluate import evaluate
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.query import Query
from ltr_plugin.rankers.trainers import train

pytestmark = pytest.mark.live

REGEXP = {"name": "pattern", "kind": "template", "modality": "text", "template": {"regexp": {"title": "{{text}}"}}}
"""A feature that fails at a text such as `shoe (`, which is no regular expression."""

TITLE = {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"}


@pytest.fixture
def queries(shop_files, tmp_path):
    """The shop's queries, of which one is no regular expression; its judgments stay."""
    lines = [json.loads(line) for line in (shop_files / "queries.jsonl").read_text().splitlines()]
    lines[2]["text"] += " ("
    path = tmp_path / "queries.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path, lines[2]["id"]


def test_a_query_that_fails_is_named_and_logging_evaluation_and_push_go_on(shop_index, shop_files, set_file, queries):
    path, failing = queries
    table = path.parent / "table.parquet"
    result = log_features(shop_index, set_file([TITLE, REGEXP]), path, shop_files / "qrels.txt", table, negatives=3)
    assert list(result.failed) == [failing]
    assert f"query '{failing}' was refused (400)" in result.failed[failing]
    assert (result.missing_products, result.missing_queries) == ([], [])
    logged = FeatureTable.read(table)
    assert failing not in set(logged.queries)
    assert len(set(logged.queries)) == 19
    pushed = push(shop_index, train(logged, "linear"), path)
    assert pushed.parity.passed
    assert list(pushed.failed) == [failing]
    evaluation = evaluate(shop_index, ["bm25", pushed.model], path, shop_files / "qrels.txt")
    assert evaluation.to_json()["failed"].keys() == {failing}
    assert evaluation.runs[pushed.model].full[failing] == []
    assert evaluation.runs["bm25"].full[failing]


def test_a_command_of_which_a_query_failed_does_the_rest_and_ends_with_1(
    shop_index, queries, shop_files, set_file, monkeypatch
):
    monkeypatch.setenv("OPENSEARCH_URL", shop_index.cluster.url)
    path, failing = queries
    set_file([TITLE, REGEXP])
    table = path.parent / "table.parquet"
    arguments = ["--queries", str(path), "--qrels", str(shop_files / "qrels.txt"), "-i", shop_index.alias]
    ended = CliRunner().invoke(app, ["features", "log", str(path.parent / "set.yaml"), "--out", str(table), *arguments])
    assert ended.exit_code == 1
    assert f"query {failing}" in ended.stderr
    assert len(set(FeatureTable.read(table).queries)) == 19


def test_judged_products_and_queries_that_are_not_there_are_named(shop_index, shop_files, set_file, tmp_path):
    qrels = tmp_path / "qrels.txt"
    known = (shop_files / "qrels.txt").read_text()
    query = known.split()[0]
    qrels.write_text(f"{known.rstrip()}\n{query} 0 gone 2\nunheard 0 gone 1\n")
    result = log_features(
        shop_index, set_file([TITLE]), shop_files / "queries.jsonl", qrels, tmp_path / "table.parquet"
    )
    assert (result.missing_products, result.missing_queries) == (["gone"], ["unheard"])
    assert result.judged == len(known.split("\n")) - known.endswith("\n")


def test_judgments_of_other_queries_are_an_error_and_leave_the_table(shop_index, shop_files, set_file, tmp_path):
    (tmp_path / "table.parquet").write_text("of before")
    query = [Query(id="unheard", text="shoe")]
    with pytest.raises(InputError, match="judge none of these queries"):
        log_features(shop_index, set_file([TITLE]), query, shop_files / "qrels.txt", tmp_path / "table.parquet")
    assert (tmp_path / "table.parquet").read_text() == "of before"


def test_a_job_of_which_all_queries_fail_is_an_error(shop_index, shop_files, set_file, tmp_path):
    query = [Query(id="red-shoe", text="shoe (")]
    with pytest.raises(ClusterError, match="all queries failed, the first with: the search of query 'red-shoe'"):
        log_features(shop_index, set_file([REGEXP]), query, shop_files / "qrels.txt", tmp_path / "table.parquet")
    assert not (tmp_path / "table.parquet").exists()


def test_a_search_that_fails_on_one_of_two_shards_is_a_failed_query_at_once(node_url):
    heard, failed = [], FailedQueries()
    cluster, name = connect(node_url, on_retry=heard.append), f"shards-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", {"settings": {"number_of_shards": 2}})
    for id_ in range(8):
        cluster.call("PUT", f"/{name}/_doc/{id_}", {"price": -1 if id_ == 0 else 1}, refresh=True)
    bodies = {
        "fails": {"query": {"function_score": {"field_value_factor": {"field": "price"}}}},
        "goes on": {"query": {"match_all": {}}},
    }
    index = Index.open(cluster, name, profile=IndexProfile(text_fields=("title",)))
    hits = list(msearch(index, bodies.items(), on_error=failed.add))
    assert [len(one) for one in hits] == [0, 8]
    assert list(failed) == ["fails"]
    assert "negative scores" in failed["fails"]
    assert heard == []
    cluster.call("DELETE", f"/{name}")


@pytest.mark.usefixtures("catalog")  # which writes the photos
def test_queries_whose_photo_is_not_there_are_named(index, tmp_path):
    photo = Query(id="photo", image=str(tmp_path / "red.png"))
    gone = Query(id="gone", text="mug", image=str(tmp_path / "gone.png"))
    failed = FailedQueries()
    assert [one.query.id for one in encode(index, [photo, gone], failed=failed)] == ["photo"]
    assert failed.keys() == {"gone"}
    assert failed["gone"].startswith("$.image  ")
    for arguments in ({"queries": [gone], "failed": failed}, {"queries": [photo, gone]}):
        with pytest.raises(InputError, match=r"query gone  \$\.image"):
            encode(index, **arguments)
