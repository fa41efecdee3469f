"""Products in the next version of an index that declares other fields: nothing is lost, and all can be updated."""

import pytest

from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.managed.changes import apply_changes
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.sync import cut_over, sync
from ltr_plugin.cluster.managed.versions import IndexOptions, create_next_version, switch_alias
from ltr_plugin.errors import InputError

pytestmark = pytest.mark.live

PRODUCT = {"id": "1", "title": "cup", "code": "12", "tags": ["a", "b"], "level": 4, "sold": True, "day": "2026-05-01"}
OBJECTS = {"variants": [{"id": "v", "size": "M"}], "stores": [{"store": "berlin", "stock": 3}]}


def schema_of(**types):
    fields = [{"name": name.replace("__", "."), "type": type_} for name, type_ in types.items()]
    return CatalogSchema.model_validate({"fields": fields, "nested": [{"path": "stores", "key": "store"}]})


BEFORE = schema_of(
    code="keyword", tags="keyword", level="number", sold="boolean", day="keyword", variants__size="keyword",
    stores__stock="number",
)  # fmt: skip


@pytest.fixture
def versions(cluster, alias, tmp_path):
    """Makes an index of the schema BEFORE with one product, and its next version of another schema."""

    def make(after):
        made = [
            create_next_version(cluster, alias, [], tmp_path, options=IndexOptions(schema=schema))
            for schema in (BEFORE, after)
        ]
        product = made[0].product_types.product.model_validate({**PRODUCT, **OBJECTS})
        switch_alias(cluster, alias, made[0].name)
        assert apply_changes(ManagedIndex.open(cluster, alias), [product]) == [None]
        return made

    return make


def test_values_get_their_new_type_and_objects_lose_what_is_not_declared(versions, cluster, alias):
    before, after = versions(schema_of(code="number", tags="text", level="keyword", sold="keyword", day="date"))
    sync(before, after)
    cut_over(cluster, alias, after)
    index = ManagedIndex.open(cluster, alias)
    update = index.product_types.update.model_validate({"id": "1", "title": "mug"})
    assert apply_changes(index, [update]) == [None]
    source = cluster.call("GET", f"/{alias}/_doc/1")["_source"]
    kept = {key: source[key] for key in (*PRODUCT, *OBJECTS)}
    others = {"variants": [{"id": "v"}], "stores": [{"store": "berlin"}]}
    assert kept == {**PRODUCT, **others, "title": "mug", "code": 12, "level": "4", "sold": "true"}


def test_a_value_that_cannot_have_its_new_type_stops_the_change(versions):
    with pytest.raises(InputError, match=r"product 1.*\n?.*\$\.tags  'a' is no number"):
        sync(*versions(schema_of(tags="number")))
