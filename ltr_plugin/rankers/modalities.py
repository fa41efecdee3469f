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
from ltr_plugin.features.table import Floats
from ltr_plugin.rankers.formulas import evaluate

CONTENT = ("text", "image", "audio", "video")
"""The modalities that a query and a product may both have."""

Mask = npt.NDArray[np.bool_]
PartsOf = Callable[[AnyFeature], set[str]]


def source_of(vector: str) -> str:
    """What a vector is made from, by its name: `image_vector` from the image, `image_text_vector` from text."""
    return vector.removesuffix("_vector").rpartition("_")[2]


def evidence(features: FeatureSet) -> dict[str, tuple[int, ...]]:
    """For each content modality of the set, the columns that tell whether it is present (see above)."""
    found: dict[str, tuple[int, ...]] = {}
    for modality in CONTENT:
        plain = [
            (place, feature)
            for place, feature in enumerate(features.features)
            if feature.modality == modality and not isinstance(feature, Derived)
        ]
        compared = [place for place, feature in plain if feature.vectors() or _reads_words(feature)]
        if plain:
            found[modality] = tuple(compared or [place for place, _ in plain])
    return found


class Gaps:
    """Takes parts away from queries and products in rows of a feature set's values."""

    def __init__(self, features: FeatureSet) -> None:
        self.names = features.names
        self.query = _columns_by_part(features.features, _query_parts)
        self.product = _columns_by_part(features.features, _product_parts)
        self._features = features.features

    @cached_property
    def _derived(self) -> list[tuple[int, Derived]]:
        return [(place, feature) for place, feature in enumerate(self._features) if isinstance(feature, Derived)]

    def fill(self, values: Floats, missing: Mask) -> Floats:
        """`values` (..., features) with 0 where `missing` (broadcast to it), and derived features computed again."""
        changed = np.where(missing, np.float32(0), values)
        for place, feature in self._derived:
            columns = {name: changed[..., column] for column, name in enumerate(self.names[:place])}
            changed[..., place] = evaluate(feature.expression, columns)
        return changed

    def without(self, values: Floats, *, query: Collection[str] = (), product: Collection[str] = ()) -> Floats:
        """The rows as if the query, or the product, had none of these parts, such as `image`."""
        taken = [self.query[part] for part in query if part in self.query]
        taken += [self.product[part] for part in product if part in self.product]
        return self.fill(values, np.any(taken, axis=0)) if taken else values


def _columns_by_part(features: Sequence[AnyFeature], parts_of: PartsOf) -> dict[str, Mask]:
    read = [parts_of(feature) for feature in features]
    return {part: np.array([part in parts for parts in read]) for part in sorted(set().union(*read))}


def _query_parts(feature: AnyFeature) -> set[str]:
    parts = {source_of(vector) for vector in feature.vectors()}
    if isinstance(feature, QueryFlag):
        parts.add(source_of(feature.has))
    if isinstance(feature, Template):
        parts |= {source_of(feature.when)} if feature.when else set()
        parts |= {"text"} if "{{text}}" in json.dumps(feature.template) else set()
    return parts | ({"text"} if _reads_words(feature) else set())


def _product_parts(feature: AnyFeature) -> set[str]:
    return {source_of(field) for field in feature.vectors().values()} | ({"text"} if _reads_words(feature) else set())


def _reads_words(feature: AnyFeature) -> bool:
    return "text" in feature.fields().values()
