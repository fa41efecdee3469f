"""A first profile of an index, guessed from its mapping, its analyzers and a sample of its documents, with reasons."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ltr_plugin.catalog.schema import NestedField
from ltr_plugin.engines import VECTOR_ENGINES
from ltr_plugin.profile.analyzers import analyzer_language
from ltr_plugin.profile.field_names import CODE, WORDS, is_second_choice, namings
from ltr_plugin.profile.field_values import MEDIA_FILES, describe, guess_by_values, has_references, has_words
from ltr_plugin.profile.filter_draft import draft_filters, draft_nested
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_fields import (
    NUMBER_TYPES,
    PART_TYPES,
    TEXT_TYPES,
    UNMAPPED,
    IndexField,
    index_fields,
)
from ltr_plugin.profile.index_profile import DOCUMENT_ID, ProductFields
from ltr_plugin.validation import shorten

BOOSTS = {"title": 3, "brand": 2, "category": 2}
"""Boosts of the parts that the first pass searches; others have 1."""

RETURNED_PARTS = ("title", "brand", "category", "price", "currency", "images")
MAX_CANDIDATES = 5

_NOT_SEARCHED = ("id", "currency", *MEDIA_FILES)
_AUTOMATIC_ID = re.compile(r"(?=.*[A-Z])(?=.*[a-z])[\w-]{20}")
_PATH = re.compile(r"[^\s^*{}\"]{1,256}")

_TYPES = {**PART_TYPES, **{part: PART_TYPES[part] | {UNMAPPED} for part in MEDIA_FILES}}
"""The types that a field of each part may have; media may be stored alone."""


@dataclass(frozen=True)
class Guess:
    """What is guessed, and why; without a `value`, the `candidates` are fields that may be it."""

    value: str | None
    reason: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class VectorGuess:
    """A vector field, and the encoder that is guessed to have made it of products' text, if any, and why."""

    name: str
    dimension: int | None
    space: str
    encoder: str | None = None
    reason: str = "no encoder was compared"


@dataclass(frozen=True)
class ProfileDraft:
    """A profile with the reason for each of its entries. `parts` has all parts of a product, `id` first; `languages`
    are by code, where fields come in several."""

    language: Guess
    parts: Mapping[str, Guess]
    text_fields: tuple[Guess, ...]
    returned_fields: tuple[str, ...]
    popularity: Guess | None = None
    vectors: tuple[VectorGuess, ...] = ()
    nested: tuple[NestedField, ...] = ()
    filters: tuple[FilterField, ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    search_type: Guess | None = None

    def product_fields(self) -> ProductFields:
        """The parts that are guessed."""
        return ProductFields(**{part: guess.value for part, guess in self.parts.items() if guess.value})


def draft_profile(
    mapping: Mapping[str, Any], settings: Mapping[str, Any], documents: Sequence[tuple[str, Mapping[str, Any]]]
) -> ProfileDraft:
    """The draft for an index with this mapping, these settings (what is below `index`), and these documents by id."""
    fields = {
        path: one
        for path, one in index_fields(mapping, (source for _, source in documents)).items()
        if _PATH.fullmatch(path)
    }
    parts = _guess_parts(fields, sampled=bool(documents))
    parts = {"id": _guess_id(fields, [id_ for id_, _ in documents]), **parts}
    text_fields = tuple(_text_fields(fields, parts, sampled=bool(documents)))
    nested = tuple(draft_nested(fields, [document for _, document in documents]))
    named = {part: guess.value for part, guess in parts.items() if guess.value}
    return ProfileDraft(
        _guess_language(fields, parts, text_fields, settings),
        parts,
        text_fields,
        tuple(field for part in RETURNED_PARTS if (field := parts[part].value)),
        _guess_popularity(fields, parts),
        tuple(_vectors(fields, settings)),
        nested,
        tuple(draft_filters(fields, named, [one.path for one in nested])),
    )


def _guess_parts(fields: Mapping[str, IndexField], *, sampled: bool) -> dict[str, Guess]:
    usable = {
        part: [one for one in fields.values() if _can_be(part, one) and (one.values or not sampled or part == "stats")]
        for part in _TYPES
    }
    ranked = sorted(
        (
            (_rank(part, one), part, one)
            for part, candidates in usable.items()
            for one in candidates
            if part in namings(one.path) and namings(one.path)[part].fit > CODE
        ),
        key=lambda entry: entry[0],
    )
    found: dict[str, Guess] = {}
    for _, part, one in ranked:
        if part not in found and one.path not in {guess.value for guess in found.values()}:
            found[part] = Guess(one.path, f"{namings(one.path)[part].reason}; {describe(one)}")
    for part in [part for part in _TYPES if part not in found]:
        taken = {guess.value for guess in found.values()}
        if guess := guess_by_values(part, [one for one in usable[part] if one.path not in taken]):
            one, reason = guess
            found[part] = Guess(one.path, f"{reason}; {describe(one)}")
    guessed = [guess.value for guess in found.values() if guess.value]
    return {part: found.get(part) or _without(part, usable[part], guessed) for part in _TYPES}


def _guess_popularity(fields: Mapping[str, IndexField], parts: Mapping[str, Guess]) -> Guess | None:
    taken = {guess.value for guess in parts.values()}
    named = [
        one
        for one in fields.values()
        if one.type in NUMBER_TYPES and one.searchable and one.path not in taken and "popularity" in namings(one.path)
    ]
    best = min(named, key=lambda one: _rank("popularity", one), default=None)
    return Guess(best.path, f"{namings(best.path)['popularity'].reason}; {describe(best)}") if best else None


def _can_be(part: str, one: IndexField) -> bool:
    if one.origin or one.nested or one.type not in _TYPES[part]:
        return False
    if part == "stats":
        return any(inner.get("type") in NUMBER_TYPES for inner in one.options.get("properties", {}).values())
    if part in MEDIA_FILES:
        return all(isinstance(value, str) for value in one.values) and (one.type != UNMAPPED or has_references(one))
    return not has_references(one)


def _rank(part: str, one: IndexField) -> tuple[Any, ...]:
    """Smaller is better: by the name, then text before keywords, then the shorter path."""
    naming = namings(one.path)[part]
    worse, no_text = is_second_choice(one.path), part in ("title", "description") and one.type not in TEXT_TYPES
    return (-naming.fit, worse, no_text, naming.order, len(one.path), one.path)


def _without(part: str, usable: Iterable[IndexField], taken: Sequence[str]) -> Guess:
    """A part that no field is guessed for; the candidates have the right type, and those with a like name are first."""
    left = [
        one
        for one in usable
        if not any(path == one.path or path.startswith(f"{one.path}.") for path in taken)
        and (part not in MEDIA_FILES or has_references(one))
    ]
    left.sort(key=lambda one: (part not in namings(one.path), one.path.count("."), one.path))
    candidates = tuple(one.path for one in left[:MAX_CANDIDATES])
    return Guess(None, "no name or value says which" if candidates else "no field fits", candidates)


def _guess_id(fields: Mapping[str, IndexField], ids: Sequence[str]) -> Guess:
    """The documents' own ids, unless the cluster made them up and a keyword field with unique values is named so."""
    named = [
        one
        for one in fields.values()
        if one.type == "keyword" and not one.origin and not one.nested and "id" in namings(one.path)
    ]
    unique = [one for one in named if len(one.values) == len(set(one.values)) == len(ids)]
    if ids and unique and all(map(_AUTOMATIC_ID.fullmatch, ids)):
        best = min(unique, key=lambda one: _rank("id", one))
        return Guess(best.path, f"{namings(best.path)['id'].reason}, and unique; the cluster made up {DOCUMENT_ID}")
    example = f", such as {shorten(ids[0])}" if ids else ""
    return Guess(DOCUMENT_ID, f"the documents' own ids{example}")


def _text_fields(fields: Mapping[str, IndexField], parts: Mapping[str, Guess], *, sampled: bool) -> Iterator[Guess]:
    """The text fields that have content, those of the product's parts first; for a keyword, its text sub-field."""
    part_of = {guess.value: part for part, guess in parts.items() if guess.value}
    ordered = dict.fromkeys([*(path for path in part_of if path in fields), *fields])
    for one in (fields[path] for path in ordered):
        part = part_of.get(one.path, "")
        if one.origin or part in _NOT_SEARCHED or (sampled and not has_words(one)):
            continue
        sub_fields = (other for other in fields.values() if other.path.startswith(f"{one.path}.") and other.origin)
        form = next((form for form in (one, *sub_fields) if form.type in TEXT_TYPES and form.searchable), None)
        if form:
            boost = BOOSTS.get(part, 1)
            reason = f"the text of {one.path}, which is a {one.type}" if form.origin else ""
            yield Guess(f"{form.path}^{boost}" if boost > 1 else form.path, reason)


def _guess_language(
    fields: Mapping[str, IndexField],
    parts: Mapping[str, Guess],
    text_fields: Iterable[Guess],
    settings: Mapping[str, Any],
) -> Guess:
    analysis = settings.get("analysis", {})
    for guess in text_fields:
        path = str(guess.value).partition("^")[0]
        analyzer = str(fields[path].options.get("analyzer", "default"))
        if found := analyzer_language(analyzer, analysis):
            language, reason = found
            return Guess(language, f"{reason}, which {path} has")
    own = Counter(
        languages[0]
        for part, guess in parts.items()
        if guess.value and part in WORDS
        for languages in [namings(guess.value)[part].languages if part in namings(guess.value) else ()]
        if len(languages) == 1
    )
    if own:
        language, _ = own.most_common(1)[0]
        return Guess(language.lower(), f"names of fields are {language}; no analyzer says a language")
    return Guess("english", "no analyzer and no name says a language; correct it")


def _vectors(fields: Mapping[str, IndexField], settings: Mapping[str, Any]) -> Iterator[VectorGuess]:
    for one in fields.values():
        if one.type in VECTOR_ENGINES and not one.nested:
            engine = VECTOR_ENGINES[one.type]
            space = engine.vector_space(one.options, settings)
            yield VectorGuess(one.path, engine.vector_dimension(one.options), space)
