"""Fields of a drafted profile that come in several languages, such as `titel_de` and `titel_fr`, as one by language."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from ltr_plugin.catalog.languages import OTHER_NAMES
from ltr_plugin.catalog.localized import LANGUAGE, in_language
from ltr_plugin.profile.draft import ProfileDraft
from ltr_plugin.profile.index_fields import STRING_TYPES, IndexField

_NO_ENDINGS = frozenset(["id", "iw", "jp", "ku", "nn", "no"])
"""Codes that fields end with for other reasons, and those that others are usual for."""

CODES: Mapping[str, str] = {
    code: language
    for language, names in OTHER_NAMES.items()
    for code in names.split()
    if re.fullmatch("[a-z]{2}", code) and code not in _NO_ENDINGS
}
"""Languages by their codes in ISO 639-1, as names of fields end with them."""

_CODE = re.compile(rf"(?<=[._-])({'|'.join(CODES)})(?=$|\.)")

_PARTS = ("title", "description", "brand", "model", "category")

_Entry = TypeVar("_Entry")


def with_languages(draft: ProfileDraft, fields: Mapping[str, IndexField]) -> ProfileDraft:
    """The draft with LANGUAGE in the names of fields that come in the languages of the title; the draft itself where
    the title comes in one. The language that most titles are in is the first."""
    codes = _codes(fields)
    title = _template(draft.parts["title"].value or "")
    if title is None or len(codes[title]) < 2:
        return draft
    counts = {code: len(fields[in_language(title, code)].values) for code in codes[title]}
    languages = {code: CODES[code] for code in sorted(counts, key=lambda code: (-counts[code], code))}
    everywhere = {template for template, known in codes.items() if known >= languages.keys()}
    parts = {
        part: replace(guess, value=_localized(guess.value, everywhere)) if part in _PARTS and guess.value else guess
        for part, guess in draft.parts.items()
    }
    text_fields = (replace(guess, value=_localized(str(guess.value), everywhere)) for guess in draft.text_fields)
    filters = (one.model_copy(update={"field": _localized(one.field, everywhere)}) for one in draft.filters)
    return replace(
        draft,
        parts=parts,
        languages=languages,
        text_fields=_unique(text_fields, lambda guess: str(guess.value).partition("^")[0]),
        returned_fields=tuple(dict.fromkeys(_localized(one, everywhere) for one in draft.returned_fields)),
        filters=_unique(filters, lambda one: one.field),
    )


def _unique(entries: Iterable[_Entry], field_of: Callable[[_Entry], str]) -> tuple[_Entry, ...]:
    """The first entry of each field."""
    first: dict[str, _Entry] = {}
    for one in entries:
        first.setdefault(field_of(one), one)
    return tuple(first.values())


def _codes(fields: Mapping[str, IndexField]) -> Mapping[str, set[str]]:
    """The codes that a field's name comes with, by the name with LANGUAGE instead."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for path, one in fields.items():
        template = _template(path)
        if template and one.type in STRING_TYPES:
            codes[template].add(_CODE.findall(path)[-1])
    return codes


def _template(path: str) -> str | None:
    found = [*_CODE.finditer(path)]
    return f"{path[: found[-1].start()]}{LANGUAGE}{path[found[-1].end() :]}" if found else None


def _localized(field: str, templates: Collection[str]) -> str:
    """The field, with its boost if it has one, by language where that is one of these templates."""
    path, boost, factor = field.partition("^")
    template = _template(path)
    return f"{template}{boost}{factor}" if template and template in templates else field
