"""Photos: opened within limits, upright, first frame, RGB on white."""

import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ltr_plugin.errors import MediaError
from workers.media.reading import read_media

MAX_BYTES = 20 << 20
MAX_PIXELS = 50_000_000
SIDE = 512
"""Encoders look at 96 to 384 pixels a side: a photo is made smaller to twice that or so while it is decoded."""


def open_image(root: Path, reference: str, *, side: int = SIDE) -> Image.Image:
    """The photo of a reference (a path under `root`, or a URL) as RGB; MediaError with the reason when it is unusable.

    A large photo comes back reduced, its shorter side no smaller than `side`.
    """
    return decode_image(read_media(root, reference, max_bytes=MAX_BYTES), side=side)


def decode_image(data: bytes, *, side: int = SIDE) -> Image.Image:
    """The photo in these bytes, as `open_image` gives it."""
    if not data:
        raise MediaError("empty file")
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise MediaError(f"{image.width} x {image.height} pixels is over the limit of {MAX_PIXELS:,}")
            image.draft("RGB", (side, side))
            image.load()
            return _rgb(_smaller(ImageOps.exif_transpose(image), side))
    except MediaError:
        raise
    except UnidentifiedImageError:
        raise MediaError("not a photo in a form that can be read") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged photo: {error}") from None


def _smaller(image: Image.Image, side: int) -> Image.Image:
    scale = min(image.size) // side
    return image.reduce(scale) if scale > 1 and image.mode not in ("P", "1") else image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which a conversion would clip rather than scale
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
