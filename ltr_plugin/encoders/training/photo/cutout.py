"""Cutout of the product in a shop's photo: all that a uniform backdrop does not reach from the border."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_propagation

ImageArray = NDArray[np.uint8]

MAX_BACKDROP_STD = 14.0
"""Maximum standard deviation of a uniform backdrop's border in a colour channel."""

MAX_BACKDROP_DISTANCE = 28
"""Maximum distance of a backdrop pixel from the colour expected there, in any channel."""


def cutout(photo: ImageArray) -> ImageArray:
    """uint8 (height, width) of (height, width, 3): 1 on the product, 0 on its backdrop; all 1 if that is not uniform.

    The expected backdrop is interpolated between the colours of the four edges, because studio paper varies in tone.
    """
    edges = photo[0].astype(float), photo[-1].astype(float), photo[:, 0].astype(float), photo[:, -1].astype(float)
    if max(float(edge.std(axis=0).max()) for edge in edges) > MAX_BACKDROP_STD:
        return np.ones(photo.shape[:2], np.uint8)
    top, bottom, left, right = (np.median(edge, axis=0) for edge in edges)
    down, across = np.linspace(0, 1, photo.shape[0])[:, None, None], np.linspace(0, 1, photo.shape[1])[None, :, None]
    expected = (top * (1 - down) + bottom * down + left * (1 - across) + right * across) / 2
    uniform = (np.abs(photo - expected) < MAX_BACKDROP_DISTANCE).all(axis=2)
    border = np.zeros_like(uniform)
    border[0], border[-1], border[:, 0], border[:, -1] = True, True, True, True
    return np.asarray(~binary_propagation(border & uniform, mask=uniform), np.uint8)
