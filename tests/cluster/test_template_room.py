"""Default filters of declared fields: as many as search templates have room for."""

from pathlib import Path

import pytest

from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import Fingerprint, VectorField
from ltr_plugin.cluster.managed.mapping import index_body
from ltr_plugin.cluster.managed.profile import managed_profile
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import BASELINES, search_template

STANDARD = ("brand", "category", "price", "released")
TEXT = VectorField("text_vector", "text", "test:two", Fingerprint("test", "two", "1", 2, "", "0"))


def profile_of(keywords, vectors=(TEXT,), stated=None):
    """The profile of an index with so many declared keywords of variants, and stock and price by store."""
    fields = [{"name": f"variants.field{number}", "type": "keyword"} for number in range(keywords)]
    fields += [{"name": f"stores.{name}", "type": "number"} for name in ("stock", "price")]
    schema = CatalogSchema.model_validate({"fields": fields, "nested": [{"path": "stores", "key": "store"}]})
    return managed_profile(index_body(OPENSEARCH, vectors, Path(), schema=schema)["mappings"]["_meta"], stated)


@pytest.mark.parametrize(
    ("keywords", "filters", "facets"),
    [
        (4, 10, 8),  # all of them: four standard filters, four of variants, two of stores
        (8, 14, 12),
        (60, 38, 4),
    ],
)
def test_the_last_filters_lose_their_facets_then_go(keywords, filters, facets):
    profile = profile_of(keywords)
    assert len(profile.filters) == filters
    assert len([one for one in profile.filters if one.facet]) == facets
    assert tuple(one.name for one in profile.filters[:4]) == STANDARD
    assert len(search_template(Retrieval(profile), BASELINES["first-pass"], rules=True)) < 58_000


def test_filters_that_a_profile_states_stay():
    stated = IndexProfile(filters=(FilterField(name="last", field="variants.field59", type="keyword"),))
    profile = profile_of(60, stated=stated)
    assert profile.filters[0] == stated.filters[0]
    assert "field59" not in {one.name for one in profile.filters}


def test_a_stated_filter_takes_a_name_from_a_default_one_not_its_place():
    stated = IndexProfile(filters=(FilterField(name="field0", field="stores.stock", type="number"),))
    names = {one.field: one.name for one in profile_of(2, stated=stated).filters}
    assert names["stores.stock"] == "field0"
    assert (names["variants.field0"], names["variants.field1"]) == ("variants_field0", "field1")
