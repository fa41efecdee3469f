"""Photos: opened within limits, upright, first frame, RGB on white."""

import warnings
from pathlib import Path

from PIL import ExifTags, Image, ImageFile, PngImagePlugin, UnidentifiedImageError
from PIL.Image import Transpose

from ltr_plugin.errors import MediaError
from ltr_plugin.media.reading import TimedBytes, read_media

MAX_BYTES = 20 << 20
MAX_PIXELS = 50_000_000
MAX_ASPECT = 50
"""Encoders enlarge the shorter side: of a line of pixels they would make a picture that fills the memory."""

MAX_DECODING_S = 20.0
BLOCK_BYTES = 4096
"""As much of the largest photo is decoded between two looks at the clock: a JPEG may hold many scans of all its pixels
in few bytes. Of a smaller one more, as at each look its thread waits for Python's lock."""

TARGET_SIDE = 384
"""Encoders look at 96 to 384 pixels a side: a photo is made smaller than twice that while it is decoded."""

PngImagePlugin.MAX_TEXT_CHUNK = 8 << 20
"""Bytes of one note in a PNG, unpacked: editors write colour profiles and histories of more than Pillow's 1 MB."""

EXIF_TRANSPOSES = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What sets a photo upright, by the orientation that its camera noted (EXIF)."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
"""Pillow's names of what catalogs hold. Others are not tried: some of them run programs, such as PostScript."""


def open_image(root: Path, reference: str, *, side: int = TARGET_SIDE) -> Image.Image:
    """The photo of a reference (a path under `root`, or a URL) as RGB; MediaError with the reason when it is unusable.

    A large photo comes back reduced, its shorter side no smaller than `side`.
    """
    return decode_image(read_media(root, reference, max_bytes=MAX_BYTES), side=side)


def decode_image(data: bytes, *, side: int = TARGET_SIDE) -> Image.Image:
    """The photo in these bytes, as `open_image` gives it."""
    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(source, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise MediaError(f"{image.width} x {image.height} pixels is over the limit of {MAX_PIXELS:,}")
            check_shape(image.width, image.height)
            image.decodermaxblock = min(ImageFile.MAXBLOCK, BLOCK_BYTES * MAX_PIXELS // (image.width * image.height))
            image.draft("RGB", (side, side))
            image.load()
            return _on_white(_smaller(_plain(_upright(image)), side))
    except MediaError:
        raise
    except Image.DecompressionBombError:
        raise MediaError(f"its header says that it has far more than the limit of {MAX_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise MediaError(f"not a photo in a form that can be read ({', '.join(FORMATS)})") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged photo: {error}") from None


def check_shape(width: int, height: int) -> None:
    """MediaError when there is too little of a picture between its longer sides."""
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise MediaError(f"{width} x {height} pixels: one side is more than {MAX_ASPECT} times the other")


def _upright(image: Image.Image) -> Image.Image:
    """The photo turned as its camera was. Not by `ImageOps.exif_transpose`, which fails where other notes are odd."""
    turn = EXIF_TRANSPOSES.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _plain(image: Image.Image) -> Image.Image:
    """The photo with pixels that can be averaged: no palette, no lone bits, no 16 bits."""
    if image.mode.startswith("I"):  # a conversion would clip 16 bits rather than scale them
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
