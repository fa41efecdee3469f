"""The examples run as they stand, on the live node, with an index of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from notebook import notebook_of

from ltr_plugin.catalog.changes import CatalogEntry
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.pipelines.encoder_selection import EncoderSelection
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
HIT = re.compile(r"^ *-?\d+\.\d{3}  (p\d+)  (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def index_name(node_url):
    """The examples' shop in an index without vectors."""
    cluster, name = connect(node_url), f"examples-{uuid.uuid4().hex[:8]}"
    write_catalog(cluster, EXAMPLES / "shop" / "catalog.jsonl", name, EncoderSelection(text="none"))
    yield name
    cluster.call("DELETE", f"/{name}-v1")


@pytest.fixture(scope="module")
def run(index_name, node_url, tmp_path_factory):
    """Runs a program on our index instead of `shop`, with a folder of its own for what it makes; gives its output."""
    folder = tmp_path_factory.mktemp("examples")

    def run(program: str, command: list[str], suffix: str) -> str:
        text = re.sub(r'(INDEX|index) = "shop"', rf'\1 = "{index_name}"', program)
        path = folder / f"program{suffix}"
        path.write_text(text.replace('Path("runs/examples")', f"Path({str(folder)!r})"))
        environment = {**os.environ, "OPENSEARCH_URL": node_url, "LTR_RUNS": str(folder / "runs")}
        done = subprocess.run(
            [*command, str(path)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def run_python(run):
    return lambda name: run((EXAMPLES / name).read_text(), [sys.executable], ".py")


@pytest.fixture(scope="module")
def search_team(run_python):
    """What the search team's example prints; its ranker is promoted then."""
    return run_python("search_team.py")


@pytest.mark.live
def test_a_search_team_serves_a_ranker_that_beats_bm25(search_team):
    bm25, learned = map(float, re.findall(r"nDCG@10 ([\d.]+)", search_team))
    assert bm25 < learned
    assert "release 1 of" in search_team
    assert HIT.findall(search_team)[0] == ("p17", "Red ceramic mug")


@pytest.mark.live
def test_a_catalog_system_hears_what_was_refused(run_python):
    output = run_python("catalog_system.py")
    assert "40 products written, 0 sent to workers" in output
    assert "refused: record 2, product p100: $.price" in output
    assert "1 updated; ['p1000'] do not exist" in output
    assert "found p99: Blue enamel mug for 6.5" in output
    assert "1 deleted" in output


@pytest.mark.live
def test_a_storefront_in_python_gets_the_promoted_ranker(search_team, run_python):
    output = run_python("storefront.py")
    assert HIT.findall(output) == HIT.findall(search_team)
    assert "eanie" in output


@pytest.mark.live
@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_a_storefront_in_javascript_gets_the_same(search_team, run):
    output = run((EXAMPLES / "storefront.mjs").read_text(), ["node"], ".mjs")
    assert HIT.findall(output)[:3] == HIT.findall(search_team)
    cheap = re.findall(r"^\S+  p\d+  .* ([\d.]+)$", output, re.MULTILINE)
    assert cheap
    assert max(map(float, cheap)) <= 50
    assert re.search(r"^\w.* \(\d+\)$", output, re.MULTILINE)


@pytest.mark.live
def test_a_relevance_engineer_compares_rankers_in_a_notebook(run):
    notebook = json.loads((EXAMPLES / "relevance_engineer.ipynb").read_text())
    code = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    output = run("\n".join(code), [sys.executable], ".py")
    assert "rows of 6 features" in output
    assert "| examples-v1.lambdamart." in output
    assert "Red ceramic mug: " in output


def test_the_notebook_is_made_of_the_script(request):
    path, made = EXAMPLES / "relevance_engineer.ipynb", notebook_of((EXAMPLES / "relevance_engineer.py").read_text())
    if request.config.getoption("--rewrite-golden"):
        path.write_text(made)
    assert path.read_text() == made, "write it anew with --rewrite-golden"


def test_the_shop_is_small_and_fits_together():
    products = {one.id for one in JsonLines(EXAMPLES / "shop" / "catalog.jsonl", CatalogEntry).read()}
    judged = [line.split() for line in (EXAMPLES / "shop" / "qrels.txt").read_text().splitlines()]
    queries = {json.loads(line)["id"] for line in (EXAMPLES / "shop" / "queries.jsonl").read_text().splitlines()}
    assert (len(products), len(queries)) == (40, 20)
    assert {product for _, _, product, _ in judged} <= products
    assert {query for query, _, _, _ in judged} == queries
    assert sum(path.stat().st_size for path in (EXAMPLES / "shop").iterdir()) < 20_000
