"""What merchandisers see and change over HTTP: rankers side by side, explained places, grades, rules and previews."""

import json

import pytest
from drawn_photo import photo
from running_service import running_service

from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.search import search
from ltr_plugin.queries.query import queries_of
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.service.keys import new_key

pytestmark = pytest.mark.live

PIN = {"name": "bowls", "pin": ["yellow-plate", "red-mug"], "queries": ["Blue bowl"]}


@pytest.fixture
def no_rules(admin):
    """Leaves the shop without rules."""
    yield
    kept = admin.get("/v1/admin/rules").body
    assert admin.put("/v1/admin/rules", {"rules": {}, "after": kept["revision"]}).status == 200


def ids(ranked):
    return [hit["id"] for hit in ranked["hits"]]


def test_rankers_are_the_baselines_and_those_that_fit_the_index(admin, trained):
    answer = admin.get("/v1/admin/rankers").body
    assert answer["served"] == "first-pass"
    rankers = {one["name"]: one for one in answer["rankers"]}
    assert list(rankers)[:4] == ["random", "bm25", "vectors", "first-pass"]
    assert rankers[trained[1]] == {"name": trained[1], "kind": "model", "templates": [], "explained": True}


def test_two_rankers_are_compared_with_the_positions_of_each_product(admin, trained):
    answer = admin.post("/v1/admin/compare", {"text": "blue bowl", "left": trained[1], "right": "random", "size": 5})
    left, right = answer.body["left"], answer.body["right"]
    assert (left["ranker"], right["ranker"]) == (trained[1], "random")
    assert [len(left["hits"]), len(right["hits"])] == [5, 5]
    positions = {hit["id"]: hit["position"] for hit in right["hits"]}
    for hit in left["hits"]:
        if hit["id"] in positions:
            assert hit["other"] == positions[hit["id"]]
        else:
            assert hit.get("other", 99) > 5


def test_by_default_what_is_served_is_compared_with_bm25(admin):
    body = {"text": "blue bowl", "filters": {"brand": ["Brand 1", "Brand 0"]}}
    answer = admin.post("/v1/admin/compare", body).body
    served = admin.post("/v1/search", body).body
    assert (answer["left"]["ranker"], answer["right"]["ranker"]) == ("first-pass", "bm25")
    assert ids(answer["left"]) == [hit["id"] for hit in served["hits"]]


def test_a_photo_is_compared_too(admin):
    answer = admin.form("/v1/admin/compare", {"right": '"vectors"'}, image=photo("red")).body
    assert ids(answer["right"])[0].startswith("red")


def test_a_ranker_that_there_is_not_is_named(admin):
    answer = admin.post("/v1/admin/compare", {"text": "mug", "right": "/etc"})
    assert (answer.status, answer.body["problems"][0]["location"]) == (422, "ranker")


def test_a_place_is_explained_by_modality_and_feature_beside_the_neighbour(admin, trained):
    body = {"text": "blue mug", "product": "blue-mug", "versus": "red-plate", "ranker": trained[1]}
    answer = admin.post("/v1/admin/explain", body).body
    assert (answer["product"], answer["versus"]) == ("blue-mug", "red-plate")
    assert [one["name"] for one in answer["modalities"]] == ["text", "behaviour"]
    assert [one["name"] for one in answer["features"]] == ["title", "price"]
    for part in ("contribution", "versus"):
        total = answer["base"] + sum(one[part] for one in answer["features"])
        assert total == pytest.approx(answer["score" if part == "contribution" else "versus_score"], abs=1e-5)
    assert answer["features"][1]["value"] == 11.0
    text = answer["modalities"][0]
    assert text["contribution"] > text["versus"]


def test_what_cannot_be_explained_says_how_it_could_be(admin, service, trained):
    baseline = admin.post("/v1/admin/explain", {"text": "mug", "product": "red-mug"})
    assert (baseline.status, "promote a trained ranker" in baseline.body["error"]) == (409, True)
    unknown = service.post("/v1/admin/explain", {"text": "mug", "product": "red-mug", "ranker": trained[1]})
    assert (unknown.status, "ltr serve --rankers" in unknown.body["error"]) == (409, True)
    missing = admin.post("/v1/admin/explain", {"text": "mug", "product": "no-mug", "ranker": trained[1]})
    assert (missing.status, "'no-mug'" in missing.body["problems"][0]["message"]) == (422, True)


def test_grades_become_judgments_that_evaluation_reads(admin, tmp_path):
    for product, grade in {"blue-bowl": 3, "red-bowl": 1, "blue-mug": 2}.items():
        body = {"text": "blue  bowl, large", "product": product, "grade": grade, "author": "Anna"}
        assert admin.put("/v1/admin/grades", body).status == 200
    admin.put("/v1/admin/grades", {"text": "blue bowl, large", "product": "blue-bowl", "grade": 2})
    removed = admin.put("/v1/admin/grades", {"text": "blue bowl, large", "product": "blue-mug", "grade": None})
    assert removed.body["grades"] == {"blue-bowl": 2, "red-bowl": 1}
    assert admin.get("/v1/admin/grades?text=blue%20bowl%2C%20large").body["grades"] == {"blue-bowl": 2, "red-bowl": 1}
    file = admin.get("/v1/admin/qrels")
    assert 'filename="qrels.csv"' in file.headers["content-disposition"]
    assert ",Anna," in file.body.decode()
    (tmp_path / "qrels.csv").write_bytes(file.body)
    qrels = Qrels.read(tmp_path / "qrels.csv")
    (query,) = [one for one in queries_of(qrels) if one.text == "blue bowl, large"]
    assert dict(qrels.for_query(query.id)) == {"blue-bowl": 2, "red-bowl": 1}


@pytest.mark.parametrize(
    ("change", "place"),
    [({"text": " "}, "grade"), ({"product": "no-mug"}, "grade"), ({"grade": 4}, "body.grade"), ({"x": 1}, "body.x")],
)
def test_a_wrong_grade_is_refused(admin, change, place):
    answer = admin.put("/v1/admin/grades", {"text": "mug", "product": "red-mug", "grade": 1, **change})
    assert answer.status == 422
    assert place in (answer.body["error"].split()[0], answer.body["problems"][0]["location"])


@pytest.mark.usefixtures("no_rules")
def test_rules_are_tried_kept_and_undone(admin):
    before = admin.get("/v1/admin/rules").body
    search = {"text": "blue bowl", "size": 5}
    rules = {"rules": [PIN, {"name": "plates", "boost": 90, "where": {"category": "plate"}}]}
    preview = admin.post("/v1/admin/preview", {**search, "rules": rules}).body
    assert ids(preview["right"])[:2] == ["yellow-plate", "red-mug"]
    assert preview["left"]["hits"][0]["id"] == "blue-bowl"
    assert ids(preview["left"]) == [hit["id"] for hit in admin.post("/v1/search", search).body["hits"]]

    kept = admin.put("/v1/admin/rules", {"rules": rules, "after": before["revision"], "author": "Anna"}).body
    assert kept["changes"] == ["added: bowls", "added: plates"]
    assert (kept["revisions"][0]["author"], kept["active"]) == ("Anna", ["bowls", "plates"])
    served = admin.post("/v1/search", search).body
    assert [hit["id"] for hit in served["hits"]] == ids(preview["right"])

    late = admin.put("/v1/admin/rules", {"rules": {}, "after": before["revision"], "author": "Bert"})
    assert (late.status, "by Anna" in late.body["error"]) == (409, True)

    undone = admin.post("/v1/admin/rules/undo", {}).body
    assert undone["changes"] == ["removed: bowls", "removed: plates"]
    assert undone["revisions"][0]["author"] == "local"
    assert admin.post("/v1/search", search).body["hits"][0]["id"] == "blue-bowl"


def test_mistakes_in_rules_are_named_with_their_places_before_anything_is_kept(admin):
    before = admin.get("/v1/admin/rules").body["revision"]
    rules = {
        "rules": [{"name": "a", "boost": 2, "where": {"colour": "red"}}, {"name": "b", "redirect": "javascript:x"}]
    }
    for path, more in (("preview", {"text": "a"}), ("rules", {"after": before})):
        send = admin.post if path == "preview" else admin.put
        answer = send(f"/v1/admin/{path}", {"rules": rules, **more})
        places = [one["location"] for one in answer.body["problems"]]
        assert (answer.status, places) == (422, ["$.rules[1].redirect", "$.rules[0].where.colour"])
    assert admin.get("/v1/admin/rules").body["revision"] == before


@pytest.mark.usefixtures("no_rules")
def test_a_query_leads_where_a_rule_says(admin):
    rules = {"rules": [{"name": "returns", "redirect": "/help/returns", "queries": ["Return"]}]}
    after = admin.get("/v1/admin/rules").body["revision"]
    assert admin.post("/v1/admin/preview", {"text": "return", "rules": rules}).body["right"]["redirect"]
    assert admin.put("/v1/admin/rules", {"rules": rules, "after": after}).status == 200
    assert admin.post("/v1/search", {"text": " RETURN"}).body["redirect"] == "/help/returns"
    assert "redirect" not in admin.post("/v1/search", {"text": "returns"}).body


@pytest.mark.usefixtures("no_rules")
def test_a_boost_is_for_its_queries_alone(admin, shop):
    text = "blue bowl"
    before = admin.post("/v1/search", {"text": text}).body["hits"]
    last = before[-1]
    where = {"brand": last["brand"]}
    rules = {"rules": [{"name": "brand", "boost": 100, "where": where, "queries": ["Blue  Bowl"]}]}
    after = admin.get("/v1/admin/rules").body["revision"]
    right = admin.post("/v1/admin/preview", {"text": text, "rules": rules}).body["right"]
    assert right["hits"][0]["brand"] == last["brand"] != before[0]["brand"]
    assert admin.put("/v1/admin/rules", {"rules": rules, "after": after}).status == 200
    found = admin.post("/v1/search", {"text": text}).body["hits"]
    assert [hit["id"] for hit in found][: len(right["hits"])] == ids(right)
    other = admin.post("/v1/search", {"text": "blue bowl x"}).body["hits"]
    assert other[0]["brand"] == before[0]["brand"]
    assert search(shop, text, ranker="first-pass")[0].id == found[0]["id"]


@pytest.mark.usefixtures("no_rules")
def test_a_query_is_searched_as_the_words_of_a_rule(admin, shop):
    rules = {
        "rules": [
            {"name": "dish", "search_as": "blue bowl", "queries": ["azure dish"]},
            {"name": "first", "pin": ["red-mug"], "queries": ["azure dish"]},
        ]
    }
    answer = admin.post("/v1/admin/preview", {"text": "Azure dish", "rules": rules}).body
    assert "searched_as" not in answer["left"]
    assert answer["right"]["searched_as"] == "blue bowl"
    after = admin.get("/v1/admin/rules").body["revision"]
    assert admin.put("/v1/admin/rules", {"rules": rules, "after": after}).status == 200
    found = admin.post("/v1/search", {"text": "Azure dish"}).body
    meant = admin.post("/v1/search", {"text": "blue bowl"}).body
    shown = [hit["id"] for hit in found["hits"]]
    assert found["searched_as"] == "blue bowl"
    assert shown == ids(answer["right"])[: len(shown)]
    assert shown[0] == "red-mug"
    assert [id_ for id_ in shown if id_ != "red-mug"] == [one for one in ids(meant) if one != "red-mug"][
        : len(shown) - 1
    ]
    assert "searched_as" not in meant
    assert admin.post("/v1/encode", {"text": "Azure dish"}).body == admin.post("/v1/encode", {"text": "blue bowl"}).body
    assert [hit.id for hit in search(shop, "azure dish", ranker="first-pass")] == shown[:10]


@pytest.mark.usefixtures("no_rules")
def test_only_keys_of_scope_admin_reach_it_and_their_name_is_the_author(shop, shop_settings):
    (admin_key, line), (other, second) = new_key("anna", ["admin"]), new_key("shop", ["search", "catalog"])
    settings = shop_settings.model_copy(update={"service_keys": f"{line} {second}"})
    with running_service(ServiceOptions(index=shop.alias), settings, ready=False) as guarded:
        paths = [
            (path, method.upper())
            for path, methods in guarded.get("/openapi.json").body["paths"].items()
            for method in methods
            if path.startswith("/v1/admin/")
        ]
        assert len(paths) == 10
        page = guarded.app.state.service.configuration.page_key
        for path, method in paths:
            statuses = [
                guarded._send(method, path, headers={"X-API-Key": key} if key else {}, body=json.dumps({})).status
                for key in ("", other, page)
            ]
            assert statuses == [401, 403, 403], path
        after = guarded.get("/v1/admin/rules", **{"X-API-Key": admin_key}).body["revision"]
        body = {"rules": {"rules": [PIN]}, "after": after, "author": "somebody else"}
        kept = guarded.put("/v1/admin/rules", body, **{"X-API-Key": admin_key}).body
    assert kept["revisions"][0]["author"] == "anna"
