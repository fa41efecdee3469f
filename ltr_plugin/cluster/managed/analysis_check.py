"""What is wrong with the languages and the analyzers that a profile states, before an index is made with them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ltr_plugin.catalog.languages import require_language
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.analysis import NO_PARTS, SYNONYMS, WITHOUT_OWN, analysis_settings
from ltr_plugin.cluster.managed.language_analyzers import COMPOUND_PARTS
from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.validation import shorten

_PARTS = ("tokenizer", "filter", "char_filter")

SECTIONS = ("analyzer", *_PARTS)
"""The parts of an `analysis` block that a shop may state."""

_OURS = re.compile(r"(unstemmed|stemmed|parts|folded)(_.*)?")


def analysis_problems(schema: CatalogSchema, text_fields: Iterable[str]) -> list[Problem]:
    """All that is wrong, with its place in the profile, but for what only the cluster knows.

    `text_fields` are the fields with words that an index of this schema has.
    """
    problems = list(_language_problems(schema, fields := frozenset(text_fields)))
    return problems or list(_own_problems(schema, fields))


def analyzer_refused(cluster: Cluster, error: ClusterError, schema: CatalogSchema) -> InputError | None:
    """What the cluster says of the shop's own analyzers that it refuses, at their places; None for another error."""
    own = schema.analysis.settings
    if error.status != 400 or not (own or schema.analysis.synonyms):
        return None
    problems = []
    for name, analyzer in own.get("analyzer", {}).items():
        body = {key: _inlined(own, key, analyzer[key]) for key in _PARTS if key in analyzer}
        try:
            cluster.call("POST", "/_analyze", {**body, "text": ""})
        except ClusterError as refused:
            problems.append(Problem(f"$.analysis.settings.analyzer.{name}", str(refused)))
    other = "$.analysis.synonyms" if schema.analysis.synonyms else "$.analysis.settings"
    return InputError("profile", problems or [Problem(other, str(error))])


def _inlined(own: Mapping[str, Any], section: str, names: Any) -> Any:  # noqa: ANN401 - as the shop wrote it
    """The names, each with its definition in its place where the shop has one."""
    if isinstance(names, list | tuple):
        return [_inlined(own, section, name) for name in names]
    return own.get(section, {}).get(names, names) if isinstance(names, str) else names


def _language_problems(schema: CatalogSchema, fields: frozenset[str]) -> Iterator[Problem]:
    stated = {
        "$.language": schema.language,
        **{f"$.field_languages.{field}": name for field, name in schema.field_languages.items()},
        **{f"$.languages.{code}": name for code, name in schema.languages.items()},
    }
    for place, name in stated.items():
        try:
            require_language(name)
        except ValueError as error:
            yield Problem(place, str(error))
    yield from _unknown_fields("$.field_languages", schema.field_languages, fields)


def _own_problems(schema: CatalogSchema, fields: frozenset[str]) -> Iterator[Problem]:
    own = schema.analysis
    ours = analysis_settings(schema.model_copy(update={"analysis": WITHOUT_OWN}))
    taken = {section: {*ours.get(section, ()), *_used(ours, section)} for section in SECTIONS}
    taken["filter"] |= {SYNONYMS, COMPOUND_PARTS, NO_PARTS}
    for section, entries in own.settings.items():
        place = f"$.analysis.settings.{section}"
        if section not in SECTIONS or not isinstance(entries, Mapping):
            yield Problem(place, f"is none of {', '.join(SECTIONS)} with definitions by name")
            continue
        for name, definition in entries.items():
            if name in taken.get(section, ()) or (section == "analyzer" and _OURS.fullmatch(name)):
                yield Problem(f"{place}.{name}", "is a name that this library's analyzers use; choose another name")
            elif not isinstance(definition, Mapping):
                yield Problem(f"{place}.{name}", f"{shorten(definition)} is no definition, such as `{{type: custom}}`")
            elif section == "analyzer":
                yield from _no_names(f"{place}.{name}", definition)
    plain = {field.removesuffix(".stem"): name for field, name in own.fields.items()}
    yield from _unknown_fields("$.analysis.fields", plain, fields)
    analyzers = own.settings.get("analyzer", {})
    for field, name in own.fields.items():
        if problem := _analyzer_problem(analyzers, name):
            yield Problem(f"$.analysis.fields.{field}", problem)


def _used(settings: Mapping[str, Any], section: str) -> Iterator[str]:
    """The names of a section that the analyzers of these settings use, built-in ones too."""
    for analyzer in (*settings["analyzer"].values(), *settings["normalizer"].values()):
        names = analyzer.get(section, ())
        yield from (names,) if isinstance(names, str) else names


def _no_names(place: str, definition: Mapping[str, Any]) -> Iterator[Problem]:
    """The parts of an analyzer that are no names."""
    for part in _PARTS:
        names = definition.get(part, ())
        listed = names if isinstance(names, list | tuple) and part != "tokenizer" else (names,)
        if part in definition and not all(isinstance(one, str) for one in listed):
            what = "the name of one" if part == "tokenizer" else "a list of names"
            yield Problem(
                f"{place}.{part}", f"{shorten(names)} is not {what}; define it under `{part}`, and name it here"
            )


def _analyzer_problem(analyzers: Any, name: str) -> str | None:  # noqa: ANN401 - as the shop wrote it
    definition = analyzers.get(name) if isinstance(analyzers, Mapping) else None
    if definition is None:
        return f"`analysis.settings.analyzer` has no {shorten(name)}; add it"
    if not isinstance(definition, Mapping) or definition.get("type", "custom") != "custom":
        return (
            f"{shorten(name)} is no custom analyzer, so that long queries could not be cut; write it as one, with its "
            "`tokenizer` and `filter`"
        )
    return None


def _unknown_fields(place: str, stated: Iterable[str], fields: frozenset[str]) -> Iterator[Problem]:
    for field in stated:
        if field not in fields:
            yield Problem(f"{place}.{field}", f"is no field with words; those are {', '.join(sorted(fields))}")
