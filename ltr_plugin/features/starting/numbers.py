"""The features of numbers and dates that an index starts with: price, behaviour, stock and date of release."""

from collections.abc import Mapping, Sequence

from ltr_plugin.features.feature_file import FeatureEntry, slug, unique
from ltr_plugin.features.starting.fields import IndexFields
from ltr_plugin.features.starting.reviews import REVIEW_COUNT, REVIEW_RATING
from ltr_plugin.features.starting.text import INCREASING

MAX_OTHER_NUMBERS = 10
"""The most numbers beside those of the profile that are named."""


def number_features(fields: IndexFields) -> list[FeatureEntry]:
    """A feature for each of these parts of a product, and for its popularity, that the index has as number or date."""
    product, value = fields.product, {"kind": "field_value", "modality": "behaviour"}
    features: list[FeatureEntry] = []
    if fields.has(product.price, "number"):
        features.append({"name": "price", **value, "field": product.price, "modifier": "log1p"})
    for name in fields.members(product.stats) if product.stats else ():
        if fields.has(field := f"{product.stats}.{name}", "number"):
            features.append({"name": _unique(slug(name), features), **value, "field": field, **_scale(name)})
    if fields.has(fields.popularity, "number") and fields.popularity not in {one["field"] for one in features}:
        popular = {"name": _unique(slug(str(fields.popularity)), features), **value, "field": fields.popularity}
        features.append({**popular, "modifier": "log1p", **INCREASING})
    stock_type = next((one for one in ("number", "boolean") if fields.has(fields.stock, one)), None)
    if fields.stock and stock_type:
        features.append(_entry("stock", fields.stock, stock_type))
    if product.released and fields.has(product.released, "date"):
        features.append(_entry("released", product.released, "date"))
    for one in fields.declared:
        if one.name != fields.stock and one.type in _KINDS:
            features.append(_entry(_unique(one.key, features), one.name, one.type))
    return features


_KINDS = {"number": "field_value", "date": "recency", "boolean": "template"}
"""The kind of feature that reads a field of each type."""


def _entry(name: str, field: str, type_: str) -> FeatureEntry:
    """The feature of a number, date or boolean."""
    read: Mapping[str, FeatureEntry] = {
        "number": {"field": field, "modifier": "log1p"},
        "date": {"field": field},
        "boolean": {"template": {"constant_score": {"filter": {"term": {field: True}}}}},
    }
    return {"name": name, "kind": _KINDS[type_], "modality": "behaviour", **read[type_]}


def nested_features(fields: IndexFields) -> list[str]:
    """A line of a feature-set file for each number and date of nested objects that the profile filters by."""
    return [
        f"- {{name: {slug(one.field)}, kind: {_KINDS[one.type]}, modality: behaviour, field: {one.field}, "
        f"nested: {nested.path}{f', pick: {nested.key}' if nested.key else ''}}}"
        for one, nested in fields.nested
    ]


def other_numbers(fields: IndexFields) -> list[str]:
    """Numbers of the index that the profile says nothing about; the first few of them."""
    known = {*fields.product.fields().values(), fields.popularity, *(one.name for one in fields.declared)}
    known |= {REVIEW_COUNT, REVIEW_RATING}
    return [one for one in fields.members("") if one not in known and fields.has(one, "number")][:MAX_OTHER_NUMBERS]


def _unique(name: str, features: Sequence[FeatureEntry]) -> str:
    return unique(name, ["stock", "released", *(str(one["name"]) for one in features)])


def _scale(name: str) -> dict[str, str]:
    """How a number of this name is read: a rating as it is, any other by its logarithm."""
    words = set(slug(name).split("_"))
    if words & {"rating", "stars"} and not words & {"count", "number"}:
        return INCREASING
    return {"modifier": "log1p", **(INCREASING if words & {"sales", "sold", "orders", "purchases"} else {})}
