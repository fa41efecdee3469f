"""Analyzers of all languages, with and without plugins of the cluster, and the words of compounds."""

import unicodedata
import uuid

import pytest

from ltr_plugin.catalog.compounds import catalog_words, compound_parts
from ltr_plugin.catalog.languages import LANGUAGES, require_language
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.schema import CatalogSchema, DeclaredField, TextAnalysis
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.analysis import AnalysisChoices, analysis_settings
from ltr_plugin.cluster.managed.analysis_choices import choose_analysis
from ltr_plugin.cluster.managed.language_analyzers import language_analyzers
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.unicode import compositions, nfc


@pytest.mark.live
def test_the_cluster_takes_the_analyzers_of_every_language_with_synonyms(node_url, tmp_path):
    cluster = connect(node_url, timeout_s=300, retry_timeout_s=120)  # 150 analyzers, on busy cores
    name = f"analysis-{uuid.uuid4().hex[:8]}"
    fields = tuple(DeclaredField(name=language, type="text") for language in LANGUAGES)
    analysis = TextAnalysis(synonyms=("sofa, couch", "tv, smart tv"))
    schema = CatalogSchema(fields=fields, field_languages={one: one for one in LANGUAGES}, analysis=analysis)
    body = index_body(cluster.engine, [], tmp_path, schema=schema, choices=AnalysisChoices(compound_parts=("kabel",)))
    cluster.call("PUT", f"/{name}", body)
    try:
        for language in LANGUAGES:
            suffix = "" if language == "english" else f"_{language}"
            for kind in ("unstemmed", "stemmed", "parts" if LANGUAGES[language].compounds else "stemmed"):
                made = {"analyzer": f"{kind}{suffix}_query", "text": unicodedata.normalize("NFD", "couch é")}
                tokens = [one["token"] for one in cluster.call("POST", f"/{name}/_analyze", made)["tokens"]]
                assert tokens[-1] == "e"
                assert len(tokens) == 3, (language, kind, tokens)
    finally:
        cluster.call("DELETE", f"/{name}")


@pytest.mark.parametrize(
    ("language", "plugin", "tokenizer", "filters"),
    [
        ("japanese", "analysis-kuromoji", "kuromoji_tokenizer_japanese", ["kuromoji_baseform"]),
        ("korean", "analysis-nori", "nori_tokenizer", ["nori_readingform"]),
        ("chinese", "analysis-smartcn", "smartcn_tokenizer", ["lowercase"]),
        ("hebrew", "analysis-icu", "icu_tokenizer", ["icu_folding"]),
        ("polish", "analysis-stempel", "standard", ["polish_stem"]),
    ],
)
def test_a_plugin_of_the_cluster_replaces_pairs_of_characters(language, plugin, tokenizer, filters):
    made = language_analyzers(language, "", plugins=frozenset({plugin}), compound_parts=False)["analyzer"]["stemmed"]
    assert made["tokenizer"] == tokenizer
    assert set(filters) <= set(made["filter"])
    assert not any("bigram" in one for one in made["filter"])
    without = language_analyzers(language, "", plugins=frozenset(), compound_parts=False)["analyzer"]["stemmed"]
    assert (without["tokenizer"], "bigram" in str(without)) == ("standard", LANGUAGES[language].bigrams)


class Nodes:
    """A cluster that says which plugins its nodes have."""

    def __init__(self, *plugins):
        self.plugins = plugins

    def call(self, _method, path, *_body, **_params):
        assert path == "/_nodes/plugins"
        return {
            "nodes": {
                str(number): {"plugins": [{"name": name} for name in names]}
                for number, names in enumerate(self.plugins)
            }
        }


def test_a_plugin_counts_where_all_nodes_have_it_and_a_next_version_keeps_it():
    japanese = CatalogSchema(language="japanese")
    both = {"analysis-kuromoji", "analysis-icu"}
    assert choose_analysis(Nodes(both, both), japanese).plugins == {"analysis-kuromoji"}
    assert choose_analysis(Nodes(both, set()), japanese).plugins == frozenset()
    kept = AnalysisChoices(frozenset({"analysis-kuromoji"}))
    assert choose_analysis(Nodes(set()), japanese, kept).plugins == {"analysis-kuromoji"}
    settings = analysis_settings(CatalogSchema(language="hebrew"), AnalysisChoices(frozenset({"analysis-icu"})))
    assert settings["char_filter"]["nfc"]["type"] == "icu_normalizer"


def test_parts_of_compounds_are_words_of_the_catalog():
    products = [
        Product(id="1", title="Regenjacke, Arbeitsjacken", category=("Kopfhörerkabel",), attributes={"art": "Jacke"}),
        Product(id="2", title="Regen und Arbeit", description="Kopfhörer Netz HDMI. Netzkabel HDMIkabel Kabellos"),
    ]
    words = catalog_words(products)
    assert {"regenjacke", "kopfhörerkabel", "art", "netzkabel"} <= set(words)
    parts = compound_parts(words)
    assert {"jacke", "regen", "arbeit", "kabel", "kopfhörer", "netz"} <= set(parts)
    assert not {"regenjacke", "sjacke", "jackes", "abel"} & set(parts)
    assert compound_parts([]) == []


def test_every_spelling_of_a_letter_is_composed():
    pairs = dict(one.split("=>") for one in compositions())
    assert all(nfc(typed) == letter == nfc(letter) for typed, letter in pairs.items())
    for letter in "éÅộйёがガآ":
        typed = unicodedata.normalize("NFD", letter)
        assert pairs[typed] == letter


@pytest.mark.parametrize(
    ("name", "near"),
    [
        *[("de", "german"), ("pt-br", "portuguese"), ("fra", "french"), ("germna", "german"), ("Deutsch", "german")],
        *[("Français", "french"), ("nederlands", "dutch"), ("polski", "polish"), ("中文", "chinese")],
        *[("español (españa)", "spanish"), ("bahasa indonesia", "indonesian"), ("francias", "french")],
        *[("klingon", "arabic, .* or vietnamese"), ("dutsche", "german or dutch")],
    ],
)
def test_an_unknown_language_is_said_with_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"is no language; choose {near}$"):
        require_language(name)
