"""References that lead to something else than a file of bytes."""

import os
import threading
import time
from pathlib import Path

import pytest

from ltr_plugin.catalog.media import content_hashes
from ltr_plugin.catalog.product import Product
from ltr_plugin.errors import MediaError
from ltr_plugin.media.openers import OPENERS
from ltr_plugin.media.reading import TimedBytes, read_media


@pytest.fixture
def folder(tmp_path) -> Path:
    """A catalog's folder with everything in it that is no photo."""
    root = tmp_path / "catalog"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    os.mkfifo(root / "pipe")
    (root / "circle").symlink_to(root / "circle")
    (root / "way-out").symlink_to(tmp_path / "secret")
    (root / "device").symlink_to("/dev/zero")
    (root / "empty").touch()
    (root / "inside").symlink_to(root / "photo")
    (root / "photo").write_bytes(b"photo")
    return root


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("pipe", "is not a file but a folder, a pipe or a device"),
        ("folder", "Is a directory"),
        ("", "Is a directory"),
        (".", "Is a directory"),
        ("circle", "circle"),
        ("way-out", "is outside the catalog's folder"),
        ("device", "is outside the catalog's folder"),
        ("../secret", "is outside the catalog's folder"),
        ("folder/../../secret", "is outside the catalog's folder"),
        ("/etc/passwd", "is outside the catalog's folder"),
        ("file:///etc/passwd", "No such file"),
        ("absent", "No such file"),
        ("photo/more", "Not a directory"),
        ("nul\0", "is not a path"),
        ("x" * 5000, "File name too long"),
        ("empty", "empty file"),
        ("http://[half", "no valid URL"),
        ("http://", "no http"),
        ("https://host:99999/", "Port out of range"),
        ("http://ho\0st/", "control characters"),
    ],
)
@pytest.mark.parametrize("modality", ["image", "audio", "video"])
def test_what_is_no_file_is_a_media_error_at_once(folder, modality, reference, reason):
    began = time.monotonic()
    with pytest.raises(MediaError, match=reason):
        OPENERS[modality](folder, reference)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("reference", ["pipe", "circle", "way-out", "nul\0", "x" * 5000, "http://ho\0st/"])
def test_a_product_with_such_a_reference_can_be_indexed_by_its_words(folder, reference):
    assert content_hashes(Product(id="p", title="mug", images=(reference,)), folder).keys() == {"text", "image"}


def test_a_link_inside_the_folder_is_followed(folder):
    assert read_media(folder, "inside", max_bytes=5) == b"photo"


def test_a_file_that_grows_while_it_is_read_ends_at_the_limit(folder):
    ended = threading.Event()

    def grow() -> None:
        with (folder / "log").open("ab", buffering=0) as file:
            while not ended.is_set():
                file.write(bytes(1 << 16))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        while not (folder / "log").exists() or (folder / "log").stat().st_size < 1 << 20:
            time.sleep(0.01)
        with pytest.raises(MediaError, match="over the limit of 1 MB"):
            read_media(folder, "log", max_bytes=1 << 20)
    finally:
        ended.set()
        writer.join()


def test_bytes_cannot_be_read_once_their_time_is_over():
    data = TimedBytes(b"abc", 0.05)
    assert data.read(1) == b"a"
    time.sleep(0.1)
    with pytest.raises(MediaError, match=r"takes more than 0.05 s to decode"):
        data.read(1)
