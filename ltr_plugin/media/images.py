"""Photos: opened within limits, turned upright, first frame only, RGB on white."""

import warnings
from contextlib import ExitStack
from pathlib import Path

from PIL import ExifTags, Image, ImageFile, PngImagePlugin, UnidentifiedImageError
from PIL.Image import Transpose

from ltr_plugin.errors import MediaError
from ltr_plugin.media.memory import DECODING
from ltr_plugin.media.reading import TimedBytes, read_media

MAX_BYTES = 20 << 20
MAX_PIXELS = 50_000_000
MAX_ASPECT = 50
"""Maximum ratio of the sides: encoders enlarge the shorter side, and a line of pixels would fill the memory."""

MAX_DECODING_S = 20.0
BLOCK_BYTES = 4096
"""Bytes of the largest photo that are decoded between two checks of the time, because a JPEG may hold many scans of all
its pixels in few bytes. For a smaller photo it is more, because at each check the thread waits for Python's lock."""

BYTES_PER_PIXEL, PROGRESSIVE_BYTES_PER_PIXEL = 16, 6
"""Memory of each pixel that is decoded, with its copies; and, in a progressive JPEG, of each pixel that it has."""

TARGET_SIDE = 384
"""Encoders take 96 to 384 pixels a side; a photo is reduced to less than twice this while it is decoded."""

PngImagePlugin.MAX_TEXT_CHUNK = 8 << 20
"""Maximum bytes of a PNG's text chunk: editors write profiles and histories larger than Pillow's default of 1 MB."""

EXIF_TRANSPOSES = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""Transpositions that turn a photo upright, by its EXIF orientation."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
"""Formats that are read, by Pillow's names. Others are not tried: some of them run programs, such as PostScript."""


def open_image(root: Path, reference: str, *, side: int = TARGET_SIDE) -> Image.Image:
    """The photo of a reference (a path under `root`, or a URL) as RGB; MediaError with the reason when it is unusable.

    A large photo is reduced, with its shorter side at least `side` pixels.
    """
    return decode_image(read_media(root, reference, max_bytes=MAX_BYTES), side=side)


def decode_image(data: bytes, *, side: int = TARGET_SIDE) -> Image.Image:
    """The photo in these bytes, as `open_image` gives it."""
    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings(action="ignore"))
            if webp_size := _webp_size(data):  # whose memory is taken when it is opened
                _check_pixels(*webp_size)
                stack.enter_context(DECODING.reserve(BYTES_PER_PIXEL * webp_size[0] * webp_size[1]))
            image = stack.enter_context(Image.open(source, formats=FORMATS))
            pixels = image.width * image.height
            _check_pixels(image.width, image.height)
            check_shape(image.width, image.height)
            image.decodermaxblock = min(ImageFile.MAXBLOCK, BLOCK_BYTES * MAX_PIXELS // pixels)
            image.draft("RGB", (side, side))
            if not webp_size:
                memory = BYTES_PER_PIXEL * image.width * image.height
                memory += PROGRESSIVE_BYTES_PER_PIXEL * pixels if image.info.get("progressive") else 0
                stack.enter_context(DECODING.reserve(memory))
            source.restart()
            image.load()
            return _on_white(_smaller(_plain(_upright(image)), side))
    except MediaError:
        raise
    except Image.DecompressionBombError:
        raise MediaError(f"its header declares far more than the limit of {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise MediaError(f"not a photo in a readable format ({', '.join(FORMATS)})") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged photo: {error}") from None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """The size that a WebP photo declares (RFC 9649, 2.5 to 2.7); None for other formats."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case _:
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise MediaError(f"{width} x {height} pixels is over the limit of {MAX_PIXELS:,}")


def check_shape(width: int, height: int) -> None:
    """MediaError when one side is more than MAX_ASPECT times the other."""
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise MediaError(f"{width} x {height} pixels: one side is more than {MAX_ASPECT} times the other")


def _upright(image: Image.Image) -> Image.Image:
    """The photo turned upright; not by `ImageOps.exif_transpose`, which fails if other EXIF data is invalid."""
    transpose = EXIF_TRANSPOSES.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if transpose is None else image.transpose(transpose)


def _plain(image: Image.Image) -> Image.Image:
    """The photo in a mode that can be averaged: no palette, no single bits, no 16 bits."""
    if image.mode.startswith("I"):  # a direct conversion would clip 16-bit values instead of scaling them
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "PA", "1"):
        return image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    return image


def _smaller(image: Image.Image, side: int) -> Image.Image:
    scale = min(image.size) // side
    return image.reduce(scale) if scale > 1 else image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
