"""Photos to learn from, in memory as squares with their cutouts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.training.examples import Examples, MediaSource, captions, read_usable
from ltr_plugin.encoders.training.photo.cutout import cutout
from ltr_plugin.media.images import open_image
from ltr_plugin.progress import Progress


@dataclass(frozen=True)
class PhotoExamples(Examples):
    """`photos` is uint8 (n, 3, side, side), `cutouts` uint8 (n, side, side), as of `cutout`."""

    photos: torch.Tensor
    cutouts: torch.Tensor


def read_photos(
    products: Sequence[Product], sources: Sequence[MediaSource], side: int, progress: Progress
) -> PhotoExamples:
    """The examples of all usable photos, as squares of `side` pixels."""

    def read(source: MediaSource) -> NDArray[np.uint8]:
        pixels = np.asarray(open_image(source.root, source.reference, side=side).resize((side, side)))
        return np.concatenate([pixels.transpose(2, 0, 1), cutout(pixels)[None]])

    layers = np.empty((len(sources), 4, side, side), np.uint8)
    usable: list[MediaSource] = []
    unusable: list[str] = []
    for source, pixels in read_usable(sources, read, unusable, progress):
        layers[len(usable)] = pixels
        usable.append(source)
    photos = torch.from_numpy(layers[: len(usable)])
    return PhotoExamples(
        shows=tuple(source.shows for source in usable),
        from_judgment=tuple(source.from_judgment for source in usable),
        captions=tuple(tuple(captions(product)) for product in products),
        unusable=tuple(unusable),
        photos=photos[:, :3],
        cutouts=photos[:, 3],
    )
