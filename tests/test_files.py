"""Files: written whole or not at all, gzip told by content."""

import gzip

import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.files import open_lines, write_atomic


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "card.json"
    write_atomic(path, "größer\n")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "card.json"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomic(path, "new")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["lines.txt", "lines.gz"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_gzip_is_told_by_content(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(b"one\ntwo\n"))
    with open_lines(path) as lines:
        assert list(lines) == [b"one\n", b"two\n"]


def test_what_cannot_be_read_is_an_input_error(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"line\n" * 1000)[:-10])
    with pytest.raises(InputError, match="damaged gzip"), open_lines(tmp_path / "cut.gz") as lines:
        list(lines)
    with pytest.raises(InputError, match="No such file"), open_lines(tmp_path / "absent") as lines:
        list(lines)
