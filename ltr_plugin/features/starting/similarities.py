"""The features of vectors that an index starts with: each vector field with the query vectors of its space."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.features.feature_file import FeatureEntry, slug, unique
from ltr_plugin.features.starting.fields import IndexFields
from ltr_plugin.features.starting.text import INCREASING

_COMPARED = {
    "text": {("text", "text"): "text_similarity"},
    "image": {
        ("image", "image"): "image_similarity",
        ("image", "text"): "image_to_text_similarity",
        ("text", "image"): "text_to_image_similarity",
        ("text", "text"): "clip_text_similarity",
        ("image", "video"): "image_to_video_similarity",
        ("text", "video"): "text_to_video_similarity",
    },
    "audio": {
        ("audio", "audio"): "audio_similarity",
        ("audio", "video"): "audio_to_soundtrack_similarity",
        ("text", "audio"): "text_to_audio_similarity",
    },
}
"""For each kind of space, what of the query is compared with what of the product, and the name of the feature."""


@dataclass(frozen=True)
class Similarity:
    """A feature that compares vectors: the kind of their space, and what the query's and the product's are made of."""

    space: str
    query: str
    product: str
    feature: FeatureEntry


def similarities(fields: IndexFields) -> list[Similarity]:
    """A feature for each vector field and each modality of a query that it can be compared with.

    The most similar image or recording of a product counts where the index keeps a vector of each.
    """
    spaces: dict[str, list[VectorField]] = {}
    for vector in (one for one in fields.vectors if not one.part):
        spaces.setdefault(vector.fingerprint.digest, []).append(vector)
    made: list[Similarity] = []
    for members in spaces.values():
        space = _kind(members)
        for (of_query, of_product), name in _COMPARED[space].items():
            queries = [one for one in members if one.source == of_query][:1]  # others are the same vector
            for query, vector in product(queries, (one for one in members if one.source == of_product)):
                taken = [str(one.feature["name"]) for one in made]
                free = name if name not in taken else unique(f"{slug(vector.name)[:48]}_similarity", taken)
                made.append(Similarity(space, of_query, of_product, _feature(free, space, query, vector, fields)))
    return made


def names_of(made: Iterable[Similarity], space: str, query: str, *products: str) -> list[str]:
    """The names of those that compare this of the query with any of these of the product."""
    return [
        str(one.feature["name"]) for one in made if (one.space, one.query) == (space, query) and one.product in products
    ]


def greatest(names: Sequence[str]) -> str:
    """The expression of the greatest of these features, empty for none; `max` has two arguments."""
    return reduce("max({}, {})".format, names) if names else ""


def _kind(members: Sequence[VectorField]) -> str:
    sources = {one.source for one in members}
    if "audio" in sources or any("soundtrack" in one.name for one in members):
        return "audio"
    return "image" if sources & {"image", "video"} else "text"


def _feature(name: str, space: str, query: VectorField, vector: VectorField, fields: IndexFields) -> FeatureEntry:
    each = query.source == vector.source and fields.has(f"{vector.per_media}.vector", "vector")
    return {
        "name": name,
        "kind": "similarity",
        "modality": "video" if vector.source == "video" else space,
        "query_vector": query.parameter,
        "field": vector.name,
        **({"score_mode": "max"} if each else {}),
        **(INCREASING if query.source == "text" else {}),
    }
