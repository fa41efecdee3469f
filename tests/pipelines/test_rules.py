"""Rules on the live cluster: orders of pages by a ranker and by BM25, on one shard and on three; and revisions."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from time import sleep

import numpy as np
import pytest
import yaml
from ltr_command import ltr_here as ltr
from together import together

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.feature_store import FeatureStore, push_features
from ltr_plugin.cluster.profiles import put_profile
from ltr_plugin.cluster.releases import ReleaseHistory, read_template, write_template
from ltr_plugin.cluster.rules import all_revisions, latest_rules, read_rules
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.pipelines.releases import promote, rollback
from ltr_plugin.pipelines.rules import apply_rules, check_rules, put_rules, undo_rules
from ltr_plugin.pipelines.search import search
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.rule_rescoring import IN_STOCK_FACTOR, with_rules
from ltr_plugin.rankers.export.exported_model import Export

pytestmark = pytest.mark.live

MATCHES, WINDOW = 117, 25
BRANDS = ("Nordvik", "Oak & Co", "{{text}}{{#toJson}}filters{{/toJson}}")

MAPPING = {
    "id": {"type": "keyword"},
    "title": {"type": "text"},
    "brand": {"type": "keyword"},
    "price": {"type": "float"},
    "stock": {"type": "integer"},
    "sold": {"type": "integer"},
    "available": {"type": "boolean"},
    "released": {"type": "date"},
}
PROFILE = {
    "product": {"id": "id", "title": "title", "stock": "stock"},
    "text_fields": ["title"],
    "returned_fields": ["title", "price"],
    "first_pass": {"window": WINDOW},
    "filters": [
        {"name": "brand", "field": "brand", "type": "keyword"},
        {"name": "price", "field": "price", "type": "number"},
        {"name": "released", "field": "released", "type": "date"},
        {"name": "available", "field": "available", "type": "boolean"},
    ],
}
STOCK = {"name": "stock", "in_stock_first": True}
NORDVIK = {"name": "nordvik", "boost": 1.6931, "where": {"brand": ["Nordvik", "none"]}}
CHEAP = {"name": "cheap", "bury": 0.02, "where": {"price": {"max": 40}, "available": True}}
BRACES = {"name": "braces", "boost": 30.17, "where": {"brand": BRANDS[2]}}
NEW = {"name": "new", "boost": 2.519, "where": {"released": {"min": "2026-03-01"}}}


def product(n):
    """`mug` stands in titles 1 to 9 times, beside 0 to 12 other words, so no two have one score in a shard."""
    stock = {} if n % 5 == 0 else {"stock": (0, 3, -1, 12)[n % 4]}
    title = " ".join(["mug"] * (1 + n % 9) + [f"w{n}x{i}" for i in range(n // 9)])
    facts = {"brand": BRANDS[n % 3], "price": n, "sold": n * 37 % MATCHES, "available": n % 2 == 0}
    return {"id": f"p{n}", "title": title, "released": f"2026-{1 + n % 6:02}-01", **facts, **stock}


PRODUCTS = {f"p{n}": product(n) for n in range(MATCHES)}
CUPS = {f"c{n}": {"id": f"c{n}", "title": f"cup {n}", "brand": "Oak & Co", "price": 5} for n in range(3)}


def factor(names, one):
    """What rules multiply a product's score by."""
    value = 1.0
    if "nordvik" in names and one["brand"] == "Nordvik":
        value *= 1.6931
    if "cheap" in names and one["price"] <= 40 and one["available"]:
        value *= 0.02
    if "braces" in names and one["brand"] == BRANDS[2]:
        value *= 30.17
    if "new" in names and one["released"] >= "2026-03-01":
        value *= 2.519
    return value * (IN_STOCK_FACTOR if "stock" in names and one.get("stock", 0) > 0 else 1)


@pytest.fixture(scope="module", params=[1, 3], ids=["one shard", "three shards"])
def shop(request, node_url):
    """An index of a shop's own, of which 117 products match `mug`, with its kept profile."""
    cluster = connect(node_url)
    name = f"rules-{uuid.uuid4().hex[:8]}"
    settings = {"index": {"number_of_shards": request.param}}
    cluster.call("PUT", f"/{name}", {"settings": settings, "mappings": {"properties": MAPPING}})
    everything = PRODUCTS | CUPS
    lines = "".join(f'{{"index": {{"_id": "d{id_}"}}}}\n{json.dumps(one)}\n' for id_, one in everything.items())
    assert not cluster.call("POST", f"/{name}/_bulk", lines, refresh=True)["errors"]
    put_profile(cluster, name, IndexProfile.model_validate(PROFILE))
    rate = "script.context.template.max_compilations_rate"  # each set of rules is a template of its own
    cluster.call("PUT", "/_cluster/settings", {"transient": {rate: "5000/1m"}})
    yield cluster.index(name)
    cluster.call("PUT", "/_cluster/settings", {"transient": {rate: None}})
    cluster.call("DELETE", f"/{name}")


@pytest.fixture
def template(shop):
    name = f"{shop.alias}-{uuid.uuid4().hex[:8]}"
    yield name
    shop.cluster.call("DELETE", f"/_scripts/{name}")


@pytest.fixture(scope="module")
def model(shop):
    """A ranker by sold products whose sums are below and above 0, in the order of `sold`."""
    features = FeatureSet.model_validate(
        {
            "name": f"t{uuid.uuid4().hex[:8]}",
            "version": 1,
            "features": [
                {"name": "sold", "kind": "field_value", "modality": "behaviour", "field": "sold"},
                {"name": "typed", "kind": "query_flag", "modality": "query", "parameter": "text"},
            ],
        }
    )
    push_features(shop, features)
    export = Export.of_sum({"sold": 0.2503, "typed": -12.0}, prefix="test")
    store, name = FeatureStore(shop.cluster), f"{shop.alias}-model"
    store.put_model(name, export.with_derived_features(features), export.model())
    yield name
    store.delete_model(name)


@pytest.fixture
def rules_file(tmp_path):
    def write(*rules, **head):
        path = tmp_path / f"{uuid.uuid4().hex}.yaml"
        path.write_text(yaml.safe_dump({**head, "rules": list(rules)}, allow_unicode=True))
        return path

    return write


@pytest.fixture
def put(shop, rules_file):
    """Puts these rules in place of all."""
    return lambda *rules, **head: put_rules(shop, rules_file(*rules, **head), author="anna")


def shards(shop):
    """The shard of each product, by id."""
    count = int(shop.cluster.call("GET", f"/{shop.name}/_settings")[shop.name]["settings"]["index"]["number_of_shards"])
    body = {"size": 500, "_source": ["id"]}
    found = {
        shard: shop.cluster.call("POST", f"/{shop.name}/_search", body, preference=f"_shards:{shard}")["hits"]["hits"]
        for shard in range(count)
    }
    return {hit["_source"]["id"]: shard for shard, hits in found.items() for hit in hits}


def in_window(shop, first_pass):
    """Of the ids in first-pass order those that a ranker scores: the first WINDOW of each shard."""
    shard, seen = shards(shop), {}
    for id_ in first_pass:
        seen.setdefault(shard[id_], []).append(id_)
    return {id_ for ids in seen.values() for id_ in ids[:WINDOW]}


def ids(hits):
    return [hit.id for hit in hits]


def first_pass(shop):
    return ids(search(shop, "mug", size=200, rules=False))


def paged(shop, text, ranker, size, **asked):
    pages = [search(shop, text, ranker=ranker, start=n, size=size, **asked) for n in range(0, MATCHES + size, size)]
    return [hit.id for page in pages for hit in page]


def expected(shop, plain, names):
    """The order of all products: the window by score and factor, then the others as they were."""
    order = ids(plain)
    window = in_window(shop, first_pass(shop))
    scores = {hit.id: hit.score * factor(names, PRODUCTS[hit.id]) for hit in plain}
    front = sorted((id_ for id_ in order if id_ in window), key=lambda id_: -scores[id_])
    return front + [id_ for id_ in order if id_ not in window]


SETS = {
    "in stock": [STOCK],
    "boost": [NORDVIK],
    "bury": [CHEAP],
    "boosts": [BRACES, NEW, NORDVIK],
    "all": [STOCK, NORDVIK, CHEAP, BRACES, NEW],
}


@pytest.mark.parametrize("kind", ["bm25", "model"])
@pytest.mark.parametrize("rules", SETS.values(), ids=SETS)
def test_rules_change_the_order_of_the_window_and_of_nothing_else(shop, model, put, rules, kind):
    ranker = model if kind == "model" else kind
    put(*rules)
    plain = search(shop, "mug", ranker=ranker, size=200, rules=False)
    ranked = search(shop, "mug", ranker=ranker, size=200)
    wanted = expected(shop, plain, {rule["name"] for rule in rules})
    assert ids(ranked) == wanted != ids(plain)
    assert ranked.total == plain.total == MATCHES
    assert np.isfinite([hit.score for hit in ranked]).all()
    for size in (7, 20):
        assert paged(shop, "mug", ranker, size) == wanted


def test_everything_in_stock_comes_before_everything_else_in_the_window(shop, model, put):
    put(STOCK, {"name": "most", "boost": 100, "where": {"price": {"max": 60}}}, CHEAP)
    window = in_window(shop, first_pass(shop))
    for ranker in ("bm25", "random", model):
        front = [id_ for id_ in ids(search(shop, "mug", ranker=ranker, size=200)) if id_ in window]
        in_stock = [PRODUCTS[id_].get("stock", 0) > 0 for id_ in front]
        assert in_stock == sorted(in_stock, reverse=True)
        assert len(set(in_stock)) == 2


def test_features_are_logged_as_without_rules(shop, model, put):
    put(STOCK, NORDVIK, PIN)
    plain = search(shop, "mug", ranker=model, size=200, log_features=True, rules=False)
    logged = {hit.id: hit.features for hit in plain if hit.features}
    ranked = search(shop, "mug", ranker=model, size=WINDOW, log_features=True)
    assert ranked[0].features["features"]["sold"] == 0  # a cup
    assert all(hit.features == logged[hit.id] for hit in ranked if hit.id in logged)
    assert len([hit for hit in ranked if hit.id in logged]) > 10


def test_products_with_a_score_of_0_are_raised_too(shop, rules_file):
    profile = IndexProfile.model_validate(PROFILE | {"text_fields": ["title^0"], "first_pass": {"window": 200}})
    flat = shop.cluster.index(shop.alias, profile=profile)
    put_rules(shop, rules_file(STOCK, NORDVIK))
    hits = search(flat, "mug", size=200)
    kinds = [(PRODUCTS[hit.id].get("stock", 0) > 0, PRODUCTS[hit.id]["brand"] == "Nordvik") for hit in hits]
    assert kinds == sorted(kinds, reverse=True)
    assert len(set(kinds)) == 4


def test_where_the_stock_is_true_or_false(shop, rules_file):
    product_fields = PROFILE["product"] | {"stock": "available"}
    profile = IndexProfile.model_validate(PROFILE | {"product": product_fields, "first_pass": {"window": 200}})
    put_rules(shop, rules_file(STOCK))
    other = shop.cluster.index(shop.alias, profile=profile)
    available = [PRODUCTS[hit.id]["available"] for hit in search(other, "mug", size=200)]
    assert available == sorted(available, reverse=True)


def test_boosts_and_buries_of_a_product_are_limited(shop, put):
    put(*({"name": f"b{n}", "boost": 100, "where": {"brand": "Nordvik"}} for n in range(12)))
    plain = {hit.id: hit.score for hit in search(shop, "mug", size=200, rules=False)}
    for hit in search(shop, "mug", size=WINDOW):
        limit = 1e4 if PRODUCTS[hit.id]["brand"] == "Nordvik" else 1
        assert hit.score == pytest.approx(limit * plain[hit.id], rel=1e-6)
    put(*({"name": f"b{n}", "bury": 0.01, "where": {"price": {"min": 0}}} for n in range(12)))
    for hit in search(shop, "mug", size=WINDOW):
        assert hit.score == pytest.approx(1e-4 * plain[hit.id], rel=1e-6)


PIN = {"name": "pins", "pin": ["c1", "p116", "p3", "c0", "gone"], "queries": ["Mug", "straße"]}


@pytest.mark.parametrize("kind", ["bm25", "random", "model"])
def test_pins_come_first_in_their_order_on_every_page(shop, model, put, kind):
    ranker = model if kind == "model" else kind
    changed = put(STOCK, NORDVIK, PIN)
    assert list(map(str, changed.warnings)) == ["$.rules[2].pin[4]  the index has no product 'gone'"]
    hits = search(shop, "  MUG ", ranker=ranker, size=200)
    assert ids(hits)[:4] == ["c1", "p116", "p3", "c0"]
    assert sorted(ids(hits)) == sorted([*PRODUCTS, "c0", "c1"])
    assert np.isfinite([hit.score for hit in hits]).all()
    assert paged(shop, "mug", ranker, 2)[:8] == ids(hits)[:8]
    assert paged(shop, "mug", ranker, 11) == ids(hits)


def test_a_pinned_product_that_is_filtered_out_stays_out(shop, put):
    put(PIN)
    assert ids(search(shop, "mug", filters={"brand": "Oak & Co"}))[:2] == ["c1", "c0"]
    assert ids(search(shop, "mug", filters={"price": (3, 3)})) == ["p3"]


def test_other_queries_have_no_pins_and_a_sorted_page_has_no_rules(shop, put):
    put(PIN, STOCK, NORDVIK)
    assert not {"c0", "c1"} & set(ids(search(shop, "mug w9x0", size=200)))
    assert ids(search(shop, "STRASSE")) == ["c1", "p116", "p3", "c0"]
    by_price = search(shop, "mug", sort="price:desc", size=200)
    assert ids(by_price) == ids(search(shop, "mug", sort="price:desc", size=200, rules=False))
    assert ids(search(shop, "")) != ids(search(shop, "", rules=False))  # browsing has rules too


def storefront(shop, template, **params):
    body = {"id": template, "params": {"text": "mug", "size": 200, **params}}
    hits = shop.cluster.call("POST", f"/{shop.alias}/_search/template", body)["hits"]["hits"]
    return [hit["_source"]["id"] for hit in hits]


def test_storefronts_are_served_by_the_rules_whatever_release_they_get(shop, model, put, template):
    put(STOCK, NORDVIK)
    first, second = promote(shop, model, template), promote(shop, "bm25", template)
    assert (first.number, second.number) == (1, 2)
    assert storefront(shop, template) == ids(search(shop, "mug", size=200))
    (served,) = put(CHEAP).served
    assert (served.template, served.number, served.ranker, served.written) == (template, 2, "bm25", True)
    assert storefront(shop, template) == ids(search(shop, "mug", size=200))
    rollback(shop.cluster, template)
    by_model = ids(search(shop, "mug", ranker=model, size=200))
    assert storefront(shop, template) == by_model
    pins = ["p9", "c2", "p9", "p100"]
    assert storefront(shop, template, pins=pins)[:3] == ["p9", "c2", "p100"]
    assert storefront(shop, template, pins=[]) == storefront(shop, template, pins="p9") == by_model
    with pytest.raises(ClusterError) as refused:
        storefront(shop, template, pins=[f"p{n}" for n in range(5000)])
    assert refused.value.status == 400
    assert storefront(shop, template, sort_price="asc", pins=pins) == list(PRODUCTS)
    (served,) = undo_rules(shop).served
    assert (served.number, served.written) == (1, True)  # the release that was put back stays
    assert storefront(shop, template) == ids(search(shop, "mug", ranker=model, size=200)) != by_model
    put()
    assert storefront(shop, template) == ids(search(shop, "mug", ranker=model, size=200, rules=False))
    assert promote(shop, "bm25", template).number == 3
    history = ReleaseHistory(shop.cluster, template)
    assert history.current()["number"] == 3
    assert read_template(shop.cluster, template) == history.current()["text"]


def test_rules_begin_and_end_when_they_are_applied(shop, put, template):
    promote(shop, "bm25", template)
    begin = datetime.now(UTC) + timedelta(seconds=3)
    put({**STOCK, "start": begin, "end": begin + timedelta(seconds=3)}, {**CHEAP, "end": "2026-01-01"})
    plain = ids(search(shop, "mug", size=200, rules=False))
    assert storefront(shop, template) == ids(search(shop, "mug", size=200)) == plain

    def written():
        return {one.template: one.written for one in apply_rules(shop)}[template]

    assert not written()
    sleep((begin - datetime.now(UTC)).total_seconds() + 0.1)
    in_stock = ids(search(shop, "mug", size=200))
    assert storefront(shop, template) == plain != in_stock
    assert written()
    assert storefront(shop, template) == in_stock
    assert not written()
    sleep((begin - datetime.now(UTC)).total_seconds() + 3.1)
    assert written()
    assert storefront(shop, template) == ids(search(shop, "mug", size=200)) == plain


def test_undo_goes_one_revision_back_each_time(shop, rules_file):
    name = shop.alias
    start = latest_rules(shop.cluster, name)
    first = start.number if start else 0
    for rule in (STOCK, NORDVIK, CHEAP):
        put_rules(shop, rules_file(rule), author="anna")
    assert not put_rules(shop, rules_file(CHEAP), author="ben").written
    undone = undo_rules(shop, author="ben")
    assert (undone.revision.number, undone.revision.restores) == (first + 4, first + 2)
    assert (undone.before.number, undone.before.author, undone.revision.author) == (first + 3, "anna", "ben")
    assert undone.changes == ("added: nordvik", "removed: cheap")
    again = undo_rules(shop, author="ben")
    assert (again.revision.number, again.revision.restores) == (first + 5, first + 1)
    assert [rule.name for rule in again.revision.rules.rules] == ["stock"]
    put_rules(shop, rules_file(NEW), author="anna")
    back = undo_rules(shop)
    assert (back.revision.number, back.revision.restores) == (first + 7, first + 1)
    numbers = [one.number for one in all_revisions(shop.cluster, name)]
    assert numbers == list(range(first + 7, 0, -1))
    assert read_rules(shop.cluster, name, first + 3).rules.rules[0].name == "cheap"
    with pytest.raises(InputError, match=f"no revision 99, but 1 to {first + 7}"):
        read_rules(shop.cluster, name, 99)


def test_before_the_first_rules_there_are_none(node_url, rules_file):
    cluster, name = connect(node_url), f"rules-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", {"mappings": {"properties": MAPPING}})
    try:
        index = cluster.index(name, profile=IndexProfile.model_validate(PROFILE))
        with pytest.raises(InputError, match="nothing to undo"):
            undo_rules(index)
        put_rules(index, rules_file(STOCK))
        assert undo_rules(index).revision.rules.rules == ()
        with pytest.raises(InputError, match="nothing to undo"):
            undo_rules(index)
        assert put_rules(index, rules_file(STOCK), after=2).revision.number == 3
        with pytest.raises(InputError, match="the latest is not revision 2, but revision 3 by"):
            put_rules(index, rules_file(NORDVIK), after=2)
    finally:
        cluster.call("DELETE", f"/{name}")


def test_of_several_authors_at_once_all_have_a_revision_and_the_latest_serves(shop, model, rules_file, template):
    promote(shop, "bm25", template)
    promote(shop, model, template)
    before = latest_rules(shop.cluster, shop.alias)
    rules = [{**NORDVIK, "name": f"by {n}", "boost": 1.5 + n} for n in range(6)]
    puts = [partial(put_rules, shop, rules_file(rule), author=f"author {n}") for n, rule in enumerate(rules)]
    others = [partial(rollback, shop.cluster, template, 1), partial(promote, shop, model, template)]
    done = together(*puts, *others)
    assert not [one for one in done if isinstance(one, Exception)]
    numbers = sorted(one.revision.number for one in done[: len(puts)])
    assert numbers == [before.number + n for n in range(1, 7)]
    latest, current = latest_rules(shop.cluster, shop.alias), ReleaseHistory(shop.cluster, template).current()
    wanted = with_rules(current["text"], latest.rules.active(), shop.profile, shop.mapping)
    assert read_template(shop.cluster, template) == wanted


def test_a_release_of_an_earlier_version_serves_without_rules_and_is_named(shop, put, template):
    promote(shop, "bm25", template)
    history = ReleaseHistory(shop.cluster, template)
    text = history.current()["text"].replace('"release": 1', '"release": 2').replace("{{! rules over", "{{! none over")
    history.create(2, index=shop.alias, text=text)
    write_template(shop.cluster, template, text)
    served = {one.template: one for one in put(STOCK).served}
    assert (served[template].written, served[template].takes_rules) == (False, False)
    promote(shop, "bm25", template)
    assert {one.template: one.takes_rules for one in apply_rules(shop)}[template]


def test_rules_that_are_too_long_for_a_template_are_refused_and_not_kept(shop, put, rules_file):
    put(STOCK)
    before = latest_rules(shop.cluster, shop.alias)
    brands = [f"brand of {n:05}" for n in range(5000)]
    far = {"name": "far", "boost": 2, "where": {"brand": brands}, "start": "2030-01-01"}
    with pytest.raises(InputError, match=r"characters, more than the cluster takes \(script.max_size_in_bytes"):
        put_rules(shop, rules_file(STOCK, far))
    assert latest_rules(shop.cluster, shop.alias) == before


def test_a_rule_whose_filter_the_profile_lost_has_no_effect(shop, put):
    put(NORDVIK, CHEAP)
    filters = [one for one in PROFILE["filters"] if one["name"] != "available"]
    other = shop.cluster.index(shop.alias, profile=IndexProfile.model_validate(PROFILE | {"filters": filters}))
    without = ids(search(other, "mug", size=200))
    put(NORDVIK)
    assert without == ids(search(shop, "mug", size=200))


def test_every_mistake_is_said_at_once(shop, tmp_path, node_url):
    path = tmp_path / "rules.yaml"
    path.write_text(
        """
rules:
  - {name: one, boost: 2, where: {brnd: [Nordvik], price: {min: ten, mx: 3}}}
  - {name: two, bury: 2, where: {brand: Nordvik}}
  - {name: one, pin: [0123], queries: mug}
  - {name: one, pin: ["1"], queries: mug, colour: red}
  - {name: four, in_stock_first: true, start: 2026-05-02, end: 2026-05-01}
  - {name: five, boost: 2, where: {price: [10, 20], available: "yes"}}
  - {name: four, in_stock_first: true}
  - {name: six, pin: ["1"], queries: mug, bury: 0.5}
"""
    )
    environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}
    code, _, err = ltr("rules", "put", path, "--index", shop.alias, **environment)
    assert code == 2
    for said in (
        "$.rules[0].where.brnd  the profile has no such filter; it has brand, price, released, available",
        "$.rules[0].where.price.mx  a range has min and max",
        "$.rules[0].where.price  'ten' is no number",
        "$.rules[1].bury  ",
        "$.rules[2].pin[0]  83 is a number; write it in quotes",
        "$.rules[3].colour  unknown key",
        "$.rules[4].end  2026-05-01 is before its start, 2026-05-02",
        "$.rules[5].where.price  write a range as {min: 10, max: 20}",
        "$.rules[5].where.available  'yes' is not true or false",
        "$.rules[6].name  rule 4 is called 'four' too",
        "$.rules[7]  a rule has exactly one of in_stock_first, boost, bury, pin, redirect, search_as, not bury and pin",
    ):
        assert said in err
    assert "11 problems" in err


def test_the_commands_check_put_show_undo_and_apply(shop, rules_file, node_url, tmp_path):
    environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}

    def run(*arguments, expected=0):
        code, out, err = ltr("rules", *arguments, "--index", shop.alias, **environment)
        assert code == expected, err
        return out, err

    nobody = {"name": "nobody", "boost": 2, "where": {"brand": "Nobody"}}
    later = {**STOCK, "start": "2030-01-01"}
    out, err = run("check", rules_file(nobody, later, PIN))
    assert "stock: in_stock_first, from 2030-01-01" in out
    assert err.splitlines() == [
        "warning: $.rules[2].pin[4]  the index has no product 'gone'",
        "warning: $.rules[0].where  the index has no such product",
    ]
    out, _ = run("put", rules_file(NORDVIK, time_zone="Europe/Berlin"), "--author", "Anna B.")
    assert "has these rules now, revision" in out
    out, _ = run("put", rules_file(NORDVIK, later), "--author", "ben")
    assert "  added: stock" in out
    assert "by Anna B., 20" in out
    shown, _ = run("show")
    assert "nordvik: boost, holds now" in shown
    again = tmp_path / "again.yaml"
    again.write_text(shown)
    assert "has these rules already" in run("put", again)[0]
    undone, _ = run("undo")
    assert "again, as revision" in undone
    assert "  removed: stock" in undone
    assert yaml.safe_load(run("show")[0])["time_zone"] == "Europe/Berlin"
    assert "by Anna B." in run("show", "--all")[0]
    assert f"no search template ranks {shop.alias}" in run("apply")[0]


def test_rules_need_a_stock_that_the_profile_names(shop, rules_file):
    product_fields = {"id": "id", "title": "title"}
    other = shop.cluster.index(shop.alias, profile=IndexProfile.model_validate(PROFILE | {"product": product_fields}))
    with pytest.raises(InputError, match=r"\$\.rules\[0\]\.in_stock_first  the profile does not say"):
        check_rules(other, rules_file(STOCK))
