"""Photos as shoppers send them."""

import io

from PIL import Image


def photo(colour: str) -> bytes:
    """A photo in one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()
