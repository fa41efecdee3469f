"""What of a query and of a product each feature needs, so that rows can be seen as if some of it were missing.

A query vector and a product's vector field are named alike, and the name says what they are made from:
`image_text_vector` is made from text, for the space of images. Words are compared by features that read text fields.

A content modality is *present* in a row where the query has it and the product has it. Total features give 0 where
either side lacks it, and a similarity, (1 + cosine) / 2, gives more than 0 where both have it. Hence the rule: present
where any of the modality's features that compare query and product is more than 0. These are its similarities and its
matches of words (without a text encoder a product that has none of the query's words therefore counts as without
text); a modality with neither is present where any of its features is not 0. Derived features never tell, since they
may mix modalities.
"""

import json
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import AnyFeature, Derived, QueryFlag, Template
from ltr_plugin.features.lucene_expressions import evaluate_expression
from ltr_plugin.features.table import Floats

CONTENT_MODALITIES = ("text", "image", "audio", "video")
"""The modalities that a query and a product may both have."""

BoolArray = npt.NDArray[np.bool_]
SourcesOf = Callable[[AnyFeature], set[str]]


def vector_source(vector: str) -> str:
    """What a vector is made from, by its name: `image_vector` from the image, `image_text_vector` from text."""
    return vector.removesuffix("_vector").rpartition("_")[2]


def presence_columns(features: FeatureSet) -> dict[str, tuple[int, ...]]:
    """For each content modality of the set, the columns that tell whether it is present (see above)."""
    found: dict[str, tuple[int, ...]] = {}
    for modality in CONTENT_MODALITIES:
        plain = [
            (place, feature)
            for place, feature in enumerate(features.features)
            if feature.modality == modality and not isinstance(feature, Derived)
        ]
        compared = [place for place, feature in plain if feature.required_vectors() or _reads_text(feature)]
        if plain:
            found[modality] = tuple(compared or [place for place, _ in plain])
    return found


class ModalityMask:
    """Takes parts away from queries and products in rows of a feature set's values."""

    def __init__(self, features: FeatureSet) -> None:
        self.feature_names = features.feature_names
        self.query = _columns_by_source(features.features, _query_sources)
        self.product = _columns_by_source(features.features, _product_sources)
        self._features = features.features

    @cached_property
    def _derived(self) -> list[tuple[int, Derived]]:
        return [(place, feature) for place, feature in enumerate(self._features) if isinstance(feature, Derived)]

    def apply(self, values: Floats, missing: BoolArray) -> Floats:
        """`values` (..., features) with 0 where `missing` (broadcast to it), and derived features computed again."""
        changed = np.where(missing, np.float32(0), values)
        for place, feature in self._derived:
            columns = {name: changed[..., column] for column, name in enumerate(self.feature_names[:place])}
            changed[..., place] = evaluate_expression(feature.expression, columns)
        return changed

    def drop(self, values: Floats, *, query: Collection[str] = (), product: Collection[str] = ()) -> Floats:
        """The rows as if the query, or the product, had none of these parts, such as `image`."""
        taken = [self.query[source] for source in query if source in self.query]
        taken += [self.product[source] for source in product if source in self.product]
        return self.apply(values, np.any(taken, axis=0)) if taken else values


def _columns_by_source(features: Sequence[AnyFeature], sources_of: SourcesOf) -> dict[str, BoolArray]:
    read = [sources_of(feature) for feature in features]
    return {source: np.array([source in sources for sources in read]) for source in sorted(set().union(*read))}


def _query_sources(feature: AnyFeature) -> set[str]:
    sources = {vector_source(vector) for vector in feature.required_vectors()}
    if isinstance(feature, QueryFlag):
        sources.add(vector_source(feature.parameter))
    if isinstance(feature, Template):
        sources |= {vector_source(feature.when)} if feature.when else set()
        sources |= {"text"} if "{{text}}" in json.dumps(feature.template) else set()
    return sources | ({"text"} if _reads_text(feature) else set())


def _product_sources(feature: AnyFeature) -> set[str]:
    return {vector_source(field) for field in feature.required_vectors().values()} | (
        {"text"} if _reads_text(feature) else set()
    )


def _reads_text(feature: AnyFeature) -> bool:
    return "text" in feature.required_fields().values()
