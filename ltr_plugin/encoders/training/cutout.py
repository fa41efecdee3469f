"""Where the product is on a shop's photo: what an even backdrop does not reach from the border."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_propagation

ImageArray = NDArray[np.uint8]

MAX_BACKDROP_STD = 14.0
"""Most that an even backdrop's border spreads in a colour channel (standard deviation)."""

MAX_BACKDROP_DISTANCE = 28
"""Most that a backdrop's pixel is away from the backdrop expected at its place, in any channel."""


def cutout(photo: ImageArray) -> ImageArray:
    """(height, width) uint8 from (height, width, 3): 1 on the product, 0 on its backdrop; all 1 when that is uneven.

    The backdrop expected at a place is what lies between its four edges' colours, since studio paper drifts in tone.
    """
    edges = photo[0].astype(float), photo[-1].astype(float), photo[:, 0].astype(float), photo[:, -1].astype(float)
    if max(float(edge.std(axis=0).max()) for edge in edges) > MAX_BACKDROP_STD:
        return np.ones(photo.shape[:2], np.uint8)
    top, bottom, left, right = (np.median(edge, axis=0) for edge in edges)
    down, across = np.linspace(0, 1, photo.shape[0])[:, None, None], np.linspace(0, 1, photo.shape[1])[None, :, None]
    expected = (top * (1 - down) + bottom * down + left * (1 - across) + right * across) / 2
    even = (np.abs(photo - expected) < MAX_BACKDROP_DISTANCE).all(axis=2)
    border = np.zeros_like(even)
    border[0], border[-1], border[:, 0], border[:, -1] = True, True, True, True
    return np.asarray(~binary_propagation(border & even, mask=even), np.uint8)
