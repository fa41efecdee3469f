"""Image encoders of timm, from folders as timm writes them."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from timm.data.config import resolve_model_data_config
from timm.data.transforms_factory import create_transform
from timm.models import save_for_hf

from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.encoders.timm_images import WEIGHTS
from ltr_plugin.errors import EncoderError

PHOTOS = [Image.new("RGB", (90, 60), colour) for colour in ("red", "green", "white")]


def folder_of(folder: Path, name: str, **options) -> Path:
    torch.manual_seed(3)
    save_for_hf(timm.create_model(name, **options), folder, model_args=options, safe_serialization=True)
    return folder


@pytest.fixture(scope="module")
def resnet(tmp_path_factory) -> Path:
    return folder_of(tmp_path_factory.mktemp("timm") / "resnet", "test_resnet", num_classes=7)


@pytest.mark.parametrize(
    ("name", "options", "dimension"),
    [
        ("test_resnet", {"num_classes": 7}, 96),
        ("test_resnet", {"num_classes": 0}, 96),
        ("test_vit", {"img_size": 64}, 64),
    ],
)
def test_photos_become_the_features_before_the_classifier(tmp_path, name, options, dimension):
    encoder = load_encoder(f"timm:{folder_of(tmp_path / 'model', name, **options)}")
    vectors = encoder.encode("image", [encoder.prepare("image", photo) for photo in PHOTOS])
    assert vectors.shape == (3, dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.fingerprint.dimension == dimension


def test_a_vector_equals_the_models_own(resnet):
    encoder = load_encoder(f"timm:{resnet}")
    (vector,) = encoder.encode("image", [encoder.prepare("image", PHOTOS[0])])
    exact = load_full_precision(f"timm:{resnet}")
    with torch.inference_mode():
        own = create_transform(**resolve_model_data_config(exact.model), is_training=False)
        features = exact.model(own(PHOTOS[0])[None].to(exact.device))[0].float().cpu().numpy()
    assert vector @ features / np.linalg.norm(features) == pytest.approx(1, abs=1e-3)


def test_a_fingerprint_tells_weights_and_architectures_apart_and_not_folders(resnet, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.symlink_to(resnet)
    one = load_encoder(f"timm:{resnet}").fingerprint
    assert load_encoder(f"timm:{moved}").fingerprint == one
    torch.manual_seed(4)
    save_for_hf(timm.create_model("test_resnet", num_classes=7), tmp_path / "other", safe_serialization=True)
    assert load_encoder(f"timm:{tmp_path / 'other'}").fingerprint != one


def test_a_folder_with_pickled_weights_is_refused(tmp_path):
    folder = folder_of(tmp_path / "model", "test_resnet")
    (folder / WEIGHTS).rename(folder / "pytorch_model.bin")
    with pytest.raises(EncoderError, match=f"lacks {WEIGHTS}"):
        load_encoder(f"timm:{folder}")


def test_a_folder_that_lacks_weights_of_its_model_is_refused(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = folder_of(tmp_path / "model", "test_resnet")
    weights = load_file(folder / WEIGHTS)
    weights.popitem()
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(f"timm:{folder}")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("timm:resnet50", "names no weights.*timm:resnet50/PRETRAINED_TAG"),
        ("timm:no_such_net/a1_in1k", "cannot be loaded: .*no_such_net.*timm takes .*NAME/PRETRAINED_TAG"),
    ],
)
def test_a_wrong_name_says_what_to_write(spec, message):
    with pytest.raises(EncoderError, match=message):
        load_encoder(spec)
