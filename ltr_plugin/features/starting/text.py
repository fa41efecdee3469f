"""The features of text that an index starts with: BM25 of each field, and over all of them."""

from ltr_plugin.catalog.compounds import PARTS
from ltr_plugin.features.feature_file import FeatureEntry, slug, unique
from ltr_plugin.features.starting.fields import IndexFields

MAX_FIELD_USES = 27
"""The most fields that the features search, each counted as often as it is searched. Each of the 32 words of a long
text is a clause in each of them, and this leaves room below 1,024 clauses, a cluster's default limit."""

CROSS_FIELDS, ALL_TERMS, BEST_FIELDS = "cross_fields_bm25", "all_terms", "best_fields_bm25"
ATTRIBUTES, WITHOUT_ATTRIBUTES = "attributes_all_terms", "all_terms_without_attributes"

COMPOUNDS = f".{PARTS}"
"""What the name of a field with the parts of compounds ends with."""

INCREASING = {"monotonicity": "increasing"}

_NAMES = {"attribute_text": "attributes"}
"""What is said instead of a field's name."""


def text_features(fields: IndexFields, *, text_only: bool, reserved: int = 0) -> list[FeatureEntry]:
    """BM25 of each text field and over all of them, the title as a phrase too, as far as MAX_FIELD_USES has room.

    Fields with the parts of compounds have features of their own, so that whole words count apart from parts. With
    `text_only` there is nothing else to tell products apart, so more features search several fields. `reserved` uses
    are those of other features.
    """
    if not fields.text:
        return []
    compounds = [one for one in fields.text if one.endswith(COMPOUNDS)]
    text = [one for one in fields.text if one not in compounds] or fields.text
    title = next((one for one in text if fields.parts.get(one) == "title"), text[0])
    named = [one for one in text if one in fields.parts]
    others = [one for one in text if one not in fields.parts]
    long = [one for one in text if one != title and fields.parts.get(one, "description") == "description"]
    short = [one for one in text if one not in (title, *long)]
    apart = {WITHOUT_ATTRIBUTES: len(named), ATTRIBUTES: len(others)} if named and others else {}
    options = {
        **dict.fromkeys((*compounds, *long), 1),
        **({BEST_FIELDS: len(text), **apart} if text_only else {}),
        **dict.fromkeys(short, 1),
    }
    chosen = {CROSS_FIELDS, ALL_TERMS, *_affordable(options, MAX_FIELD_USES - reserved - 1 - 2 * len(text))}
    names = _names(fields)
    match, cross = {"kind": "match", "modality": "text"}, {"kind": "multi_match", "modality": "text"}
    every = {"type": "cross_fields", "operator": "and", **INCREASING}
    phrase = {"kind": "phrase", "modality": "text", "field": title, "slop": 1, **INCREASING}
    own = [one for one in (*compounds, *long, *short) if one in chosen]
    features: list[FeatureEntry] = [
        {"name": f"{names[title]}_bm25", **match, "field": title, **INCREASING},
        {"name": f"{names[title]}_phrase", **phrase},
        *({"name": f"{names[one]}_bm25", **match, "field": one, **INCREASING} for one in own),
        {"name": ATTRIBUTES, **cross, "fields": others, **every},
        {"name": BEST_FIELDS, **cross, "fields": text, "tie_breaker": 0.3, **INCREASING},
        {"name": CROSS_FIELDS, **cross, "fields": text, "type": "cross_fields", **INCREASING},
        {"name": ALL_TERMS, **cross, "fields": text, **every},
        {"name": WITHOUT_ATTRIBUTES, **cross, "fields": named, **every},
    ]
    return [one for one in features if one["kind"] != "multi_match" or one["name"] in chosen]


def _affordable(uses: dict[str, int], room: int) -> set[str]:
    """What fits into the room, in this order."""
    chosen = set()
    for name, needed in uses.items():
        if needed <= room:
            chosen.add(name)
            room -= needed
    return chosen


def _names(fields: IndexFields) -> dict[str, str]:
    names: dict[str, str] = {}
    for field in fields.text:
        plain = fields.without_subfield(field)
        name = fields.parts.get(field) or _NAMES.get(plain) or slug(plain)
        name += "_parts" if field.endswith(COMPOUNDS) else ""
        names[field] = unique(name[:50], names.values())
    return names
