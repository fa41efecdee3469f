"""Computes feature values as if queries or products lacked a modality.

A feature depends on a modality of the query or of the product through the vectors and text fields that it reads. A
query vector has the name of the product's vector field, and the name says what the vector is made from:
`image_text_vector` is made from text, in the space of images.

A content modality is *present* in a row when both query and product have it. Zero-filled features are 0 where either
side lacks it, and a similarity, (1 + cosine) / 2, is above 0 where both have it. So a modality is present where any of
its features that compare query and product (similarities and BM25) is above 0; without a text encoder, a product that
has none of the query's terms therefore counts as without text. A modality without such features is present where any
of its features is not 0. Derived features do not count, because they may mix modalities.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.kinds import AnyFeature, Derived, QueryFlag, Template
from ltr_plugin.features.lucene_expressions import evaluate_expression
from ltr_plugin.features.mustache import parameters_of
from ltr_plugin.features.table import Floats

CONTENT_MODALITIES = ("text", "image", "audio", "video")
"""The modalities that both a query and a product may have."""

BoolArray = npt.NDArray[np.bool_]


def vector_source(vector: str) -> str:
    """The modality that a vector is made from: `image` for `image_vector`, `text` for `image_text_vector`."""
    return vector.removesuffix("_vector").rpartition("_")[2]


def presence_columns(features: FeatureSet) -> dict[str, tuple[int, ...]]:
    """For each content modality of the set, the columns that show whether it is present (see the module)."""
    columns: dict[str, tuple[int, ...]] = {}
    for modality in CONTENT_MODALITIES:
        plain = [
            (column, feature)
            for column, feature in enumerate(features.features)
            if feature.modality == modality and not isinstance(feature, Derived)
        ]
        comparing = [column for column, feature in plain if feature.required_vectors() or _reads_text(feature)]
        if plain:
            columns[modality] = tuple(comparing or [column for column, _ in plain])
    return columns


class ModalityMask:
    """Removes modalities from queries and products in the values of a feature set.

    `query` and `product` are boolean arrays, (features,), by modality: the features that are 0 without it.
    """

    def __init__(self, features: FeatureSet) -> None:
        self.feature_names = features.feature_names
        self.query = _columns_by_modality(features.features, _query_modalities)
        self.product = _columns_by_modality(features.features, _product_modalities)
        self._features = features.features

    @cached_property
    def _derived(self) -> list[tuple[int, Derived]]:
        return [(column, feature) for column, feature in enumerate(self._features) if isinstance(feature, Derived)]

    def apply(self, values: Floats, missing: BoolArray) -> Floats:
        """The values, (..., features), with 0 where `missing` (broadcast to them) and derived features recomputed."""
        masked = np.where(missing, np.float32(0), values)
        for column, feature in self._derived:
            earlier = {name: masked[..., index] for index, name in enumerate(self.feature_names[:column])}
            masked[..., column] = evaluate_expression(feature.bounded_expression, earlier)
        return masked

    def drop(self, values: Floats, *, query: Collection[str] = (), product: Collection[str] = ()) -> Floats:
        """The values as if the query, or the product, lacked these modalities."""
        missing = [self.query[modality] for modality in query if modality in self.query]
        missing += [self.product[modality] for modality in product if modality in self.product]
        return self.apply(values, np.any(missing, axis=0)) if missing else values


def _columns_by_modality(
    features: Sequence[AnyFeature], modalities_of: Callable[[AnyFeature], set[str]]
) -> dict[str, BoolArray]:
    modalities = [modalities_of(feature) for feature in features]
    return {
        modality: np.array([modality in needed for needed in modalities])
        for modality in sorted(set().union(*modalities))
    }


def _query_modalities(feature: AnyFeature) -> set[str]:
    modalities = {vector_source(vector) for vector in feature.required_vectors()}
    if isinstance(feature, QueryFlag):
        modalities.add(vector_source(feature.parameter))
    if isinstance(feature, Template):
        modalities |= {vector_source(feature.when)} if feature.when else set()
        modalities |= {"text"} & parameters_of(feature.text)
    return modalities | ({"text"} if _reads_text(feature) else set())


def _product_modalities(feature: AnyFeature) -> set[str]:
    modalities = {vector_source(field) for field in feature.required_vectors().values()}
    return modalities | ({"text"} if _reads_text(feature) else set())


def _reads_text(feature: AnyFeature) -> bool:
    return "text" in feature.required_fields().values()
