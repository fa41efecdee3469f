"""The feature set that an index starts with: features for what its profile says that its fields mean."""

from collections.abc import Mapping, Sequence
from typing import Any

from ltr_plugin.features.feature_file import FeatureEntry, FeatureGroup, slug
from ltr_plugin.features.starting.fields import IndexFields
from ltr_plugin.features.starting.numbers import nested_features, number_features, other_numbers
from ltr_plugin.features.starting.reviews import review_features, review_text
from ltr_plugin.features.starting.similarities import Similarity, greatest, names_of, similarities
from ltr_plugin.features.starting.text import ALL_TERMS, BEST_FIELDS, CROSS_FIELDS, INCREASING, text_features
from ltr_plugin.profile.index_profile import IndexProfile

_IMAGES = """\
Images and videos, in the space of the image-text encoder. The name says what is compared: A_to_B_similarity \
compares A of the query with B of the product, image_similarity an image with the most similar image of the product, \
or with the mean of its images where `score_mode` is not `max`. A feature that reads the query's image has no \
monotonicity: in a query by image and text, such as "in red", the most similar image is not the one that is wanted."""

_AUDIO = """\
Audio: the query's audio compared with the audio of the product and with the soundtrack of its video, and the \
query's text compared with the product's audio."""

_SUMS = """\
Sums that a few trees could not learn from a few queries. BM25 has no upper bound; x / (x + 8) keeps it below 1, so \
that it can be added to similarities."""

_NESTED = (
    "Numbers and dates of nested objects: of the one that a search picks, else the least number and the newest date "
    "(score_mode). Take the # away from those that say what shoppers choose, and log features with queries that pick "
    "as shoppers do.\n"
)
_REVIEWS = """\
Reviews: BM25, similarity of the query's text with their mean and with the most similar one, number and mean rating."""

_OTHERS = "Other numbers of the index. Take the # away from those that say what shoppers choose.\n"


def starting_groups(profile: IndexProfile, mapping: Mapping[str, Any], *, reviewed: bool = False) -> list[FeatureGroup]:
    """The features, in groups with a comment each, for an index of this profile and mapping.

    Text: BM25 of each text field, and over all of them. Vectors: each vector field, compared with the query vectors of
    its space. Sums of these. Numbers: price, statistics, stock and date of release, where the index has them. Reviews,
    where products have any (`reviewed`). Fields whose names or types features cannot have are left out, and a comment
    names them.
    """
    fields = IndexFields(profile, mapping)
    compared = similarities(fields)
    by_space = {space: [one.feature for one in compared if one.space == space] for space in ("text", "image", "audio")}
    text_only = not (by_space["image"] or by_space["audio"])
    text = text_features(fields, text_only=text_only, reserved=1 if reviewed and review_text(fields) else 0)
    about_text = [
        *(["BM25 of each field, BM25 over all fields"] if text else []),
        *(["the similarity of the text embeddings"] if by_space["text"] else []),
    ]
    numbers = number_features(fields)
    taken = [str(one["name"]) for one in (*text, *(one.feature for one in compared), *numbers)]
    others = other_numbers(fields)
    listed = (f"- {{name: {slug(one)}, kind: field_value, modality: behaviour, field: {one}}}" for one in others)
    groups = [
        FeatureGroup("Which modalities the query has.", _flags(compared)),
        FeatureGroup(f"Text: {', and '.join(about_text)}.", [*text, *by_space["text"]]),
        FeatureGroup(_IMAGES, by_space["image"]),
        FeatureGroup(_AUDIO, by_space["audio"]),
        FeatureGroup(_SUMS, _sums({str(one["name"]) for one in text}, compared)),
        FeatureGroup("Price, shoppers' behaviour, stock and date of release.", numbers),
        FeatureGroup(_REVIEWS, review_features(fields, taken, reviewed=reviewed)),
    ]
    used = [group for group in groups if group.features]
    if others:
        used.append(FeatureGroup(_OTHERS + "\n".join(listed), []))
    if inside := nested_features(fields):
        used.append(FeatureGroup(_NESTED + "\n".join(inside), []))
    if left_out := ", ".join(fields.left_out):
        used.append(
            FeatureGroup(f"Left out, because features cannot have such names or types, or so many: {left_out}.", [])
        )
    return used


def _flags(compared: Sequence[Similarity]) -> list[FeatureEntry]:
    media = {one.query: one.feature["query_vector"] for one in reversed(compared) if one.query != "text"}
    parameters = {"text": "text"} | {source: media[source] for source in ("image", "audio") if source in media}
    return [
        {"name": f"has_{source}", "kind": "query_flag", "modality": "query", "parameter": parameter}
        for source, parameter in (parameters if media else {}).items()
    ]


def _sums(text: set[str], compared: Sequence[Similarity]) -> list[FeatureEntry]:
    """Derived features of the features of text, by their names, and of similarities."""
    features: list[FeatureEntry] = []

    def add(name: str, modality: str, expression: str, **more: str) -> str:
        features.append({"name": name, "kind": "derived", "modality": modality, "expression": expression, **more})
        return name

    meaning = greatest(names_of(compared, "text", "text", "text"))
    if meaning and BEST_FIELDS in text:
        add("bm25_plus_similarity", "text", f"8 * {meaning} + {_bounded(BEST_FIELDS)}", **INCREASING)
        best = f"4 * {meaning} + {_bounded(BEST_FIELDS)} + {_bounded(ALL_TERMS)}"
        add("all_terms_plus_similarity", "text", best, **INCREASING)
    elif meaning and text:
        both = f"4 * {meaning} + {_bounded(CROSS_FIELDS)} + {_bounded(ALL_TERMS)}"
        add("bm25_plus_similarity", "text", both, **INCREASING)
    seen = names_of(compared, "image", "image", "image", "video")
    heard = names_of(compared, "audio", "audio", "audio", "video")
    looks, sounds = greatest(seen), greatest(heard)
    if len(seen) > 1:
        looks = add("best_visual_similarity", "image", looks)
    if len(heard) > 1:
        sounds = add("best_audio_similarity", "audio", sounds)
    described = greatest(names_of(compared, "image", "text", "image", "video"))
    to_text = greatest(names_of(compared, "image", "image", "text"))
    clip_text = greatest(names_of(compared, "image", "text", "text"))
    parts = [one for one in (meaning, looks, to_text, described, clip_text, sounds) if one]
    visual = [one for one in (looks, described) if one]
    if len(parts) > 1:
        add("total_similarity", "image" if visual else "audio", " + ".join(parts))
    if visual and text:
        expression = " + ".join([*(f"4 * {one}" for one in visual), _bounded(CROSS_FIELDS)])
        add("visual_similarity_plus_bm25", "image", expression)
    return features


def _bounded(name: str) -> str:
    return f"{name} / ({name} + 8)"
