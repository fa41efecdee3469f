import numpy as np
import pytest
from PIL import Image

from ltr_plugin.encoders.saliency import GRID_SIZE, OCCLUDER, overlay, saliency


class Redness:
    """An encoder whose first direction is how red a photo is, and the second how green."""

    def prepare(self, _source, photo):
        return np.asarray(photo, np.float32)

    def encode(self, _source, prepared):
        return np.stack([[photo[..., 0].mean(), photo[..., 1].mean()] for photo in prepared]).astype(np.float32) / 255


@pytest.fixture
def photo():
    image = Image.new("RGB", (140, 140), "black")
    image.paste("red", (20, 20, 50, 50))
    image.paste("lime", (90, 90, 120, 120))
    return image


def test_what_is_like_the_query_is_positive_where_it_lies(photo):
    found = saliency(Redness(), photo, np.array([1, 0], np.float32))
    assert found.shape == (GRID_SIZE, GRID_SIZE)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 1 <= row <= 1 + OCCLUDER + 2
    assert 1 <= column <= 1 + OCCLUDER + 2
    assert abs(found[10, 10]) < found.max() / 10


def test_what_speaks_against_the_query_is_negative(photo):
    found = saliency(Redness(), photo, np.array([0, -1], np.float32))
    assert found[10, 10] < 0
    assert found.max() < -found.min() / 4


def test_the_picture_keeps_the_photo_where_it_matters_and_dims_the_rest(photo):
    shown = np.asarray(overlay(photo, saliency(Redness(), photo, np.array([1, 0], np.float32))), int)
    assert shown.shape == (140, 140, 3)
    assert shown[35, 35, 0] > 180
    assert shown[105, 105, 1] < 90
