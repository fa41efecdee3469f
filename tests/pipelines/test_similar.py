"""Products like another one: by photo, by text, and by words where a product has no vectors."""

import pytest
from outdoor_shop import german_outdoor_shop, outdoor_shop, write_vectors

from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.similar import similar
from ltr_plugin.queries.page import Page

pytestmark = pytest.mark.live

TEXT = VectorField("text_vector", "text", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))
IMAGE = VectorField("image_vector", "image", "test:two", Fingerprint("test", "other", "1", 2, "", "0"))


@pytest.fixture(scope="module")
def shop(node_url, tmp_path_factory):
    """By text s1 is near s2, then s3; by photo it is near p1, then s3; h1 has no vectors."""
    with outdoor_shop(connect(node_url), tmp_path_factory.mktemp("media"), [TEXT, IMAGE]) as index:
        write_vectors(index, TEXT, {"s1": [1, 0], "s2": [1, 0.1], "s3": [1, 0.5], "p1": [0, 1]})
        write_vectors(index, IMAGE, {"s1": [1, 0], "p1": [1, 0.1], "s3": [1, 0.4], "s2": [0, 1]})
        yield index


@pytest.fixture(scope="module")
def german(node_url):
    with german_outdoor_shop(connect(node_url)) as index:
        yield index


def ids(found):
    return [hit.id for hit in found.result]


def test_neighbours_are_by_photo_or_by_text_and_not_the_product_itself(shop):
    assert ids(similar(shop, "s1", by="text")) == ["s2", "s3", "p1"]
    assert ids(similar(shop, "s1", by="image")) == ["p1", "s3", "s2"]
    both = similar(shop, "s1")
    assert both.found_by == "vectors"
    assert ids(both)[0] == "s3"


def test_a_page_of_neighbours_has_its_filters(shop):
    assert ids(similar(shop, "s1", by="text", page=Page(1, 1))) == ["s3"]
    assert ids(similar(shop, "s1", by="text", page=Page(filters={"category": "Phones & Tablets"}))) == ["p1"]
    with pytest.raises(InputError, match="no such filter"):
        similar(shop, "s1", page=Page(filters={"colour": "red"}))


def test_a_product_without_vectors_has_neighbours_by_its_words(shop):
    found = similar(shop, "p2")
    assert found.found_by == "words"
    assert ids(found)[0] == "p3"
    assert "p2" not in ids(found)
    assert ids(similar(shop, "p2", page=Page(filters={"brand": "Bergström"}))) == ["p3"]


def test_an_unknown_product_has_none(shop):
    assert similar(shop, "nobody") is None
    assert similar(shop, '"}{{text}}') is None


def test_variants_of_the_product_are_left_out(german):
    assert not {"a", "b"} & set(ids(similar(german, "a")))
    assert similar(german, "a", language="fr").found_by == "words"
    with pytest.raises(InputError, match="no language"):
        similar(german, "a", language="xx")
