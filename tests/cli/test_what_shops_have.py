"""A shop with judgments, fields and features of its own goes on with them."""

import json
import uuid

import german_shop
import pytest
import yaml
from ltr_command import PRODUCTS
from ltr_command import ltr_here as ltr

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_store import FeatureStore
from ltr_plugin.cluster.profiles import put_profile
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields

STORED = [
    {"name": "Title Match", "params": ["keywords"], "template": {"match": {"title": "{{keywords}}"}}},
    {"name": "cheap", "params": [], "template": '{"range": {"price": {"lte": 10}}}'},
    {"name": "near", "params": ["lat"], "template": {"match": {"title": "{{lat}} {{#join}}colours{{/join}}"}}},
    {"name": "raw", "params": ["keywords"], "template": '{{#keywords}}{"term": {"id": "{{keywords}}"}}{{/keywords}}'},
    {"name": "list", "params": [], "template": "[1]"},
    {"name": "sum", "params": [], "template_language": "derived_expression", "template": "cheap * 2 + max(near, 1)"},
    {"name": "lost", "params": [], "template_language": "derived_expression", "template": "list * 2"},
    {"name": "twice", "params": [], "template_language": "derived_expression", "template": "raw * 2"},
]  # fmt: skip


@pytest.fixture
def shop_index(here, shop):
    """The name of an index with the products of the small shop, without vectors."""
    env, name = here
    assert ltr("index", "create", name, "--text-encoder", "none", cwd=shop, **env)[0] == 0
    assert ltr("catalog", "put", "catalog.jsonl", "--index", name, cwd=shop, **env)[0] == 0
    return name


@pytest.fixture
def stored(node_url):
    """The name of a store with a feature set and a model of that name, made as a shop makes them."""
    cluster, name = connect(node_url), f"own{uuid.uuid4().hex[:8]}"
    FeatureStore(cluster, name).ensure()
    cluster.call("PUT", f"/_ltr/{name}/_featureset/my%20set", {"featureset": {"features": STORED}})
    linear = {"model": {"type": "model/linear", "definition": {"cheap": 1}}}
    body = {"model": {"name": "my_model", **linear}}
    cluster.call("POST", f"/_ltr/{name}/_featureset/my%20set/_createmodel", body)
    yield name
    cluster.call("DELETE", f"/_ltr/{name}")


@pytest.mark.live
@pytest.mark.parametrize("name", ["my set", "my_model"])
def test_features_of_a_store_become_a_file(here, shop_index, stored, name, tmp_path):
    env, _ = here
    options = ("--store", stored, "--text-parameter", "keywords", "--out", "mine.yaml")
    code, out, err = ltr("features", "pull", name, *options, "--json", cwd=tmp_path, **env)
    assert code == 0, err
    facts = json.loads(out)
    assert facts["features"] == ["title_match", "cheap", "near", "raw", "sum", "twice"]
    assert facts["renamed"] == {"Title Match": "title_match"}
    assert facts["parameters"] == {"colours": ["near"], "lat": ["near"]}
    assert set(facts["left_out"]) == {"list", "lost"}
    assert "list  left out: its template is no query: '[1]'" in err
    assert "parameter lat, which searches do not have, is read by near" in err
    features = FeatureSet.load(tmp_path / "mine.yaml")
    assert features.features[0].template == {"match": {"title": "{{text}}"}}
    assert features.features[3].template == '{{#text}}{"term": {"id": "{{text}}"}}{{/text}}'
    assert features.features[4].expression == "cheap * 2 + max(near, 1)"
    text = (tmp_path / "mine.yaml").read_text()
    assert "# lat: near" in text
    (tmp_path / "mine.yaml").write_text(text.replace("name: " + features.name, f"name: {stored}", 1))
    code, _, err = ltr("features", "push", "mine.yaml", "--index", shop_index, cwd=tmp_path, **env)
    assert code == 0, err


@pytest.mark.live
def test_a_name_that_a_store_does_not_have_is_told_with_those_it_has(here, stored, tmp_path):
    code, _, err = ltr("features", "pull", "shopp", "--store", stored, cwd=tmp_path, **here[0])
    assert code == 2
    assert f"the store '{stored}' has no feature set or model of this name; it has my set, my_model" in err


@pytest.mark.live
def test_a_feature_set_is_made_for_an_index(here, shop_index, tmp_path):
    env, name = here[0], shop_index
    code, _, err = ltr("features", "init", "--index", name, "--out", "made.yaml", cwd=tmp_path, **env)
    assert code == 0, err
    shipped = {one.name: one for one in FeatureSet.load("words").features}
    there = {key for key, one in shipped.items() if not getattr(one, "field", "").startswith("stats.")}
    made = FeatureSet.load(tmp_path / "made.yaml")
    assert made.name == name.replace("-", "_")
    without_vectors = {key: shipped[key] for key in there if "similarity" not in key}
    assert {one.name: one for one in made.features} == without_vectors
    assert ltr("features", "check", "made.yaml", "--index", name, cwd=tmp_path, **env)[0] == 0
    code, _, err = ltr("features", "init", "--index", name, "--out", "made.yaml", cwd=tmp_path, **env)
    assert (code, "exists already" in err) == (2, True)


@pytest.mark.live
def test_a_feature_set_is_made_for_a_shops_own_index(here, node_url, tmp_path):
    cluster, name = connect(node_url), f"laden-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", german_shop.BODY)
    try:
        product = ProductFields(
            title="titel", brand="marke", price="preis.brutto", stock="bestand", released="angelegt"
        )
        put_profile(cluster, name, IndexProfile(product=product, text_fields=("titel^2", "beschreibung", "marke.text")))
        code, out, err = ltr("features", "init", "--index", name, "--json", cwd=tmp_path, **here[0])
        assert code == 0, err
        file = json.loads(out)["file"]
        assert file == f"{name}.yaml"
        for verb in ("check", "push"):
            code, _, err = ltr("features", verb, file, "--index", name, cwd=tmp_path, **here[0])
            assert code == 0, err
        names = [one["name"] for one in yaml.safe_load((tmp_path / file).read_text())["features"]]
        assert {"title_phrase", "beschreibung_bm25", "brand_bm25", "price", "stock", "released"} <= set(names)
    finally:
        cluster.call("DELETE", f"/{name}")


@pytest.mark.live
def test_quepids_judgments_need_no_file_of_queries(here, shop_index, tmp_path):
    env, _ = here
    rows = [f"{product['title'][:-2].strip()},{product['id']},{2 - n % 2}.0" for n, product in enumerate(PRODUCTS[:20])]
    (tmp_path / "quepid.csv").write_text("\n".join(["query,docid,rating", *rows, "green hat,p1,1", "unrated"]) + "\n")
    on = ("--qrels", "quepid.csv", "--index", shop_index)
    logged = ("features", "log", "set.yaml", *on, "--out", "table.parquet", "--json")
    code, out, err = ltr(*logged, cwd=tmp_path, **env)
    assert code == 0, err
    assert json.loads(out)["judged"] == 21
    code, out, err = ltr(*logged, "--queries", "queries.jsonl", cwd=tmp_path, **env)
    assert code == 0, err
    assert json.loads(out)["missing_queries"] == ["green hat"]

    rankers = ("--ranker", "random", "--ranker", "bm25")
    kept = ("--fail-below", "ndcg@10=0.1", "--fail-below", "RR=0.1")
    code, out, err = ltr("evaluate", *on, *rankers, *kept, "--json", cwd=tmp_path, **env)
    assert code == 0, err
    measured = json.loads(out)
    assert (measured["full"]["slices"]["all"]["queries"], measured["missed"]) == (3, [])
    held = ("--fail-below", "nDCG@10=1", "--fail-below", "P@10=0", "--fail-below", "judged@10=1")
    code, out, err = ltr("evaluate", *on, *rankers, *held, cwd=tmp_path, **env)
    assert code == 1
    lines = [line for line in err.splitlines() if " of bm25 is " in line]
    assert [line.split()[0] for line in lines] == ["nDCG@10", "Judged@10"]
    assert lines[0].endswith(", below 1")
    code, out, err = ltr("evaluate", *on, *rankers, "--fail-below", "nDCG@10=1", "--json", cwd=tmp_path, **env)
    assert code == 1
    assert [one["measure"] for one in json.loads(out)["missed"]] == ["nDCG@10"]


@pytest.mark.parametrize("wrong", ["ndcg@11=0.4", "nDCG@10", "nDCG@10=45", "nDCG@10=nan", "nDCG@10=x", "=1"])
def test_a_measure_that_there_is_not_is_wrong_usage(wrong, tmp_path):
    (tmp_path / "q.csv").write_text("query,docid,rating\nmug,p1,1\n")
    code, _, err = ltr("evaluate", "--qrels", "q.csv", "--ranker", "bm25", "--fail-below", wrong, cwd=tmp_path)
    assert code == 2
    assert "--fail-below" in err
    assert "nDCG@10" in err
