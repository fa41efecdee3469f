import numpy as np
import pytest
from mixed_modalities import MIXED

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.modality_mask import ModalityMask, presence_columns, vector_source


def column(name):
    return MIXED.feature_names.index(name)


def rows():
    """Rows of a typed query with a photo, all of whose values are above 0."""
    values = np.random.default_rng(5).random((20, len(MIXED.feature_names)), dtype=np.float32) + np.float32(0.1)
    values[:, column("both")] = values[:, column("photo")] + values[:, column("title")] / (
        values[:, column("title")] + 8
    )
    return values


def test_a_vectors_name_says_what_it_is_made_from():
    assert [vector_source(name) for name in ("image_vector", "image_text_vector", "text", "clip_audio_vector")] == [
        "image",
        "text",
        "text",
        "audio",
    ]


def test_presence_is_read_from_features_that_compare_query_and_product():
    assert presence_columns(MIXED) == {
        "text": (column("title"), column("meaning")),
        "image": (column("photo"), column("words_photo")),
    }


def test_presence_of_a_modality_that_compares_nothing_is_read_from_its_plain_features():
    features = [
        {"kind": "field_value", "name": "loudness", "modality": "audio", "field": "stats.loudness"},
        {"kind": "derived", "name": "twice", "modality": "audio", "expression": "2 * loudness"},
        {"kind": "derived", "name": "half", "modality": "video", "expression": "loudness / 2"},
    ]
    features = FeatureSet.model_validate({"name": "sounds", "version": 1, "features": features})
    assert presence_columns(features) == {"audio": (0,)}


def test_each_modality_of_a_query_and_of_a_product_has_its_features():
    modality_mask = ModalityMask(MIXED)

    def names(mask):
        return {name for name, read in zip(MIXED.feature_names, mask, strict=True) if read}

    assert {part: names(mask) for part, mask in modality_mask.query.items()} == {
        "text": {"has_text", "title", "meaning", "words_photo"},
        "image": {"has_photo", "photo"},
    }
    assert {part: names(mask) for part, mask in modality_mask.product.items()} == {
        "text": {"title", "meaning"},
        "image": {"photo", "words_photo"},
    }


def test_a_dropped_modality_is_zero_and_derived_features_follow():
    modality_mask = ModalityMask(MIXED)
    whole = rows()
    assert whole[:, column("title")].any()
    seen = modality_mask.drop(whole, query=["text"])
    assert not seen[:, [column("has_text"), column("title"), column("meaning"), column("words_photo")]].any()
    assert np.array_equal(seen[:, column("both")], seen[:, column("photo")])
    unphotographed = modality_mask.drop(whole, product=["image"])
    assert not unphotographed[:, [column("photo"), column("words_photo")]].any()
    assert np.array_equal(unphotographed[:, column("has_photo")], whole[:, column("has_photo")])
    assert np.array_equal(modality_mask.drop(whole), whole)
    assert np.array_equal(modality_mask.drop(whole, query=["smell"]), whole)


def test_derived_features_are_computed_as_they_were_logged():
    again = ModalityMask(MIXED).apply(rows(), np.zeros(len(MIXED.feature_names), dtype=bool))
    assert again == pytest.approx(rows(), rel=1e-6)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("sqrt(a)", 0), ("ln(a + 1)", -1e16), ("1 / (a + 1)", 1e16), ("exp(-800 * a)", 1e16), ("2 * a", -2)],
)
def test_a_derived_feature_is_computed_anew_as_the_cluster_does_it_within_its_bounds(expression, expected):
    a = {"name": "a", "kind": "field_value", "modality": "behaviour", "field": "price"}
    b = {"name": "b", "kind": "derived", "modality": "text", "expression": expression}
    mask = ModalityMask(FeatureSet.model_validate({"name": "s", "version": 1, "features": [a, b]}))
    assert mask.apply(np.array([[-1, 7]], np.float32), np.array([False, False]))[0, 1] == np.float32(expected)
