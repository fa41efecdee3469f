"""Products with texts in several languages, in an index of this library and in a shop's own: each search is in one."""

import json
import uuid

import pytest

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.profile_file import read_profile
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.pipelines.search import search
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.rule_rescoring import where_clauses
from ltr_plugin.queries.rules import Rule
from ltr_plugin.rankers.linear import train_linear

pytestmark = pytest.mark.live

PROFILE = """
languages: {fr: french, de: german}
fields:
  - {name: care, type: text}
"""

PRODUCTS = [
    {
        "id": "1",
        "title": {"de": "Jacke rot", "fr": "veste rouge"},
        "category": {"de": ["Kleidung"], "fr": ["Vêtements"]},
    },
    {"id": "2", "title": {"de": "Hose blau", "fr": "pantalon bleu"}, "category": {"de": ["Kleidung"]}},
    {"id": "3", "title": "tasse", "brand": "Mira", "care": {"de": "Von Hand spülen", "fr": "laver à la main"}},
    {"id": "4", "title": {"de": "Tasse"}, "description": {"de": "Eine Tasse für die Jacke"}},
]

FEATURES = """
name: bilingual
version: 1
features:
  - {name: title_bm25, kind: match, modality: text, field: "title.{language}.stem"}
  - {name: title_phrase, kind: phrase, modality: text, field: "title.{language}"}
  - name: all_bm25
    kind: multi_match
    modality: text
    fields: ["title.{language}.stem", "description.{language}.stem", brand]
"""

JUDGMENTS = {"jacke": ("de", {"1": 3, "4": 1, "2": 0}), "vestes": ("fr", {"1": 3, "2": 0}), "tasse": ("de", {"4": 3})}


@pytest.fixture(scope="module")
def shop(ltr, tmp_path_factory):
    """The name of an index of these products."""
    folder, name = tmp_path_factory.mktemp("languages"), f"languages-{uuid.uuid4().hex[:8]}"
    (folder / "index.yaml").write_text(PROFILE)
    (folder / "catalog.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in PRODUCTS))
    made = ltr("index", "create", name, "--profile", folder / "index.yaml", "--text-encoder", "none")
    assert made[0] == 0, made
    put = ltr("catalog", "put", folder / "catalog.jsonl", "--index", name)
    assert put[0] == 0, put
    yield name
    assert ltr("index", "drop", name, "--all", "--yes")[0] == 0


@pytest.fixture(scope="module")
def own(cluster):
    """The name of a shop's own index, with a field for each language."""
    name = f"laden-{uuid.uuid4().hex[:8]}"
    text = {"type": "text"}
    fields = {
        "titel_de": {**text, "analyzer": "german"},
        "titel_fr": {**text, "analyzer": "french"},
        "marke": {"type": "keyword"},
        "rubrik_de": {"type": "keyword"},
        "rubrik_fr": {"type": "keyword"},
    }
    cluster.call("PUT", f"/{name}", {"mappings": {"properties": fields}})
    documents = {
        "a": {"titel_de": "Jacken rot", "titel_fr": "vestes rouges", "rubrik_de": "Kleidung", "rubrik_fr": "Vêtements"},
        "b": {"titel_de": "Hose", "titel_fr": "pantalon", "rubrik_de": "Kleidung", "rubrik_fr": "Vêtements"},
    }
    for id_, document in documents.items():
        cluster.call("PUT", f"/{name}/_doc/{id_}", document, refresh="true")
    yield name
    cluster.call("DELETE", f"/{name}")


def test_the_draft_of_a_profile_has_fields_by_language(own, ltr, tmp_path):
    drafted = ltr("profile", "init", "--index", own, "--out", tmp_path / "draft.yaml")
    assert drafted[0] == 0, drafted
    profile = read_profile(tmp_path / "draft.yaml")
    assert dict(profile.languages) == {"de": "german", "fr": "french"}
    assert profile.product.title == "titel_{language}"
    assert profile.text_fields[0] == "titel_{language}^3"
    assert not [field for field in profile.text_fields if field.startswith(("titel_de", "titel_fr"))]
    assert ltr("profile", "check", tmp_path / "draft.yaml", "--index", own)[0] == 0


def ids(index, text, language=None, **options):
    return [hit.id for hit in search(index, text, language=language, **options)]


def test_each_language_is_searched_by_its_own_words(cluster, shop):
    index = Index.open(cluster, shop)
    assert ids(index, "Jacken", "de") == ["1", "4"]
    assert ids(index, "vestes", "fr") == ids(index, "vestes") == ["1"]
    assert ids(index, "Jacken") == ids(index, "vestes", "de") == []
    assert ids(index, "tasses") == ["3"]  # the plain title is in the default language
    assert ids(index, "spülen", "de") == ids(index, "mira", "de") == ["3"]
    found = search(index, "Jacken", language="de", facets=True, highlight=True)
    assert found[0].highlight["title.de.stem"] == ["<em>Jacke</em> rot"]
    assert [(bucket.value, bucket.count) for bucket in found.facets["category"]] == [("Kleidung", 1)]
    assert found[0].source["title"] == PRODUCTS[0]["title"]
    assert ids(index, "", "fr", filters={"category": "Vêtements"}) == ["1"]
    rule = Rule(name="clothes", boost=2, where={"category": "Vêtements"})
    assert [list(clause["terms"]) for clause in where_clauses(rule, index.profile)] == [["category.fr.keyword"]]


def test_an_unknown_language_is_refused_here_and_by_the_cluster(cluster, shop, ltr):
    index = Index.open(cluster, shop)
    with pytest.raises(InputError, match="'it' is no language of the profile; it has fr, de"):
        search(index, "giacca", language="it")
    with pytest.raises(InputError, match=r"query q \$\.language  'it' is no language"):
        encode(index, [Query(id="q", text="giacca", language="it")])
    status, _, err = ltr("search", "giacca", "--language", "it", "--index", shop)
    assert (status, "no language of the profile" in err) == (2, True)
    promote(index, "bm25")
    for language in ("it", "*", "d e", ["de"], {"de": 1}):
        with pytest.raises(ClusterError, match=r"title\.") as refused:
            stored(cluster, shop, {"text": "Jacke", "language": language})
        assert refused.value.status == 400
    assert stored(cluster, shop, {"text": "Jacken", "language": "de"}) == ["1", "4"]
    assert (
        stored(cluster, shop, {"text": "vestes"}) == stored(cluster, shop, {"text": "vestes", "language": ""}) == ["1"]
    )


def stored(cluster, name, params):
    response = cluster.call("POST", f"/{name}/_search/template", {"id": name, "params": params})
    return [hit["_id"] for hit in response["hits"]["hits"]]


def test_texts_are_checked_and_updated_by_language(cluster, shop):
    client = CatalogClient(shop, cluster=cluster)
    wrong = [
        {"id": "8", "title": {"it": "giacca"}},
        {"id": "9", "title": {"de": 3}},
        {"id": "10", "title": "tasse", "category": {"de": "Tassen"}},
        {"id": "11", "title": {}},
        {"id": "12", "title": "tasse", "brand": {"de": "Mira"}},
    ]
    reasons = {one.id: one.reason for one in client.put(wrong).refused}
    assert reasons["8"] == "$.title  'it' is no language of the index, which has fr, de"
    assert reasons["9"].startswith("$.title  de: 3 is no text")
    assert reasons["10"].startswith("$.category  de: 'Tassen' is no list of texts")
    assert "a product needs a title" in reasons["11"]
    assert "; only title, description, category" in reasons["12"]

    client.put([{"id": "5", "title": {"de": "Krug", "fr": "cruche"}, "description": "grande"}])
    client.update([{"id": "5", "title": {"de": "Kanne"}, "description": {"fr": None, "de": "groß"}, "care": "sec"}])
    product = ManagedIndex.open(cluster, shop).fetch(["5"])[0].product
    assert (product.title, product.description) == ({"fr": "cruche", "de": "Kanne"}, {"de": "groß"})
    assert product.care == {"fr": "sec"}
    assert product.embedding_text() == "cruche. groß"
    client.update([{"id": "5", "title": "pichet", "care": None}])
    product = ManagedIndex.open(cluster, shop).fetch(["5"])[0].product
    assert (product.title, product.care) == ({"fr": "pichet", "de": "Kanne"}, None)
    assert (
        client.update([{"id": "5", "title": {"xx": "x"}}]).refused[0].reason.startswith("$.title  'xx' is no language")
    )
    client.delete(["5"])


def test_products_are_shown_in_the_language_of_the_query_or_another_one_that_they_have(cluster, shop, ltr):
    index = Index.open(cluster, shop)
    assert {id_: one.title for id_, one in index.products(["1", "3", "4"], "de").items()} == {
        "1": "Jacke rot", "3": "tasse", "4": "Tasse",
    }  # fmt: skip
    assert index.products(["1"])["1"].title == "veste rouge"
    assert "Jacke rot" in ltr("search", "Jacken", "--language", "de", "--index", shop)[1]


def test_another_version_has_the_texts_in_its_languages(cluster, ltr, tmp_path):
    name, file = f"languages-{uuid.uuid4().hex[:8]}", tmp_path / "index.yaml"
    (tmp_path / "catalog.jsonl").write_text('{"id": "1", "title": "Jacke", "category": ["Kleidung"]}\n')
    assert ltr("index", "create", name, "--text-encoder", "none")[0] == 0
    assert ltr("catalog", "put", tmp_path / "catalog.jsonl", "--index", name)[0] == 0
    titles = []
    for languages in ("{de: german, fr: french}", "{fr: french, de: german}", "{}"):
        file.write_text(f"languages: {languages}\n")
        made = ltr("index", "create", name, "--profile", file)
        assert made[0] == 0, made
        if not titles:
            assert CatalogClient(name, cluster=cluster).update([{"id": "1", "title": {"fr": "veste"}}]).applied == 1
        titles.append(ManagedIndex.open(cluster, name).fetch(["1"])[0].product.title)
    assert titles == [{"de": "Jacke", "fr": "veste"}, {"fr": "veste", "de": "Jacke"}, "veste"]
    assert [*titles[1]] == ["fr", "de"]
    assert ltr("index", "drop", name, "--all", "--yes")[0] == 0


def test_a_ranker_reads_the_features_of_the_language_of_each_query(cluster, shop, ltr, tmp_path):
    index = Index.open(cluster, shop)
    written = ltr("features", "init", "--index", shop, "--out", tmp_path / "starting.yaml")
    assert written[0] == 0, written
    assert "field: title.{language}.stem" in (tmp_path / "starting.yaml").read_text().replace('"', "").replace("'", "")
    assert ltr("features", "check", tmp_path / "starting.yaml", "--index", shop)[0] == 0

    (tmp_path / "features.yaml").write_text(FEATURES)
    features = FeatureSet.load(tmp_path / "features.yaml")
    lines = [{"id": text, "text": text, "language": language} for text, (language, _) in JUDGMENTS.items()]
    (tmp_path / "queries.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    grades = [(text, id_, grade) for text, (_, grades) in JUDGMENTS.items() for id_, grade in grades.items()]
    (tmp_path / "qrels.txt").write_text("".join(f"{text} 0 {id_} {grade}\n" for text, id_, grade in grades))
    out = tmp_path / "table.parquet"
    log_features(index, features, tmp_path / "queries.jsonl", tmp_path / "qrels.txt", out, negatives=2)
    table = FeatureTable.read(out)
    values = {
        (query, product): dict(zip(table.feature_names, row, strict=True))
        for query, product, row in zip(table.queries, table.products, table.values, strict=True)
    }
    assert values["jacke", "1"]["title_bm25"] > 0
    assert values["vestes", "1"]["title_bm25"] > 0
    assert values["jacke", "4"]["all_bm25"] > 0
    ranker = train_linear(table)
    pushed = push(index, ranker)
    assert pushed.parity.passed
    promote(index, ranker)
    assert stored(cluster, shop, {"text": "Jacken", "language": "de"})[0] == "1"
    assert stored(cluster, shop, {"text": "vestes"}) == ["1"]


def test_a_shops_own_index_has_a_field_for_each_language(cluster, own, ltr, tmp_path):
    file = tmp_path / "index.yaml"
    text = (
        "languages: {fr: french, de: german}\nproduct: {title: 'titel_{language}', brand: marke}\n"
        "text_fields: ['titel_{language}^3']\nreturned_fields: ['titel_{language}', marke]\n"
        "filters: [{name: rubrik, field: 'rubrik_{language}', type: keyword, facet: {terms: 5}}]\n"
    )
    file.write_text(text.replace("fr: french", "it: italian, fr: french"))
    status, _, err = ltr("profile", "check", file, "--index", own)
    assert status == 2
    assert "$.product.title  no field 'titel_it'" in err
    assert "$.filters[0].field  no field 'rubrik_it'" in err
    file.write_text(text.replace("languages", "# languages"))
    status, _, err = ltr("profile", "check", file, "--index", own)
    assert (status, "'titel_{language}^3' needs `languages`" in err) == (2, True)

    file.write_text(text + 'first_pass: {query: \'{"match": {"titel_{language}": "{{text}}"}}\'}\n')
    for _ in range(2):  # by a query of the shop's own, and without it
        kept = ltr("profile", "put", file, "--index", own)
        assert kept[0] == 0, kept
        index = Index.open(cluster, own)
        found = search(index, "veste", ranker="first-pass", facets=True, highlight=True)
        assert [hit.id for hit in found] == ["a"]
        assert found[0].source == {"titel_fr": "vestes rouges"}
        assert "titel_fr" in found[0].highlight
        assert [bucket.value for bucket in found.facets["rubrik"]] == ["Vêtements"]
        assert ids(index, "jacke", "de", ranker="first-pass") == ["a"]
        file.write_text(text)
    with pytest.raises(InputError, match="it has fr, de"):
        search(index, "giacca", language="it")
    promote(index, "bm25")
    with pytest.raises(ClusterError, match="titel_it"):
        stored(cluster, own, {"text": "giacca", "language": "it"})
    assert "vestes rouges" in ltr("search", "veste", "--language", "fr", "--index", own)[1]
