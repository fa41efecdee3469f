"""The features of numbers and dates that an index starts with: price, behaviour, stock and date of release."""

from collections.abc import Mapping, Sequence

from ltr_plugin.catalog.schema import DeclaredField
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
    if fields.has(fields.stock, "number"):
        features.append({"name": "stock", **value, "field": fields.stock, "modifier": "log1p"})
    elif fields.has(fields.stock, "boolean"):
        available = {"constant_score": {"filter": {"term": {fields.stock: True}}}}
        features.append({"name": "stock", "kind": "template", "modality": "behaviour", "template": available})
    if fields.has(product.released, "date"):
        features.append({"name": "released", "kind": "recency", "modality": "behaviour", "field": product.released})
    for one in (one for one in fields.declared if one.name != fields.stock):
        if entry := _declared(one):
            features.append({**entry, "name": _unique(one.key, features)})
    return features


def _declared(field: DeclaredField) -> FeatureEntry | None:
    """The feature of a declared number, boolean or date."""
    kinds: Mapping[str, FeatureEntry] = {
        "number": {"kind": "field_value", "field": field.name, "modifier": "log1p"},
        "date": {"kind": "recency", "field": field.name},
        "boolean": {"kind": "template", "template": {"constant_score": {"filter": {"term": {field.name: True}}}}},
    }
    entry = kinds.get(field.type)
    return {"name": field.key, "modality": "behaviour", **entry} if entry else None


def nested_features(fields: IndexFields) -> list[str]:
    """A line of a feature-set file for each number and date of nested objects that the profile filters by."""
    kinds = {"number": "field_value", "date": "recency"}
    return [
        f"- {{name: {slug(one.field)}, kind: {kinds[one.type]}, modality: behaviour, field: {one.field}, "
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
