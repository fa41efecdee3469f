"""The `ltr` command as its users run it: exit codes, messages, and JSON for machines."""

import json
from html import unescape

import pytest
import yaml
from ltr_command import FEATURES, PRODUCTS, ltr, ltr_here
from PIL import Image


def test_no_cluster_says_how_to_get_one(tmp_path):
    code, _, err = ltr("search", "shoe", LTR_RUNS=str(tmp_path))
    assert code == 1
    assert f"no development node runs in {tmp_path}; start one with `ltr node start`" in err


def test_a_cluster_that_is_down_is_named(tmp_path):
    code, _, err = ltr("search", "shoe", OPENSEARCH_URL="http://127.0.0.1:9", LTR_RUNS=str(tmp_path))
    assert code == 1
    assert "no answer from http://127.0.0.1:9" in err


@pytest.mark.live
def test_the_whole_way_by_hand(shop, here):
    environment, name = here
    common = ("--index", name, "--json")

    def run(*arguments):
        code, out, err = ltr(*arguments, **environment)
        assert code == 0, err
        return json.loads(out)

    assert run("index", "create", name, "--text-encoder", "none", "--json")["index"] == f"{name}-v1"
    indexed = run("catalog", "put", shop / "catalog.jsonl", *common)
    assert (indexed["products"], indexed["backlog"], indexed["errors"]) == (30, 0, [])
    listed = {one["name"]: one for one in run("index", "list", "--json")["indices"]}
    assert (listed[name]["version"], listed[name]["products"]) == (f"{name}-v1", 30)
    judged = ("--queries", shop / "queries.jsonl", "--qrels", shop / "qrels.txt")
    logged = run("features", "log", shop / "set.yaml", *judged, "--out", shop / "t.parquet", *common)
    assert logged["judged"] == 20
    run("train", "linear", shop / "t.parquet", "--out", shop / "ranker", "--json")
    pushed = run("ranker", "push", shop / "ranker", *common)
    assert pushed["parity"]["passed"]
    for release in (1, 2):
        assert run("ranker", "promote", shop / "ranker", "--template", name, *common)["release"] == release
    assert run("ranker", "rollback", "--template", name, "--json")["release"] == 1
    templates = {one["model"]: one["templates"] for one in run("ranker", "list", "--json")["rankers"]}
    assert name in templates[pushed["model"]]
    hits = run("search", "red shoe", "--ranker", pushed["model"], "--log-features", *common)["hits"]
    assert run("search", "red shoe", *common)["ranker"] == pushed["model"]
    assert "red" in hits[0]["title"]
    assert hits[0]["features"]["title"] > 0
    best, other = hits[0]["id"], hits[-1]["id"]
    explained = run("explain", "red shoe", best, "--versus", other, "--ranker", shop / "ranker", *common)["products"]
    for hit, one in zip((hits[0], hits[-1]), explained, strict=True):
        assert one["score"] == pytest.approx(hit["features"]["linear_score"], rel=1e-5)
        assert one["base_value"] + sum(one["modalities"].values()) == pytest.approx(one["score"], abs=1e-6)
        assert one["features"]["title"]["value"] == hit["features"]["title"]
    code, out, err = ltr("explain", "red shoe", best, "--ranker", shop / "ranker", "--index", name, **environment)
    assert code == 0, err
    assert f"score {explained[0]['score']:.4f} =" in out
    picked = ltr(
        "explain", "red shoe", best, "--ranker", shop / "ranker", "--index", name, "--pick", "a=b", **environment
    )
    assert "query query $.pick.a" in picked[2]
    result = run("evaluate", *judged, "--ranker", "bm25", "--ranker", shop / "ranker", *common)
    assert set(result) == {"full", "judged", "failed", "seen", "latency", "verdict"}
    assert result["full"]["baseline"] == "bm25"
    assert set(result["full"]["slices"]["all"]["rankers"]) == {"bm25", str(shop / "ranker")}
    rankers = ("--ranker", "bm25", "--ranker", shop / "ranker")
    code, out, err = ltr("report", *judged, *rankers, "--out", shop / "report.html", "--index", name, **environment)
    assert code == 0, err
    page = (shop / "report.html").read_text()
    assert "nDCG@10 by query slice" in page
    assert "linear, trained on" in page
    assert out.splitlines()[0] in unescape(page.replace("<wbr>", ""))
    other = run("evaluate", *judged, *rankers, "--baseline", shop / "ranker", *common)
    assert other["full"]["baseline"] == other["judged"]["baseline"] == str(shop / "ranker")
    code, out, err = ltr("evaluate", *judged, *rankers, "--index", name, **environment)
    assert code == 0, err
    assert "Latency in ms from this machine" in out
    code, out, err = ltr("evaluate", *judged, *rankers, "--baseline", "bm52", "--index", name, **environment)
    assert code == 2
    assert f"'bm52' is not compared; choose one of: bm25, {shop / 'ranker'}" in err
    assert run("features", "push", shop / "set.yaml", *common) == {"feature_set": "words_only-v1"}


@pytest.mark.live
def test_wrong_lines_stop_before_anything_is_written_and_are_skipped_on_demand(shop, here):
    environment, name = here
    with (shop / "catalog.jsonl").open("a") as catalog:
        catalog.write('{"id": "p1", "title": "again"}\n{"id": "x", "prise": 2}\n')
    put = ("catalog", "put", shop / "catalog.jsonl", "--index", name)
    code, out, err = ltr_here("catalog", "check", shop / "catalog.jsonl")
    assert (code, out) == (1, f"{shop / 'catalog.jsonl'}: 30 good lines, 2 mistakes\n")
    assert "line 31 $.id  'p1' is the id of line 2 too" in err
    code, _, err = ltr_here(*put, **environment)
    assert code == 2
    assert "line 31 $.id  'p1' is the id of line 2 too" in err
    assert "line 32 $.prise  unknown key" in err
    code, _, err = ltr_here("index", "status", name, **environment)
    assert code == 1  # no index was made
    assert "there is no index" in err
    assert ltr_here("index", "create", name, "--text-encoder", "none", **environment)[0] == 0
    code, out, err = ltr_here(*put, "--skip-invalid", **environment)
    assert code == 1  # done, but some lines failed
    assert "line 31" in err
    assert "30 products" in out


def test_a_medium_that_no_worker_can_read_is_named_when_the_catalog_is_checked(tmp_path):
    lines = [{"id": "a", "title": "mug", "images": ["s3://bucket/a.jpg"]}, {"id": "b", "title": "mug"}]
    (tmp_path / "catalog.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out, err = ltr_here("catalog", "check", tmp_path / "catalog.jsonl")
    assert (code, out) == (1, f"{tmp_path / 'catalog.jsonl'}: 1 good line, 1 mistake\n")
    assert err.startswith("line 1 $.images")
    assert "s3: is not read: 's3://bucket/a.jpg'" in err


@pytest.mark.live
def test_an_index_that_put_makes_is_said_with_its_vectors(shop, here):
    environment, name = here
    (shop / "catalog.jsonl").write_text("")
    put = ("catalog", "put", shop / "catalog.jsonl", "--index", name)
    said = f"there was no index {name}: made {name}-v1, with vectors of text; "
    code, _, err = ltr_here(*put, **environment)
    assert (code, said in err) == (0, True)
    assert "its text is analyzed as english; state another in a profile" in err
    code, _, err = ltr_here(*put, **environment)
    assert (code, said in err) == (0, False)


@pytest.mark.live
def test_a_feature_on_a_field_that_the_index_lacks_is_named(shop, here):
    environment, name = here
    ltr_here("index", "create", name, "--text-encoder", "none", **environment)
    lacking = {**FEATURES, "features": [{**FEATURES["features"][0], "field": "titel"}]}
    (shop / "set.yaml").write_text(yaml.safe_dump(lacking))
    code, _, err = ltr_here("features", "push", shop / "set.yaml", "--index", name, **environment)
    assert code == 2
    assert "no field 'titel' in the index; it has" in err


@pytest.mark.live
def test_an_unreadable_photo_is_recorded_and_the_product_stays(shop, here, colour_encoder):
    environment, name = here
    Image.linear_gradient("L").convert("RGB").save(shop / "good.jpg")
    (shop / "bad.jpg").write_bytes(b"no photo at all")
    products = [{**PRODUCTS[0], "images": ["good.jpg"]}, {**PRODUCTS[1], "images": ["bad.jpg"]}]
    (shop / "catalog.jsonl").write_text("".join(json.dumps(product) + "\n" for product in products))
    encoders = ("--text-encoder", "none", "--image-encoder", colour_encoder)
    code, out, err = ltr_here(
        "index", "create", name, "--from", shop / "catalog.jsonl", *encoders, "--json", **environment
    )
    assert code == 0, err
    status = json.loads(out)
    assert (status["products"], status["backlog"]) == (2, 0)
    assert [(error["id"], error["vector"]) for error in status["errors"]] == [("p1", "image_vector")]
    asked = ("search", "--image", shop / "good.jpg", "--ranker", "vectors", "--index", name, "--json")
    _, out, _ = ltr_here(*asked, **environment)
    assert json.loads(out)["hits"][0]["id"] == "p0"


@pytest.mark.live
def test_media_are_read_where_the_command_says_and_an_input_without_effect_is_named(shop, here, colour_encoder):
    environment, name = here
    for photo in ("a.jpg", "b.jpg"):
        Image.linear_gradient("L").convert("RGB").save(shop / photo)
    (shop / "catalog.jsonl").write_text(json.dumps({**PRODUCTS[0], "images": ["a.jpg", "b.jpg"]}) + "\n")
    made = ltr_here("index", "create", name, "--from", shop / "catalog.jsonl", "--text-encoder", "none", **environment)
    assert made[0] == 0, made
    embed = ("index", "embed", name, "--image-encoder", colour_encoder, "--json")
    _, out, err = ltr_here(*embed, "--media-root", shop, **environment)
    assert json.loads(out)["backlog"] == 0, err
    code, out, _ = ltr_here("index", "drop", name, **environment)
    assert code == 0
    assert f"{name}-v2 is active, with 1 product:" in out, "not one for each photo"
    asked = ("search", "shoe", "--image", shop / "a.jpg", "--index", name, "--ranker")
    _, _, err = ltr_here(*asked, "bm25", **environment)
    assert err == "ltr: bm25 reads words alone, so --image changes nothing; choose --ranker vectors, or a trained one\n"
    assert ltr_here(*asked, "vectors", **environment)[2] == ""


@pytest.mark.live
def test_a_query_encoder_that_changed_since_is_refused(shop, here):
    environment, name = here
    vectors = shop / "vectors.txt"
    vectors.write_text("red 1 0\nblue 0 1\n")
    encoder = ("--text-encoder", f"word-vectors:{vectors}")
    assert ltr("index", "create", name, "--from", shop / "catalog.jsonl", *encoder, **environment)[0] == 0
    vectors.write_text("red 0 1\nblue 1 0\n")
    code, _, err = ltr("search", "red shoe", "--ranker", "vectors", "--index", name, **environment)
    assert code == 1
    assert "text_vector holds vectors of" in err
    code, out, err = ltr("search", "red shoe", "--ranker", "bm25", "--index", name, **environment)
    assert code == 0, err  # BM25 loads no encoder
    assert "red shoe" in out


def test_a_node_whose_run_folder_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = ltr_here("node", "start", LTR_RUNS=str(tmp_path / "file" / "runs"))
    assert code == 1
    assert str(tmp_path / "file") in err


@pytest.mark.live
def test_a_worker_whose_run_folder_cannot_be_written_is_said_and_the_words_are_there(shop, here):
    environment, name = here
    (shop / "vectors.txt").write_text("red 1 0\nblue 0 1\n")
    created = ltr_here("index", "create", name, "--text-encoder", f"word-vectors:{shop}/vectors.txt", **environment)
    assert created[0] == 0, created
    (shop / "file").write_text("")
    environment = {**environment, "LTR_RUNS": str(shop / "file" / "runs")}
    code, _, err = ltr_here("catalog", "put", shop / "catalog.jsonl", "--index", name, **environment)
    assert code == 1
    assert "Not a directory" in err
    code, out, _ = ltr_here("index", "status", name, "--json", **environment)
    status = json.loads(out)
    assert (code, status["products"], status["backlog"]) == (0, 30, 30)
