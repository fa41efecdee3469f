"""How an index of this library analyzes its text, as its settings and mapping say."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltr_plugin.catalog.compounds import PARTS
from ltr_plugin.catalog.languages import ICU, LANGUAGES
from ltr_plugin.catalog.schema import CatalogSchema, TextAnalysis
from ltr_plugin.cluster.managed.language_analyzers import (
    COMPOUND_PARTS,
    CUT,
    NFC,
    QUERY_SUFFIX,
    language_analyzers,
)
from ltr_plugin.unicode import compositions

MAX_QUERY_WORDS = 32
"""Words after which the cluster cuts a text that is searched for, its synonyms counted, whoever sends it: each word
makes clauses."""

NO_PARTS = "no_parts"
"""The analyzer of that subfield in a language without compounds, which finds no words."""

COMPOUND_FIELDS = ("title", "category")
"""The fields that have it: they say what a product is."""

SYNONYMS = "synonyms"
"""The filter that puts synonyms in."""

_OURS = re.compile(f"(unstemmed|stemmed|parts)(_.*)?{QUERY_SUFFIX}")

MIN_PART_LETTERS, MAX_PART_LETTERS = 3, 30


@dataclass(frozen=True)
class AnalysisChoices:
    """What is chosen when an index is made, and stays when its next version is: the plugins of the cluster that its
    analyzers use, and the words that its compounds are split into."""

    plugins: frozenset[str] = frozenset()
    compound_parts: tuple[str, ...] = ()


NO_CHOICES, WITHOUT_OWN = AnalysisChoices(), TextAnalysis()
"""No choices, and nothing of the shop's own."""


def analysis_settings(schema: CatalogSchema, choices: AnalysisChoices = NO_CHOICES) -> dict[str, Any]:
    """The `analysis` block of an index's settings: the analyzers of its languages and fields, and the shop's own."""
    own = schema.analysis
    settings: dict[str, Any] = {
        "char_filter": {NFC: _composition(choices.plugins)},
        "filter": {CUT: {"type": "limit", "max_token_count": MAX_QUERY_WORDS}},
    }
    if choices.compound_parts:
        settings["filter"][COMPOUND_PARTS] = {
            "type": "dictionary_decompounder",
            "word_list": list(choices.compound_parts),
            "min_subword_size": MIN_PART_LETTERS,
            "max_subword_size": MAX_PART_LETTERS,
        }
    for language in languages_of(schema):
        made = language_analyzers(
            language,
            _suffix(schema, language),
            plugins=choices.plugins,
            compound_parts=bool(choices.compound_parts),
        )
        _add(settings, made)
    if len(schema.languages) > 1 and any(has_parts(schema, field) for field in COMPOUND_FIELDS):
        nothing = {"tokenizer": "keyword", "filter": [NO_PARTS]}
        no_words = {NO_PARTS: {"type": "keep_types", "types": ["no type"]}}
        _add(settings, {"filter": no_words, "analyzer": {NO_PARTS: nothing, NO_PARTS + QUERY_SUFFIX: nothing}})
    settings = with_synonyms(settings, own.synonyms)
    _add(settings, own.settings)
    for name in set(own.fields.values()):
        settings["analyzer"][name + QUERY_SUFFIX] = _for_queries(own.settings["analyzer"], name)
    return settings


def with_synonyms(settings: Mapping[str, Any], rules: Sequence[str]) -> dict[str, Any]:
    """The `analysis` block of an index with these synonyms alone in its analyzers of queries.

    They come before the cut, which counts them; their rules go through the filters before, such as stemming. A shop's
    own analyzers have filters of their own. Each analyzer has a form for phrases, without synonyms: a phrase with
    several of them would be searched for in all combinations.
    """
    analyzers = dict(settings["analyzer"])
    for name, analyzer in settings["analyzer"].items():
        if _OURS.fullmatch(name):
            plain = [one for one in analyzer["filter"] if one != SYNONYMS]
            cut = plain.index(CUT)
            analyzers[name] = {**analyzer, "filter": [*plain[:cut], *([SYNONYMS] if rules else []), *plain[cut:]]}
            if rules:
                analyzers[_for_phrases(name)] = {**analyzer, "filter": plain}
    added = {SYNONYMS: {"type": "synonym_graph", "synonyms": list(rules)}} if rules else {}
    return {**settings, "analyzer": analyzers, "filter": {**settings["filter"], **added}}


def with_phrase_analyzers(field: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping of a field, or of an object with fields, in which phrases are searched for without synonyms."""
    made = dict(field)
    if _OURS.fullmatch(name := str(field.get("search_analyzer"))):
        made["search_quote_analyzer"] = _for_phrases(name)
    for members in {"fields", "properties"} & field.keys():
        made[members] = {key: with_phrase_analyzers(member) for key, member in field[members].items()}
    return made


def text_mapping(schema: CatalogSchema, field: str) -> dict[str, Any]:
    """The mapping of a text field, or of one for each language below it where the schema has several: without stems,
    with stems below `stem`, as a whole below `exact` and `keyword`, and by the parts of compounds below `parts` where
    `has_parts`."""
    if schema.is_localized(field):
        languages = schema.languages.items()
        return {"properties": {code: _text_mapping(schema, field, language) for code, language in languages}}
    return _text_mapping(schema, field, language_of(schema, field))


def _text_mapping(schema: CatalogSchema, field: str, language: str) -> dict[str, Any]:
    suffix = _suffix(schema, language)
    parts = f"parts{suffix}" if LANGUAGES[language].compounds else NO_PARTS
    return {
        **analyzed(schema.analysis.fields.get(field, f"unstemmed{suffix}")),
        "fields": {
            "stem": stemmed_mapping(schema, field, language),
            **({PARTS: analyzed(parts)} if has_parts(schema, field) else {}),
            "exact": {"type": "keyword", "normalizer": f"folded{suffix}", "ignore_above": 256},
            "keyword": {"type": "keyword", "ignore_above": 256},
        },
    }


def stemmed_mapping(schema: CatalogSchema, field: str, language: str | None = None) -> dict[str, Any]:
    """The mapping of the words of a field with stems."""
    own, suffix = schema.analysis.fields, _suffix(schema, language or language_of(schema, field))
    return analyzed(own.get(f"{field}.stem", own.get(field, f"stemmed{suffix}")))


def analyzed(analyzer: str) -> dict[str, Any]:
    """The mapping of text for an analyzer, whose form for queries what is searched for goes through."""
    return {"type": "text", "analyzer": analyzer, "search_analyzer": analyzer + QUERY_SUFFIX}


def main_language(schema: CatalogSchema) -> str:
    """The language of text for which no other one is stated."""
    return next(iter(schema.languages.values()), schema.language)


def language_of(schema: CatalogSchema, field: str) -> str:
    """The language of a field."""
    return schema.field_languages.get(field, main_language(schema))


def languages_of(schema: CatalogSchema) -> list[str]:
    """All languages of an index, the main one first."""
    return list(dict.fromkeys((main_language(schema), *schema.languages.values(), *schema.field_languages.values())))


def has_parts(schema: CatalogSchema, field: str) -> bool:
    """Whether compounds in a field are found by their parts: in COMPOUND_FIELDS of a language that has compounds; and
    in those of all languages where one has, so that the same subfield is there in each."""
    languages = schema.languages.values() if schema.is_localized(field) else (language_of(schema, field),)
    return field in COMPOUND_FIELDS and any(LANGUAGES[language].compounds for language in languages)


def _for_phrases(name: str) -> str:
    return f"{name.removesuffix(QUERY_SUFFIX)}_phrase"


def _suffix(schema: CatalogSchema, language: str) -> str:
    return "" if language == main_language(schema) else f"_{language}"


def _composition(plugins: frozenset[str]) -> dict[str, Any]:
    """The filter that brings the letters of a query to NFC."""
    if ICU in plugins:
        return {"type": "icu_normalizer", "name": "nfc", "mode": "compose"}
    return {"type": "mapping", "mappings": list(compositions())}


def _for_queries(analyzers: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The form for queries of an analyzer of the shop's own: `NAME_query`, or else itself, composing and cutting."""
    own = dict(analyzers.get(name + QUERY_SUFFIX, analyzers[name]))
    return {
        **own,
        "char_filter": [NFC, *_listed(own.get("char_filter", ()))],
        "filter": [*_listed(own.get("filter", ())), CUT],
    }


def _listed(names: Any) -> list[str]:  # noqa: ANN401 - as the shop wrote it
    return [names] if isinstance(names, str) else list(names)


def _add(settings: dict[str, Any], more: Mapping[str, Mapping[str, Any]]) -> None:
    for section, definitions in more.items():
        settings[section] = {**settings.get(section, {}), **definitions}
