"""The analyzers of one language, as the `analysis` block of an index's settings has them."""

from collections.abc import Iterable, Mapping
from typing import Any

from ltr_plugin.catalog.languages import ENGLISH, ICU, LANGUAGES, Filter, Language, Plugin

QUERY_SUFFIX = "_query"
"""What the name of an analyzer of queries ends with, beside that of products."""

NFC, CUT, COMPOUND_PARTS = "nfc", "first_words", "compound_parts"
"""Names of filters that all languages share: letters are composed, queries cut, and compounds split."""

Sections = dict[str, dict[str, Any]]
"""`filter`, `analyzer` and so on, each with definitions by name."""


def language_analyzers(name: str, suffix: str, *, plugins: frozenset[str], compound_parts: bool) -> Sections:
    """The sections for a language; the names of its analyzers and of its normalizer end with `suffix`.

    `unstemmed` cuts and folds words, `stemmed` brings their forms together too, and `parts` also finds the parts of
    compounds, where words of the language are written together. Each has a form for queries, which composes letters and
    cuts the text. `plugins` are those of the cluster that may be used.
    """
    language = LANGUAGES[name]
    plugin = language.plugin if language.plugin and language.plugin.name in plugins else None
    made: Sections = {section: {} for section in ("char_filter", "tokenizer", "filter", "analyzer", "normalizer")}
    characters = [f"characters_{name}"] if language.characters else []
    for character_filter in characters:
        made["char_filter"][character_filter] = {"type": "mapping", "mappings": list(language.characters)}

    def refer(section: str, definitions: Iterable[Filter]) -> list[str]:
        """The names of these filters; those with settings are defined under a name of the language's."""
        names = []
        for definition in definitions:
            if isinstance(definition, Mapping):
                own = f"{definition['type']}_{name}"
                made[section][own] = dict(definition)
            names.append(own if isinstance(definition, Mapping) else definition)
        return names

    (tokenizer,) = refer("tokenizer", [plugin.tokenizer if plugin else language.tokenizer])
    folded = refer("filter", _folding(language, plugin, plugins))
    if plugin:
        stems = refer("filter", plugin.stemmers)
    else:
        stems = list(stemmers := _stemmers(name, language))
        made["filter"] |= stemmers
    stemmed = [*folded[:-1], *stems, folded[-1]] if language.stems_accents else [*folded, *stems]
    pairs = ["cjk_bigram"] if language.bigrams and not plugin else []
    # single characters are indexed beside pairs, so that a query of one character finds them
    indexed_pairs = refer("filter", [{"type": "cjk_bigram", "output_unigrams": True}] if pairs else [])
    split = [COMPOUND_PARTS] if compound_parts else []

    def add(kind: str, products: list[str], queries: list[str]) -> None:
        cut = {"char_filter": characters, "tokenizer": tokenizer, "filter": products}
        made["analyzer"][kind + suffix] = {key: value for key, value in cut.items() if value}
        made["analyzer"][kind + suffix + QUERY_SUFFIX] = {
            **cut,
            "char_filter": [NFC, *characters],
            "filter": queries,
        }

    add("unstemmed", [*folded, *indexed_pairs], [*folded, *pairs, CUT])
    add("stemmed", [*stemmed, *indexed_pairs], [*stemmed, *pairs, CUT])
    if language.compounds:
        add("parts", [*folded, *split, *stems], [*folded, CUT, *split, *stems])
    whole = [*refer("filter", _lowercase(language)), *language.normalization, "asciifolding"]
    made["normalizer"][f"folded{suffix}"] = {"char_filter": [NFC, *characters], "filter": whole}
    return {section: definitions for section, definitions in made.items() if definitions}


def _folding(language: Language, plugin: Plugin | None, plugins: frozenset[str]) -> list[Filter]:
    """The filters between the tokenizer and the stemmer."""
    if plugin:
        return list(plugin.filters)
    width = ["cjk_width"] if language.bigrams else []
    folding = "icu_folding" if language.plain and ICU in plugins else "asciifolding"
    return [*width, *language.before, *_lowercase(language), *language.normalization, folding]


def _lowercase(language: Language) -> list[Filter]:
    return [{"type": "lowercase", "language": language.lowercase} if language.lowercase else "lowercase"]


def _stemmers(name: str, language: Language) -> dict[str, dict[str, str]]:
    """The stemmers by their names in the settings; those of English are older than other languages."""
    if language.stemmer == ENGLISH:
        names = {"possessive": "possessive_english", "stem": ENGLISH}
    else:
        names = {f"stem_{name}": language.stemmer} if language.stemmer else {}
    return {own: {"type": "stemmer", "language": stemmer} for own, stemmer in names.items()}
