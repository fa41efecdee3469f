"""The first pass and its search template read the fields that the profile names."""

import pytest

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.query import Query
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, Ranking, search_template

IMAGES, TEXTS, REVIEWS = (Fingerprint("library", name, "", 2, "", "w") for name in ("images", "texts", "reviews"))
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


@pytest.mark.parametrize(("space", "parameters"), [(TEXTS, set()), (REVIEWS, {"review_text_vector"})])
def test_vectors_of_reviews_are_read_by_features_and_not_by_the_first_pass(space, parameters):
    reviews = VectorField("review_text_vector", "text", "library:reviews", space, part="reviews")
    plain, retrieval = (
        Retrieval(IndexProfile(text_fields=("title",), vectors=(*VECTORS, *more))) for more in ((), (reviews,))
    )
    assert (retrieval.knn_pairs, retrieval.query_vectors) == (plain.knn_pairs, plain.query_vectors)
    assert set(retrieval.ranker_vectors) - set(plain.ranker_vectors) == parameters
    template = search_template(retrieval, Ranking("model", model="m"))
    assert ("review_text_vector" in template) == bool(parameters)


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
