"""Saliency: which parts of a product's photo make it similar to a query."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from ltr_plugin.encoders.protocol import Encoder

GRID_SIZE, OCCLUDER = 14, 3
"""A window of OCCLUDER x OCCLUDER cells moves over a grid of GRID_SIZE x GRID_SIZE cells, one cell at a time."""


def saliency(encoder: "Encoder", photo: Image.Image, query: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much the cosine to `query` (a unit vector) falls when a cell is blurred; float32 (GRID_SIZE, GRID_SIZE).

    Positive where the photo is similar to the query, negative where it is dissimilar. Occlusion sensitivity (Zeiler and
    Fergus 2014, https://arxiv.org/abs/1311.2901): each window is hidden in turn, and a cell has the mean over the
    windows that cover it. Windows are blurred, because an encoder would see a grey square as an object.
    """
    blurred = photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 12))
    windows = [(row, column) for row in range(1 - OCCLUDER, GRID_SIZE) for column in range(1 - OCCLUDER, GRID_SIZE)]
    views = [photo, *(_occluded(photo, blurred, row, column) for row, column in windows)]
    prepared: list[Any] = [encoder.prepare("image", view) for view in views]
    original, *occluded = (encoder.encode("image", prepared) @ query).tolist()
    drops, windows_per_cell = np.zeros((GRID_SIZE, GRID_SIZE)), np.zeros((GRID_SIZE, GRID_SIZE))
    for (row, column), cosine in zip(windows, occluded, strict=True):
        cells = np.s_[max(row, 0) : row + OCCLUDER, max(column, 0) : column + OCCLUDER]
        drops[cells] += original - cosine
        windows_per_cell[cells] += 1
    return (drops / windows_per_cell).astype(np.float32)


def overlay(photo: Image.Image, saliency: NDArray[np.float32]) -> Image.Image:
    """The photo: dark where saliency is near 0, in its own colours where it is positive, blue where it is negative."""
    strength = saliency / max(float(np.abs(saliency).max()), 1e-6)
    similar, dissimilar = (
        np.asarray(
            Image.fromarray((255 * np.clip(part, 0, 1)).astype(np.uint8)).resize(photo.size, Image.Resampling.BICUBIC),
            np.float32,
        )[..., None]
        / 255
        for part in (strength, -strength)
    )
    pixels = np.asarray(photo.convert("RGB"), np.float32)
    dim = pixels * 0.25
    shown = dim + (pixels - dim) * similar + (np.array([60, 110, 255], np.float32) - dim) * 0.6 * dissimilar
    return Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))


def _occluded(photo: Image.Image, blurred: Image.Image, row: int, column: int) -> Image.Image:
    x, y = (np.linspace(0, side, GRID_SIZE + 1).round().astype(int).tolist() for side in photo.size)
    box = (x[max(column, 0)], y[max(row, 0)], x[min(column + OCCLUDER, GRID_SIZE)], y[min(row + OCCLUDER, GRID_SIZE)])
    view = photo.copy()
    view.paste(blurred.crop(box), box)
    return view
