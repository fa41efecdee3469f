"""Photos to learn from, in memory as squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.training.cutout import cutout
from ltr_plugin.encoders.training.examples import Examples, MediaSource, captions, read_usable
from ltr_plugin.media.images import open_image
from ltr_plugin.progress import Progress


@dataclass(frozen=True)
class PhotoExamples(Examples):
    """`photos` is (n, 3, side, side) uint8 and `cutouts` (n, side, side) uint8, see `cutout`."""

    photos: torch.Tensor
    cutouts: torch.Tensor


def read_photos(
    products: Sequence[Product], found: Sequence[MediaSource], side: int, progress: Progress
) -> PhotoExamples:
    """Every usable photo, as a square of `side` pixels."""

    def read(source: MediaSource) -> NDArray[np.uint8]:
        pixels = np.asarray(open_image(source.root, source.reference, side=side).resize((side, side)))
        return np.concatenate([pixels.transpose(2, 0, 1), cutout(pixels)[None]])

    layers = np.empty((len(found), 4, side, side), np.uint8)
    kept: list[MediaSource] = []
    unusable: list[str] = []
    for source, pixels in read_usable(found, read, unusable, progress):
        layers[len(kept)] = pixels
        kept.append(source)
    photos = torch.from_numpy(layers[: len(kept)])
    return PhotoExamples(
        shows=tuple(source.shows for source in kept),
        from_judgment=tuple(source.from_judgment for source in kept),
        captions=tuple(tuple(captions(product)) for product in products),
        unusable=tuple(unusable),
        photos=photos[:, :3],
        cutouts=photos[:, 3],
    )
