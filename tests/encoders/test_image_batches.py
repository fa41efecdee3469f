"""Photos handed to a model as bytes are the photos that its library's transform makes."""

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from timm.data.transforms_factory import create_transform
from torchvision.transforms import Compose, Lambda

from ltr_plugin.encoders.runtime.image_batches import ImageBatcher

CPU = torch.device("cpu")
CHANCE = np.random.default_rng(4)
PHOTOS = [Image.fromarray(CHANCE.integers(0, 256, (*size, 3), np.uint8)) for size in ((90, 70), (64, 64), (50, 120))]

TRANSFORMS = {
    **{
        f"open_clip, {mode}": image_transform_v2(PreprocessCfg(size=(48, 48), resize_mode=mode), is_train=False)
        for mode in ("shortest", "squash", "longest")
    },
    "timm": create_transform((3, 48, 48), is_training=False),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_bytes_become_what_the_transform_makes(name):
    pixels = ImageBatcher(TRANSFORMS[name], CPU, as_bytes=True)
    prepared = [pixels.prepare(photo) for photo in PHOTOS]
    assert {(one.dtype, tuple(one.shape)) for one in prepared} == {(torch.uint8, (48, 48, 3))}
    expected = torch.stack([TRANSFORMS[name](photo) for photo in PHOTOS])
    for count in (1, 3, 2):
        assert torch.equal(pixels.batch(prepared[:count]), expected[:count])


def test_a_batch_outlives_the_next():
    pixels = ImageBatcher(TRANSFORMS["timm"], CPU, as_bytes=True)
    first, second = (pixels.prepare(photo) for photo in PHOTOS[:2])
    kept = pixels.batch([first])
    before = kept.clone()
    pixels.batch([second])
    assert torch.equal(kept, before)


def test_on_a_cpu_the_transform_is_left_whole():
    pixels = ImageBatcher(TRANSFORMS["timm"], CPU)
    prepared = pixels.prepare(PHOTOS[0])
    assert torch.equal(prepared, TRANSFORMS["timm"](PHOTOS[0]))
    assert torch.equal(pixels.batch([prepared, prepared])[1], prepared)


@pytest.mark.parametrize("last", [[], [Lambda(lambda photo: photo)]])
def test_a_transform_of_another_kind_is_left_whole(last):
    transform = Compose([*TRANSFORMS["timm"].transforms[:-1], *last])
    prepared = ImageBatcher(transform, CPU, as_bytes=True).prepare(PHOTOS[0])
    assert torch.equal(prepared, transform(PHOTOS[0]))
