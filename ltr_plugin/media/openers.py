"""How an item of each modality is opened, so that an encoder can prepare it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.media.audio import decode_audio, open_audio
from ltr_plugin.media.images import decode_image, open_image
from ltr_plugin.media.video import decode_video, open_video

OPENERS: dict[Modality, Callable[[Path, str], Any]] = {
    "text": lambda _, text: text,
    "image": open_image,
    "audio": open_audio,
    "video": open_video,
}
"""From the catalog's folder and an item (a text itself, or a media reference) to what `Encoder.prepare` takes."""

DECODERS: dict[Modality, Callable[[bytes], Any]] = {
    "image": decode_image,
    "audio": decode_audio,
    "video": decode_video,
}
"""The same for media that are at hand as bytes, as a shopper's are."""
