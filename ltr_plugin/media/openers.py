"""The functions that open an item of each modality for `Encoder.prepare`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Modality
from ltr_plugin.media import audio, images, video
from ltr_plugin.media.audio import decode_audio, open_audio
from ltr_plugin.media.images import decode_image, open_image
from ltr_plugin.media.video import decode_video, open_video

OPENERS: dict[Modality, Callable[[Path, str], Any]] = {
    "text": lambda _, text: text,
    "image": open_image,
    "audio": open_audio,
    "video": open_video,
}
"""From the catalog's folder and an item (a text, or a media reference) to the input of `Encoder.prepare`."""

DECODERS: dict[Modality, Callable[[bytes], Any]] = {
    "image": decode_image,
    "audio": decode_audio,
    "video": decode_video,
}
"""The same for media given as bytes, such as those of a shopper."""

MAX_BYTES: Mapping[Modality, int] = {"image": images.MAX_BYTES, "audio": audio.MAX_BYTES, "video": video.MAX_BYTES}
"""Maximum size of a file of each modality."""
