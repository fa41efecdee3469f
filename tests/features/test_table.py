import numpy as np
import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.features.table import FeatureTable, Provenance
from ltr_plugin.features.table_writer import FeatureTableWriter

PROVENANCE = Provenance({}, "shop-v1", "d", "i", {}, "3.6.0", "q", "j", 2, 7, "now")


def test_missing_zero_and_unjudged_are_told_apart(tmp_path):
    path = tmp_path / "new" / "t.parquet"
    with FeatureTableWriter(path, ["a", "b"], PROVENANCE, row_group_size=2) as writer:
        writer.add([("q1", "p1", 3.0, {"a": 0.0, "b": None}), ("q1", "p2", None, {"a": 1.5})])
        writer.add([("q2", "p1", 0.0, {"a": None, "b": 2.0})])
    table = FeatureTable.read(path)
    assert table.feature_names == ("a", "b")
    assert table.provenance == PROVENANCE
    assert list(table.queries) == ["q1", "q1", "q2"]
    np.testing.assert_array_equal(table.values, np.array([[0, np.nan], [1.5, np.nan], [np.nan, 2]], np.float32))
    np.testing.assert_array_equal(table.grades, np.array([3, np.nan, 0], np.float32))
    np.testing.assert_array_equal(table.labels, [3, 0, 0])
    assert list(table.for_queries(["q2"]).products) == ["p1"]


def test_an_unfinished_table_leaves_no_file(tmp_path):
    def stop_midway():
        with FeatureTableWriter(tmp_path / "t.parquet", ["a"], PROVENANCE) as writer:
            writer.add([("q", "p", 1.0, {"a": 1.0})])
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop_midway()
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"no Parquet")
    with pytest.raises(InputError, match="ltr features log"):
        FeatureTable.read(tmp_path / "t.parquet")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        FeatureTableWriter(tmp_path / "file" / "t.parquet", ["a"], PROVENANCE)
