"""How many calls a command makes: an index is opened once and handed on, and what is known is not asked again."""

import uuid

import pytest
from typer.testing import CliRunner

from ltr_plugin import encoders
from ltr_plugin.cli import app
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.transport.http_client import HttpClient
from ltr_plugin.pipelines.search import search

pytestmark = pytest.mark.live

DATA = ("_bulk", "_mget", "_refresh", "_count", "_search", "_msearch", "template")
"""Ends of the paths of calls that read or write products; all other calls are about metadata."""


class Calls(list):
    """Method and path of each call that any cluster gets."""

    @property
    def metadata(self) -> list[str]:
        return [call for call in self if not call.endswith(DATA)]


@pytest.fixture
def calls(monkeypatch) -> Calls:
    calls, perform = Calls(), HttpClient.perform

    def counted(client, method, path, *args, **options):
        calls.append(f"{method} {path}")
        return perform(client, method, path, *args, **options)

    monkeypatch.setattr(HttpClient, "perform", counted)
    return calls


@pytest.fixture
def ltr(node_url, calls, tmp_path, monkeypatch):
    """Runs a command on the node, and gives the calls that it makes."""
    monkeypatch.setenv("OPENSEARCH_URL", node_url)
    monkeypatch.setenv("LTR_RUNS", str(tmp_path / "runs"))

    def run(*arguments) -> Calls:
        calls.clear()
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.output
        return calls

    return run


@pytest.fixture
def name(ltr, node_url):
    """An index without vectors, by its name."""
    name = f"calls-{uuid.uuid4().hex[:8]}"
    ltr("index", "create", name, "--text-encoder", "none")
    yield name
    connect(node_url).call("DELETE", f"/{name}-v1")


def test_a_catalog_that_is_there_already_costs_at_most_four_metadata_calls(ltr, name, shop_files):
    ltr("catalog", "put", shop_files / "catalog.jsonl", "--index", name)
    again = ltr("catalog", "put", shop_files / "catalog.jsonl", "--index", name)
    assert len(again.metadata) <= 4, again.metadata
    assert len(again) <= 12, "\n".join(again)


def test_the_search_teams_commands_ask_nothing_twice(ltr, name, shop_files, set_file, tmp_path):
    ltr("catalog", "put", shop_files / "catalog.jsonl", "--index", name)
    set_file()
    table, ranker = tmp_path / "table.parquet", tmp_path / "ranker"
    queries, qrels = shop_files / "queries.jsonl", shop_files / "qrels.txt"
    log = ("features", "log", tmp_path / "set.yaml", "--queries", queries, "--qrels", qrels, "--out", table, "-i", name)
    evaluation = (
        "evaluate",
        "--queries",
        queries,
        "--qrels",
        qrels,
        "--ranker",
        "bm25",
        "--ranker",
        ranker,
        "-i",
        name,
    )
    ltr(*log)
    assert len(ltr(*log).metadata) <= 6  # plugin, index, clause limit, feature set, its logging twin, version
    assert ltr("train", "linear", table, "--out", ranker) == []
    ltr("ranker", "push", ranker, "--index", name)
    assert len(ltr("ranker", "push", ranker, "--index", name).metadata) <= 8  # and a note on what it was trained by
    template = ("ranker", "promote", ranker, "--template", name, "--index", name)
    first = len(ltr(*template).metadata)
    assert first <= 7
    assert len(ltr(*template).metadata) == len(ltr(*template).metadata) == first  # however many releases there are
    assert len(ltr("search", "red shoe", "--index", name).metadata) <= 4  # by the promoted ranker
    assert len(ltr("search", "red shoe", "--ranker", ranker, "--index", name).metadata) <= 3
    assert len(ltr(*evaluation).metadata) <= 3


def test_a_ranking_that_reads_no_vectors_loads_no_encoder(index, catalog, monkeypatch):
    assert not [error for _, error in index.put(catalog) if error]
    index.refresh()

    def unexpected(field):
        raise AssertionError(f"loads the encoder of {field.name}")

    monkeypatch.setattr(encoders, "encoder_of", unexpected)
    assert search(index, "red mug")[0].source["title"] == "red mug"
    with pytest.raises(AssertionError, match="loads the encoder"):
        search(index, "red mug", ranker="vectors")
