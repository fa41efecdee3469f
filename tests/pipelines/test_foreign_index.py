"""A shop's own index, from a profile to a promoted ranker, by every command, and nothing is written to it."""

import json
import uuid

import german_shop
import pytest
from busy_proxy import busy_proxy
from ltr_command import ltr_here

from ltr_plugin.cluster.connecting import connect

READS = ("_search", "_msearch", "_count", "_mget", "_search/template", "_msearch/template", "_mapping", "_settings")
"""Ends of paths that a POST or a GET may have on the shop's index."""


@pytest.fixture(scope="module")
def shop(node_url):
    """The name of a German shop's index, and its documents."""
    cluster, name = connect(node_url), f"laden-{uuid.uuid4().hex[:8]}"
    documents = german_shop.fill(cluster, name, 480)
    yield name, documents
    cluster.call("DELETE", f"/{name}")


@pytest.fixture
def run(node_url, tmp_path, shop):
    """Runs a command through a proxy, which afterwards has seen no write to the shop's index, nor has the index."""
    cluster, (name, _) = connect(node_url), shop
    before = state(cluster, name)
    with busy_proxy(node_url) as proxy:
        environment = {"OPENSEARCH_URL": proxy.url, "LTR_RUNS": str(tmp_path / "runs")}

        def command(*arguments, code=0):
            got, out, err = ltr_here(*arguments, cwd=tmp_path, **environment)
            assert got == code, err
            return json.loads(out) if "--json" in arguments else out + err

        yield command
        on_it = [(method, path) for method, path in proxy.seen if path.startswith(f"/{name}")]
        assert on_it
        assert not [one for one in on_it if one[0] != "GET" and not one[1].endswith(READS)]
        assert "/_bulk" not in {path for _, path in proxy.seen}
    assert state(cluster, name) == before


def state(cluster, name):
    """What a write, a change of the mapping or of the settings would change."""
    shards = cluster.call("GET", f"/{name}/_stats/docs", level="shards")["indices"][name]["shards"]
    numbers = {shard: copies[0]["seq_no"]["max_seq_no"] for shard, copies in shards.items()}
    return numbers, cluster.call("GET", f"/{name}")


@pytest.mark.live
@pytest.mark.slow
def test_from_an_index_that_exists_to_a_promoted_ranker(run, shop, tmp_path):
    name, documents = shop
    queries, qrels = german_shop.queries_and_qrels(documents)
    (tmp_path / "queries.jsonl").write_text(queries)
    (tmp_path / "qrels.txt").write_text(qrels)
    on = ("--index", name)
    refused = run("search", "Regenjacke", *on, code=2)
    assert f"ltr profile init --index {name}" in refused

    run("profile", "init", *on, "--out", "index.yaml")
    written = (tmp_path / "index.yaml").read_text()
    assert "title: titel" in written
    assert "language: german" in written
    assert "sentence-transformers:all-MiniLM-L6-v2" in written
    run("profile", "check", "index.yaml", *on)
    assert run("profile", "put", "index.yaml", *on, "--json")["revision"] == 1
    assert name in run("index", "list", "--json")["own"]

    run("features", "init", *on, "--out", "features.yaml")
    run("features", "check", "features.yaml", *on)
    run("features", "push", "features.yaml", *on)
    judged = ("--queries", "queries.jsonl", "--qrels", "qrels.txt")
    logged = run("features", "log", "features.yaml", *judged, "--out", "table.parquet", *on, "--json")
    assert logged["judged"] == len(qrels.splitlines())
    assert not logged["missing_products"]
    for kind, *short in (("lambdamart",), ("fusion", "--epochs", "10")):
        run("train", kind, "table.parquet", "--out", kind, *short)
        pushed = run("ranker", "push", kind, *on, "--json")
        assert pushed["parity"]["passed"]
        promoted = run("ranker", "promote", kind, *on, "--json")
        assert (promoted["template"], promoted["address"]) == (name, f"POST /{name}/_search/template")
    assert run("ranker", "rollback", "--template", name, "--json")["release"] == 1

    hits = run("search", "rote Regenjacken", "--ranker", "lambdamart", *on, "--json")["hits"]
    assert all(documents[hit["id"]]["titel"].startswith("Regenjacke rot") for hit in hits[:5])
    assert hits[0]["titel"] == documents[hits[0]["id"]]["titel"]
    vectors = run("search", "Kopfhörer blau", "--ranker", "vectors", *on, "--json")["hits"]
    assert "Kopfhörer blau" in vectors[0]["titel"]

    rankers = ("--ranker", "bm25", "--ranker", "lambdamart", "--ranker", "fusion")
    measured = run("evaluate", *judged, *rankers, *on, "--json")["full"]["slices"]["all"]["rankers"]
    ndcg = {ranker: measures["nDCG@10"]["mean"] for ranker, measures in measured.items()}
    assert ndcg["lambdamart"] > ndcg["bm25"]
    run("report", *judged, *rankers, *on, "--out", "report.html")
    assert "Modell" in (tmp_path / "report.html").read_text()
    best, other = hits[0]["id"], hits[-1]["id"]
    explained = run("explain", "rote Regenjacken", best, "--versus", other, "--ranker", "lambdamart", *on, "--json")
    assert explained["products"][0]["title"] == documents[best]["titel"]
    run("ablate", *judged, "--ranker", "lambdamart", *on, "--json")
    run("tune", "linear", "table.parquet", "--minutes", "0.02", "--out", "tuned")


@pytest.mark.live
def test_what_writes_products_leaves_a_shops_index_alone(run, shop, tmp_path):
    name, _ = shop
    run("profile", "init", "--index", name, "--out", "index.yaml")
    run("profile", "put", "index.yaml", "--index", name)
    (tmp_path / "catalog.jsonl").write_text('{"id": "x", "title": "Tasse"}\n')
    for verb in (
        ("catalog", "put", "catalog.jsonl", "--index", name),
        ("catalog", "update", "catalog.jsonl", "--index", name),
        ("catalog", "delete", "x", "--index", name),
        ("index", "embed", name),
        ("index", "rollback", name),
        ("index", "drop", name, "--yes"),
    ):
        said = run(*verb, code=2)
        assert name in said
