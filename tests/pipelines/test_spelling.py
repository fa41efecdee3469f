"""Did you mean: corrections by the words of an index of this library, and of a shop's own."""

import pytest
from outdoor_shop import german_outdoor_shop, outdoor_shop

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.query_understanding.spelling import corrected_text

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def shop(node_url, tmp_path_factory):
    with outdoor_shop(connect(node_url), tmp_path_factory.mktemp("media")) as index:
        yield index


@pytest.fixture(scope="module")
def german(node_url):
    with german_outdoor_shop(connect(node_url)) as index:
        yield index


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("hikng shose", "hiking shoes"),
        ("Hikng shoes", "hiking shoes"),
        ("bergstrom hedphones", "bergstrom headphones"),
        ("nordvik-shose", "nordvik-shoes"),
        ("👟👟 hikng", "👟👟 hiking"),
        ("wirless shose", "wireless shoes"),  # no product has both, but products have each
        ("hikng qqqq", "hiking qqqq"),
        ("hiking shoes", None),
        ("qqqqqq", None),
        ("hst", None),
        ("shoe5", None),
        ("", None),
        ('"}{{text}}', None),
    ],
)
def test_words_that_no_product_has_become_those_that_products_have(shop, text, corrected):
    assert corrected_text(shop, text) == corrected


def test_a_correction_is_written_as_products_are_though_the_index_has_stems(german):
    assert corrected_text(german, "kopfhöhrer") == "kopfhörer"
    assert corrected_text(german, "wandershcuhe schwarz") == "wanderschuhe schwarz"
    assert corrected_text(german, "veste vrete", "fr") == "veste verte"
    assert corrected_text(german, "veste vrete") is None
    with pytest.raises(InputError, match="no language"):
        corrected_text(german, "x", "xx")
