"""The language of an analyzer: its own, where it is one of the cluster's for a language, or that of its stemmer."""

from collections.abc import Iterator, Mapping
from typing import Any

_LANGUAGES = (
    "arabic armenian basque bengali brazilian bulgarian catalan czech danish dutch english estonian finnish french "
    "galician german greek hindi hungarian indonesian irish italian latvian lithuanian norwegian persian portuguese "
    "romanian russian sorani spanish swedish thai turkish"
)
LANGUAGES = frozenset(_LANGUAGES.split())
"""Languages that the cluster has an analyzer for, by its name."""

_ENGLISH_FILTERS = frozenset({"porter_stem", "kstem", "porter2", "lovins", "snowball"})
"""Filters of English whose name does not say so."""


def analyzer_language(name: str, analysis: Mapping[str, Any]) -> tuple[str, str] | None:
    """The language of an analyzer of an index with these settings, and what says so; None where nothing does."""
    settings = analysis.get("analyzer", {}).get(name)
    if settings is None:
        return (name, f"the language of the analyzer {name}") if name in LANGUAGES else None
    own = f"the analyzer {name}"
    kind = str(settings.get("type", "custom"))
    if kind in LANGUAGES:
        return kind, f"{own} is of the type {kind}"
    if kind == "snowball":
        language = str(settings.get("language", "English")).lower()
        return language, f"{own} stems {language}"
    filters, known = settings.get("filter", ()), analysis.get("filter", {})
    names = [filters] if isinstance(filters, str) else filters
    for filter_ in sorted(names, key=lambda filter_: "stem" not in f"{filter_} {known.get(filter_, {}).get('type')}"):
        for word in _words(filter_, known.get(filter_, {})):
            if found := _language_in(word):
                return found, f"{own} has the filter {filter_}" + (f" ({word})" if word != filter_ else "")
    return None


def _words(name: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """What may name a language in a filter: its language or its stop words, else its own name."""
    for key in ("language", "name", "stopwords"):
        if isinstance(word := settings.get(key), str):
            yield word
    yield str(settings.get("type", name)) if settings else name


def _language_in(word: str) -> str | None:
    """The language that a name such as `light_german`, `german_normalization` or `_german_` is of."""
    lower = word.lower()
    if lower in _ENGLISH_FILTERS:
        return "english"
    return next((part for part in lower.split("_") if part in LANGUAGES), None)
