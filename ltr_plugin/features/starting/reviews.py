"""The features of reviews that an index starts with, where its products have any."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ltr_plugin.catalog.vectors import VectorField, query_fields
from ltr_plugin.features.feature_file import FeatureEntry, unique
from ltr_plugin.features.starting.fields import IndexFields
from ltr_plugin.features.starting.text import INCREASING

REVIEW_TEXT, REVIEW_COUNT, REVIEW_RATING = "review_text", "review_count", "review_rating"

REVIEWED: Mapping[str, Any] = {
    "bool": {"should": [{"exists": {"field": field}} for field in (REVIEW_TEXT, REVIEW_COUNT, REVIEW_RATING)]}
}
"""A query of the products that have reviews."""


def review_text(fields: IndexFields) -> str | None:
    """The field with the words of reviews, if the index has it."""
    return next((one for one in (f"{REVIEW_TEXT}.stem", REVIEW_TEXT) if fields.has(one, "text")), None)


def review_features(fields: IndexFields, taken: Collection[str], *, reviewed: bool) -> list[FeatureEntry]:
    """BM25 of the reviews, their similarity, number and mean rating, as far as the index has them.

    Where no product is `reviewed`, only the similarity, if there is a vector of reviews. `taken` are names of others.
    """
    value = {"kind": "field_value", "modality": "behaviour"}
    features: list[FeatureEntry] = []
    if reviewed and (text := review_text(fields)):
        features.append({"name": "reviews_bm25", "kind": "match", "modality": "text", "field": text, **INCREASING})
    features += _similarities(fields)
    if reviewed and fields.has(REVIEW_COUNT, "number"):
        features.append({"name": REVIEW_COUNT, **value, "field": REVIEW_COUNT, "modifier": "log1p"})
    if reviewed and fields.has(REVIEW_RATING, "number"):
        features.append({"name": REVIEW_RATING, **value, "field": REVIEW_RATING, **INCREASING})
    return [{**one, "name": unique(one["name"], taken)} for one in features]


def _similarities(fields: IndexFields) -> list[FeatureEntry]:
    """The mean of the reviews, and the most similar one, compared with the text of the query."""
    vector = next((one for one in fields.vectors if one.part == "reviews"), None)
    query = vector and _query_vector(vector, fields.vectors)
    if not vector or not query:
        return []
    compared = {"kind": "similarity", "modality": "text", "query_vector": query, "field": vector.name, **INCREASING}
    features: list[FeatureEntry] = [{"name": "reviews_similarity", **compared}]
    if fields.has(f"{vector.per_media}.vector", "vector"):
        features.append({"name": "best_review_similarity", **compared, "score_mode": "max"})
    return features


def _query_vector(vector: VectorField, vectors: Iterable[VectorField]) -> str | None:
    same = (one for one in query_fields(vectors) if (one.source, one.fingerprint) == ("text", vector.fingerprint))
    return next((one.parameter for one in same), None)
