"""The first pass and its search template read the fields that the profile names."""

import pytest

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template

IMAGES, TEXTS = (Fingerprint("library", name, "", 2, "", "w") for name in ("images", "texts"))
VECTORS = (
    VectorField("text_vector", "text", "library:texts", TEXTS),
    VectorField("image_vector", "image", "library:images", IMAGES),
    VectorField("image_text_vector", "text", "library:images", IMAGES),
)


def test_a_query_vector_is_compared_with_the_fields_of_its_own_space():
    assert Retrieval(IndexProfile(text_fields=("title",), vectors=VECTORS)).knn_pairs == (
        ("text_vector", "text_vector"),
        ("image_vector", "image_vector"),
        ("image_vector", "image_text_vector"),
        ("image_text_vector", "image_vector"),
        ("image_text_vector", "image_text_vector"),
    )


def test_text_fields_with_boosts_and_returned_fields_are_the_profile_s():
    profile = IndexProfile(text_fields=("name^3", "maker"), returned_fields=("sku", "name"))
    template = search_template(Retrieval(profile), BASELINES["bm25"])
    assert '"fields":["name^3","maker"]' in template
    assert '"_source":["sku","name"]' in template


@pytest.mark.parametrize(
    ("inputs", "mode"),
    [
        ({"text": "mug"}, "text"),
        ({"audio": "a.wav"}, "audio"),
        ({"text": "mug", "image": "a.jpg"}, "mixed"),
        ({"text": "", "video": "a.mp4"}, "video"),
    ],
)
def test_the_mode_of_a_query_is_what_it_consists_of(inputs, mode):
    assert Query(id="q", **inputs).mode == mode
