"""Words of any language are found by BM25 alone: their forms, the parts of compounds, and spellings of accents."""

import json
import unicodedata
import uuid

import pytest
import yaml
from ltr_command import ltr_here

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.analysis_choices import choices_of
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.cluster.search import msearch, msearch_template
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.pipelines.search import search
from ltr_plugin.queries.retrieval import Retrieval
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
def cluster(node_url):
    return OpenSearchCluster(node_url)


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
    template = {"source": search_template(Retrieval(index.profile), BASELINES["bm25"])}
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
