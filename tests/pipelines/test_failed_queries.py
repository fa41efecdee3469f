"""One query that fails is named, and the job goes on; when all fail, so does the job."""

import json

import pytest

from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import FailedQueries, encode
from ltr_plugin.pipelines.evaluate import evaluate
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
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
    assert (result.missing_products, result.missing_queries) == (0, 0)
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


def test_a_job_of_which_all_queries_fail_is_an_error(shop_index, shop_files, set_file, tmp_path):
    query = [Query(id="red-shoe", text="shoe (")]
    with pytest.raises(ClusterError, match="all queries failed, the first with: the search of query 'red-shoe'"):
        log_features(shop_index, set_file([REGEXP]), query, shop_files / "qrels.txt", tmp_path / "table.parquet")
    assert not (tmp_path / "table.parquet").exists()


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
