"""Two small real encoders and a photo, beside each other in a folder."""

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """The folder of an encoder with random weights; `../other` has other weights, `../photo.jpg` is a photo."""
    import torch

    from ltr_plugin.encoders.training.small_clip import build_model, save_encoder, small_config

    folder = tmp_path_factory.mktemp("encoders")
    config = small_config(32)
    for seed, name in enumerate(("tiny", "other")):
        torch.manual_seed(seed)
        save_encoder(folder / name, build_model(config), config, {"name": "tiny"})
    Image.linear_gradient("L").convert("RGB").save(folder / "photo.jpg")
    return folder / "tiny"
