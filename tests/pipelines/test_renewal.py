"""Templates go on finding products when the name of their index is moved to a version with other fields."""

import json
import uuid

import pytest
from ltr_command import ltr_here

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.releases import current_releases
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.rankers.linear import train_linear

pytestmark = pytest.mark.live

GERMAN = "language: german\nfields:\n  - {name: colour, type: keyword}\n"
BILINGUAL = "languages: {de: german, fr: french}\n"

FEATURES = """
name: german
version: 1
features:
  - {name: title_bm25, kind: match, modality: text, field: title.stem}
  - {name: brand_bm25, kind: match, modality: text, field: brand}
"""


@pytest.fixture
def shop(node_url, tmp_path):
    """The name of an index of two German products, and `ltr` in the folder of its profiles."""
    name = f"renewal-{uuid.uuid4().hex[:8]}"

    def run(*arguments, code=0):
        done = ltr_here(*arguments, cwd=tmp_path, OPENSEARCH_URL=node_url)
        assert done[0] == code, done
        return done[1] + done[2]

    (tmp_path / "german.yaml").write_text(GERMAN)
    (tmp_path / "bilingual.yaml").write_text(BILINGUAL + GERMAN.partition("\n")[2])
    products = [{"id": "1", "title": "Regenjacken", "colour": "rot"}, {"id": "2", "title": "Kabel", "colour": "rot"}]
    (tmp_path / "catalog.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in products))
    run("index", "create", name, "--profile", "german.yaml", "--text-encoder", "none")
    run("catalog", "put", "catalog.jsonl", "--index", name)
    yield name, run
    run("index", "drop", name, "--all", "--yes")
    for one in current_releases(cluster := connect(node_url)):
        if one.metadata["index"] == name:
            cluster.call("DELETE", f"/_scripts/{one.template}")


def stored(cluster, name, **params):
    response = cluster.call("POST", f"/{name}/_search/template", {"id": name, "params": params})
    return [hit["_id"] for hit in response["hits"]["hits"]]


def test_baselines_are_promoted_again_and_synonyms_stay(cluster, shop, tmp_path):
    name, run = shop
    promote(cluster.index(name), "first-pass")
    (tmp_path / "synonyms.txt").write_text("Anorak, Regenjacke\n")
    said = run("index", "synonyms", "synonyms.txt", "--index", name)
    assert f"{name} has 3 versions now; `ltr index drop {name} --yes` deletes the old ones" in said
    assert "Anorak, Regenjacke" in run("profile", "show", "--index", name)
    for profile in ("bilingual.yaml", "german.yaml"):
        said = run("index", "create", name, "--profile", profile)
        assert f"template {name} is promoted again by this profile: it ranks by first-pass" in said
        assert stored(cluster, name, text="Regenjacke", colour=["rot"]) == stored(cluster, name, text="Anorak") == ["1"]
        shown = run("profile", "show", "--index", name)
        assert ("languages" in shown, "language:" in shown) == (profile == "bilingual.yaml", profile == "german.yaml")
    (tmp_path / "shown.yaml").write_text(run("profile", "show", "--index", name))  # it states the default fields
    run("profile", "put", "shown.yaml", "--index", name)
    said = run("index", "rollback", name)
    assert f"the profile of {name} is that of revision 3 again" in said
    assert stored(cluster, name, text="Anorak", language="de") == ["1"]
    (tmp_path / "synonyms.txt").write_text("Strippe => Kabel\n")
    (tmp_path / "german.yaml").write_text(f"{GERMAN}analysis: {{synonyms: synonyms.txt}}\n")
    said = run("index", "create", name, "--profile", "german.yaml")
    assert f"the profile's 1 rule of synonyms will be in place of 1 that {name} has" in said
    assert (stored(cluster, name, text="Strippe"), stored(cluster, name, text="Anorak")) == (["2"], [])


def test_a_ranker_whose_fields_would_be_gone_is_named_and_replaced_only_by_force(cluster, shop, tmp_path):
    name, run = shop
    index = Index.open(cluster, name)
    (tmp_path / "features.yaml").write_text(FEATURES.replace("name: german", f"name: {name.replace('-', '_')}"))
    (tmp_path / "queries.jsonl").write_text('{"id": "q", "text": "Regenjacke"}\n')
    (tmp_path / "qrels.txt").write_text("q 0 1 3\nq 0 2 0\n")
    features, out = FeatureSet.load(tmp_path / "features.yaml"), tmp_path / "table.parquet"
    log_features(index, features, tmp_path / "queries.jsonl", tmp_path / "qrels.txt", out)
    ranker = train_linear(FeatureTable.read(out))
    push(index, ranker)
    model = promote(index, ranker).metadata["ranker"]

    said = run("index", "create", name, "--profile", "bilingual.yaml", code=2)
    assert f"template {name}  ranks by {model}, which reads " in said
    assert "title.stem" in said
    assert f"{name}-v3" not in run("index", "list")
    (tmp_path / "plain.yaml").write_text("language: german\n")
    assert f"it ranks by {model}" in run("index", "create", name, "--profile", "plain.yaml")  # without the colour
    assert stored(cluster, name, text="Regenjacke") == ["1"]
    said = run("index", "create", name, "--profile", "bilingual.yaml", "--force")
    assert f"{model} reads " in said
    assert "it ranks by first-pass" in said
    assert stored(cluster, name, text="Regenjacke", language="de") == ["1"]
    run("index", "rollback", name)
    assert stored(cluster, name, text="Regenjacke") == ["1"]
    assert f"by {model} again" in run("ranker", "rollback", "--index", name, "--to", "2")
    assert stored(cluster, name, text="Regenjacke") == ["1"]
