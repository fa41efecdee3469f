"""An index of a shop's own, however it is named: neither written, nor deleted, nor is its alias moved."""

import uuid

import pytest

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.managed.versions import active_index
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.indexing.index_versions import drop_inactive_versions, drop_index, list_versions


@pytest.fixture(params=["index", "alias", "alias of a version"])
def foreign(request, cluster):
    """The name of a shop's index: its own, an alias, or an alias of an index that is named like a version of ours."""
    name = f"laden-{uuid.uuid4().hex[:8]}"
    real = {"index": name, "alias": f"{name}-blau", "alias of a version": f"{name}-v1"}[request.param]
    cluster.call("PUT", f"/{real}", {} if real == name else {"aliases": {name: {}}})
    yield name
    assert set(cluster.call("GET", f"/{name}")) == {real}
    assert set(cluster.call("GET", f"/{name}*")) == {real}
    cluster.call("DELETE", f"/{real}")


@pytest.mark.live
def test_a_foreign_index_is_left_alone(cluster, foreign, tmp_path):
    (tmp_path / "catalog.jsonl").write_text(Product(id="x", title="Tasse").model_dump_json(exclude_defaults=True))
    for change in (
        lambda: write_catalog(cluster, tmp_path / "catalog.jsonl", foreign, ()),
        lambda: write_catalog(cluster, tmp_path / "catalog.jsonl", foreign, (), replace=True),
        lambda: active_index(cluster, foreign),
        lambda: list_versions(cluster, foreign),
        lambda: drop_index(cluster, foreign),
        lambda: drop_inactive_versions(cluster, foreign),
    ):
        with pytest.raises(InputError, match="was not made by `ltr index create`"):
            change()
