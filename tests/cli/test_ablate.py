"""`ltr ablate` as its users run it, and its matrix in the report."""

import json

import pytest
import yaml
from ltr_command import FEATURES
from ltr_command import ltr_here as ltr


@pytest.mark.live
def test_a_matrix_and_its_page(shop, here):
    environment, name = here

    def run(*arguments):
        code, out, err = ltr(*arguments, **environment)
        assert code == 0, err
        return out

    features = {**FEATURES, "name": name.replace("-", "_")}  # of a set of its own, the cluster has no ranker yet
    (shop / "set.yaml").write_text(yaml.safe_dump(features))
    common, judged = ("--index", name), ("--queries", shop / "queries.jsonl", "--qrels", shop / "qrels.txt")
    table, ranker, out = shop / "t.parquet", shop / "ranker", shop / "ablation.json"
    run("index", "create", name, "--from", shop / "catalog.jsonl", "--text-encoder", "none")
    run("features", "log", shop / "set.yaml", *judged, "--out", table, *common)
    run("train", "linear", table, "--out", ranker)
    code, _, err = ltr("ablate", *judged, "--ranker", ranker, *common, **environment)
    assert code == 2
    assert "upload it with `ltr ranker push`" in err
    run("ranker", "push", ranker, *common)
    ablate = ("ablate", *judged, "--ranker", ranker, "--table", table, *common)
    found = json.loads(run(*ablate, "--removed-fraction", 0.5, "--removed-fraction", 1, "--out", out, "--json"))
    assert json.loads(out.read_text()) == found
    half, all_ = found["rows"]
    assert [row["removal"] for row in (half, all_)] == [
        {"side": "product", "modality": "text", "fraction": fraction} for fraction in (0.5, 1.0)
    ]
    left = [row["cells"][str(ranker)]["mean"] for row in (half, all_)]
    assert half["cells"][str(ranker)]["mean_before"] > left[0] > left[1] == 0  # no word finds anything any more
    code, shown, _ = ltr(*ablate, "--removed-fraction", 0.5, **environment, COLUMNS="200")
    assert code == 0
    assert "50% of products without text (2)" in shown
    run("report", *judged, "--ranker", "bm25", "--ranker", ranker, "--ablation", out, "--out", shop / "r.html", *common)
    assert "share of products without text" in (shop / "r.html").read_text()
