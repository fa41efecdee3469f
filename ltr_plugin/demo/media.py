"""The media files of the shop: the path of each, and how each is made from hidden attributes."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ltr_plugin.demo import appearance
from ltr_plugin.demo.clips import FRAME_RATES, render_frames, write_clip
from ltr_plugin.demo.kinds import KINDS
from ltr_plugin.demo.photos import photograph
from ltr_plugin.demo.products import DemoProduct
from ltr_plugin.demo.queries import DemoQuery
from ltr_plugin.demo.recordings import customer_recording, shop_recording, write_wav
from ltr_plugin.demo.timbres import SAMPLE_RATE_HZ
from ltr_plugin.demo.traits import Traits

_PRODUCT_PHOTOS, _QUERY_PHOTOS, _PRODUCT_SOUNDS, _QUERY_SOUNDS, _CLIPS = 1, 3, 5, 6, 7
"""Keys of their streams of random numbers, beside those of the shop."""

MediaFile = tuple[str, Callable[[Path, np.random.Generator], None], tuple[int, ...]]
"""A file's path within the shop, the function that writes it, and the key of its random numbers."""


def photo_paths(product: DemoProduct) -> list[str]:
    """The paths of the product's photos."""
    return [f"images/{product.id}-{number + 1}.jpg" for number in range(product.photos)]


def sound_paths(product: DemoProduct) -> list[str]:
    """The paths of the recordings of the product's sound."""
    return [f"audio/{product.id}-{number + 1}.wav" for number in range(product.sounds)]


def clip_paths(product: DemoProduct) -> list[str]:
    """The paths of the product's clips."""
    return [f"video/{product.id}-{number + 1}.webm" for number in range(product.clips)]


def query_photo_path(query: DemoQuery) -> str:
    """The path of the query's photo, if it has one."""
    return f"query_images/{query.id}.jpg"


def query_sound_path(query: DemoQuery) -> str:
    """The path of the query's recording, if it has one."""
    return f"query_audio/{query.id}.wav"


def list_media_files(products: Sequence[DemoProduct], queries: Sequence[DemoQuery]) -> Iterator[MediaFile]:
    """All media files, in the order in which they are made. The seed goes in front of each key."""
    for number, product in enumerate(products):
        for paths, write, stream in (
            (photo_paths(product), partial(_photo, product.traits, customer=False), _PRODUCT_PHOTOS),
            (sound_paths(product), partial(_sound, product.traits, customer=False), _PRODUCT_SOUNDS),
            (clip_paths(product), partial(_clip, product.traits), _CLIPS),
        ):
            for view, path in enumerate(paths):
                yield path, write, (stream, number, view)
    for number, query in enumerate(queries):
        if query.photo_traits:
            yield query_photo_path(query), partial(_photo, query.photo_traits, customer=True), (_QUERY_PHOTOS, number)
        if query.sound_traits:
            yield query_sound_path(query), partial(_sound, query.sound_traits, customer=True), (_QUERY_SOUNDS, number)


def _photo(traits: Traits, path: Path, rng: np.random.Generator, *, customer: bool) -> None:
    shot = appearance.shot(traits, rng, customer=customer)
    surface = appearance.surface(traits, rng)
    photo = photograph(appearance.silhouette(traits), surface, shot, rng, stands=KINDS[traits.kind].stands)
    photo.save(path, "JPEG", quality=shot.jpeg_quality)


def _sound(traits: Traits, path: Path, rng: np.random.Generator, *, customer: bool) -> None:
    record = customer_recording if customer else shop_recording
    write_wav(path, record(traits.timbre, traits.melody, rng))


def _clip(traits: Traits, path: Path, rng: np.random.Generator) -> None:
    shot = appearance.shot(traits, rng, customer=False)
    surface = appearance.surface(traits, rng)
    sound = shop_recording(traits.timbre, traits.melody, rng) if traits.timbre else None
    seconds = float(rng.uniform(1.5, 2.5)) if sound is None else max(1.5, len(sound) / SAMPLE_RATE_HZ)
    frame_rate = FRAME_RATES[rng.integers(len(FRAME_RATES))]
    frames = render_frames(
        appearance.silhouette(traits),
        surface,
        shot,
        round(seconds * frame_rate),
        rng,
        stands=KINDS[traits.kind].stands,
    )
    write_clip(path, list(frames), frame_rate, sound)
