"""Files: written whole or not at all; lines read whatever a shop's program puts before, between and around them."""

import gzip
import io
import os
import tracemalloc
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ltr_plugin import files
from ltr_plugin.errors import InputError
from ltr_plugin.files import MAX_LINE_BYTES, decode_line, open_lines, replace_folder, write_atomic


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


def test_the_disk_has_a_file_before_it_has_its_name_and_then_the_name(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append(Path(f"/proc/self/fd/{fd}").readlink().name))
    write_atomic(tmp_path / "card.json", "new")
    assert steps[0].startswith(".card.json.")
    assert steps[1:] == [tmp_path.name]


def fill(folder, text):
    with replace_folder(folder) as new:
        (new / "model").write_text(text)


def test_a_folder_is_replaced_whole_and_the_disk_has_its_files_first(tmp_path, monkeypatch):
    folder = tmp_path / "ranker"
    fill(folder, "old")
    (folder / "of the old one").write_text("x")
    steps = []
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append(Path(f"/proc/self/fd/{fd}").readlink().name))
    fill(folder, "new")
    assert (steps[0], steps[-1]) == ("model", tmp_path.name)
    assert [path.name for path in (*tmp_path.iterdir(), *folder.iterdir())] == ["ranker", "model"]
    assert (folder / "model").read_text() == "new"


def test_a_folder_that_is_not_finished_leaves_the_old_one(tmp_path):
    folder = tmp_path / "ranker"
    fill(folder, "old")
    with pytest.raises(TypeError):
        fill(folder, None)  # no text, in the middle of writing
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "model").read_text() == "old"


def test_a_folder_lost_between_two_renames_is_put_back_by_the_next_call(tmp_path):
    folder = tmp_path / "ranker"
    fill(folder, "old")
    folder.rename(tmp_path / ".ranker.before")
    with pytest.raises(RuntimeError), replace_folder(folder):
        raise RuntimeError
    assert (folder / "model").read_text() == "old"


def test_folders_written_at_once_do_not_fail_each_other(tmp_path):
    folder, texts = tmp_path / "ranker", [str(number) for number in range(100)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda text: fill(folder, text), texts))
    assert (folder / "model").read_text() in texts
    assert list(tmp_path.iterdir()) == [folder]


def read(source, **options):
    with open_lines(source, **options) as lines:
        return list(lines)


@pytest.mark.parametrize("name", ["lines.txt", "lines.gz", "standard input"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("text", [b"one\ntwo\n", b"\xef\xbb\xbfone\r\ntwo", b"one\r\ntwo\r\n"])
def test_lines_are_the_same_with_gzip_a_byte_order_mark_and_other_line_ends(tmp_path, name, pack, text):
    path = tmp_path / name
    path.write_bytes(pack(text))
    assert read(path if name != "standard input" else io.BufferedReader(io.BytesIO(pack(text)))) == [b"one", b"two"]


def test_members_of_gzip_follow_each_other_and_zeros_them(tmp_path):
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"one\ntw") + gzip.compress(b"o\n") + bytes(1000))
    assert read(tmp_path / "two.gz") == [b"one", b"two"]
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "empty").write_bytes(b"")
    assert read(tmp_path / "empty.gz") == read(tmp_path / "empty") == []


def test_lines_of_a_pipe_are_given_as_they_arrive():
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as source, open_lines(source) as lines:
        os.write(theirs, b'{"id": "a"}\n{"id"')
        assert next(lines) == b'{"id": "a"}'
        os.write(theirs, b': "b"}\n')
        os.close(theirs)
        assert list(lines) == [b'{"id": "b"}']


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_named(tmp_path, encoding):
    (tmp_path / "wide").write_bytes("q 0 p 1\n".encode(encoding))
    with pytest.raises(InputError, match="is UTF-16 text from line 1 on; save it as UTF-8"):
        read(tmp_path / "wide")


def test_latin_1_and_a_long_line_are_told_of_their_line_alone(tmp_path):
    (tmp_path / "lines").write_bytes(b"one\ncr\xe8me\n" + b"x" * (3 * MAX_LINE_BYTES) + b"\nfour\n")
    first, second, third, fourth = read(tmp_path / "lines")
    assert (decode_line(first), decode_line(fourth)) == ("one", "four")
    with pytest.raises(ValueError, match="byte 0xE8 in column 3 is not UTF-8; is the file Latin-1"):
        decode_line(second)
    with pytest.raises(ValueError, match="longer than 4 MB"):
        decode_line(third)


def test_what_cannot_be_read_is_an_input_error_after_the_lines_before_it(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(300_000).hex().encode() + b"\nmore\n" * 9)[:-10])
    with pytest.raises(InputError, match=r"damaged gzip file, after line \d+: it ends too early"):
        read(tmp_path / "cut.gz")
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "absent")
    with pytest.raises(InputError, match="directory"):
        read(tmp_path)


def test_links_pipes_and_devices_are_refused_where_only_files_may_be(tmp_path):
    (tmp_path / "file").write_bytes(b"one\n")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "file", regular_only=True) == [b"one"]
    for name in (tmp_path / "link", tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / name, regular_only=True)


@pytest.mark.parametrize("unit", [b"x", b"x\n"])
def test_a_bomb_of_gzip_is_refused_within_little_memory(tmp_path, monkeypatch, unit):
    monkeypatch.setattr(files, "MIN_RATIO_BYTES", 1 << 18)
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", 6) as file:
        for _ in range(20):
            file.write(unit * ((1 << 20) // len(unit)))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="more than 200 times its size"), open_lines(path) as lines:
            deque(lines, 0)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_LINE_BYTES
    finally:
        tracemalloc.stop()
