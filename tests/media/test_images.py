"""Photos of every kind that catalogs hold, good and bad."""

import contextlib
import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from ltr_plugin.errors import MediaError
from ltr_plugin.media import images
from ltr_plugin.media.images import decode_image, open_image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def colour(image: Image.Image) -> tuple[int, ...]:
    return tuple(np.asarray(image).reshape(-1, 3).mean(0).round().astype(int))


@pytest.mark.parametrize(
    ("mode", "form", "fill", "expected"),
    [
        ("RGB", "PNG", (10, 200, 30), (10, 200, 30)),
        ("L", "PNG", 77, (77, 77, 77)),
        ("1", "PNG", 1, (255, 255, 255)),
        ("CMYK", "JPEG", (0, 255, 255, 0), (254, 0, 0)),
        ("RGBA", "PNG", (0, 0, 255, 0), (255, 255, 255)),
        ("RGBA", "WEBP", (0, 0, 255, 255), (0, 0, 255)),
        ("LA", "PNG", (0, 0), (255, 255, 255)),
        ("I;16", "PNG", 51400, (200, 200, 200)),
        ("I;16B", "TIFF", 51400, (200, 200, 200)),
        ("CMYK", "TIFF", (0, 255, 255, 0), (255, 0, 0)),
        ("LAB", "TIFF", (136, 208, 195), (250, 3, 11)),
        ("YCbCr", "TIFF", (76, 85, 255), (254, 0, 0)),
        ("RGB", "BMP", (10, 200, 30), (10, 200, 30)),
        ("RGB", "AVIF", (10, 200, 30), (10, 200, 30)),
    ],
)
def test_every_colour_space_becomes_rgb_on_white(mode, form, fill, expected):
    options = {"lossless": True} if form == "WEBP" else {}
    photo = decode_image(saved(Image.new(mode, (8, 6), fill), form, **options))
    assert photo.mode == "RGB"
    assert photo.size == (8, 6)
    assert np.abs(np.subtract(colour(photo), expected)).max() <= 2


def test_transparent_palette_lies_on_white():
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    assert colour(decode_image(saved(palette, "GIF", transparency=0))) == (255, 255, 255)


def test_first_frame_of_an_animation_counts():
    red, blue = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (4, 4), "blue")
    assert colour(decode_image(saved(red, "WEBP", save_all=True, append_images=[blue], lossless=True))) == (255, 0, 0)


def test_a_photo_taken_sideways_is_turned_upright():
    sideways = Image.new("RGB", (40, 20))
    exif = sideways.getexif()
    exif[0x0112] = 6
    assert decode_image(saved(sideways, "JPEG", exif=exif)).size == (20, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_however_it_was_taken(orientation):
    taken = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8))
    exif = taken.getexif()
    exif[0x0112] = orientation
    shown = decode_image(saved(taken, "PNG", exif=exif))
    assert np.array_equal(shown, ImageOps.exif_transpose(Image.open(io.BytesIO(saved(taken, "PNG", exif=exif)))))


def test_odd_notes_beside_the_orientation_cost_no_photo():
    orientation, resolution = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0), struct.pack(">HHII", 0x011A, 10, 1, 38)
    notes = b"MM\0*" + struct.pack(">IH", 8, 2) + orientation + resolution + bytes(4) + struct.pack(">ii", -1, 3)
    photo = saved(Image.new("RGB", (40, 20)), "JPEG", exif=b"Exif\0\0" + notes)
    assert decode_image(photo).size == (20, 40)


def test_a_long_history_of_editing_costs_no_photo():
    history = PngInfo()
    history.add_itxt("XML:com.adobe.xmp", "edited, " * 200_000, zip=True)
    assert decode_image(saved(Image.new("RGB", (40, 20)), "PNG", pnginfo=history)).size == (40, 20)


@pytest.mark.parametrize(
    ("mode", "form"), [("RGB", "JPEG"), ("RGB", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG")]
)
def test_a_large_photo_comes_back_reduced_but_not_below_the_side(mode, form):
    photo = decode_image(saved(Image.new(mode, (3000, 2000)), form), side=256)
    assert 256 <= min(photo.size) < 700


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 99)
    with pytest.raises(MediaError, match="10 x 10 pixels is over the limit of 99"):
        decode_image(saved(Image.new("RGB", (10, 10)), "PNG"))


def test_a_damaged_note_of_the_camera_is_passed_over():
    for note in (b"Exif\0\0garbage", b"Exif\0\0MM\0*\xff\xff\xff\xffgarbage"):
        assert decode_image(saved(Image.new("RGB", (40, 20)), "JPEG", exif=note)).size == (40, 20)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_a_truncated_file_is_a_media_error(form):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = saved(noise, form)
    with pytest.raises(MediaError, match="photo"):
        decode_image(data[: len(data) // 3])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<html>", "not a photo"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "not a photo"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "not a photo"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n", "not a photo"),
        (saved(Image.new("RGB", (9, 9)), "ICO"), "not a photo"),
        (saved(Image.new("RGB", (3000, 59)), "PNG"), "one side is more than 50 times the other"),
    ],
)
def test_what_is_no_photo_says_so(data, reason):
    with pytest.raises(MediaError, match=reason):
        decode_image(data)


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo.mp4", "photo"])
def test_what_the_bytes_are_decides_not_the_name(tmp_path: Path, name):
    (tmp_path / name).write_bytes(saved(Image.new("RGB", (8, 6), "red"), "WEBP", lossless=True))
    assert colour(open_image(tmp_path, name)) == (255, 0, 0)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_damage_anywhere_costs_the_photo_but_never_more(form):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8))
    whole, rng = saved(noise, form), random.Random(4)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 10, 100))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        with contextlib.suppress(MediaError):
            assert decode_image(bytes(damaged)).mode == "RGB"


def test_paths_stay_inside_the_catalog(tmp_path: Path):
    with pytest.raises(MediaError, match="is outside"):
        open_image(tmp_path, "../secret.jpg")
    with pytest.raises(MediaError, match="No such file"):
        open_image(tmp_path, "absent.jpg")
    with pytest.raises(MediaError, match="Is a directory"):
        open_image(tmp_path, ".")


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(images, "MAX_BYTES", 1 << 20)
    (tmp_path / "big.jpg").write_bytes(b"\0" * ((1 << 20) + 1))
    with pytest.raises(MediaError, match="over the limit of 1 MB"):
        open_image(tmp_path, "big.jpg")
