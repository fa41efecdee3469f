"""torchvision's video networks for motion, from a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models.video import mc3_18
from videos import make_video

from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.encoders.torchvision_video import CONFIG, WEIGHTS
from ltr_plugin.errors import EncoderError, MediaError
from ltr_plugin.media.video import Video, decode_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A network with random weights, the classifier of another number of classes included."""
    torch.manual_seed(5)
    return write(tmp_path_factory.mktemp("motion"), mc3_18(num_classes=3).state_dict())


@pytest.fixture(scope="module")
def encoder(folder):
    return load_encoder(f"torchvision:{folder}")


def write(folder: Path, weights: dict, architecture: str = "mc3_18") -> Path:
    (folder / CONFIG).write_text(json.dumps({"architecture": architecture}))
    save_file(weights, folder / WEIGHTS)
    return folder


@pytest.mark.slow
def test_videos_become_the_features_before_the_classifier(folder, encoder):
    rising, still = decode_video(make_video()), decode_video(make_video(frames=1))
    prepared = [encoder.prepare("video", video) for video in (rising, still)]
    assert prepared[0].shape == (3, 16, 112, 112)
    vectors = encoder.encode("video", prepared)
    assert vectors.shape == (2, 512)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    network = mc3_18(num_classes=3).eval()
    network.load_state_dict(weights_of(folder))
    seen = []
    network.fc.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        network(prepared[0][None])
    own = torch.nn.functional.normalize(seen[0][0], dim=0).numpy()
    assert vectors[0] @ own > 0.999


def weights_of(folder: Path) -> dict:
    return load_file(folder / WEIGHTS)


def test_it_is_listed_as_motion_with_a_fingerprint_of_its_weights(folder, encoder, tmp_path):
    (field,) = vector_fields(video=[f"torchvision:{folder}"])
    assert (field.name, field.source) == ("motion_vector", "video")
    assert (field.fingerprint.model, field.fingerprint.dimension) == ("mc3_18", 512)
    headless = {name: value for name, value in weights_of(folder).items() if not name.startswith("fc.")}
    assert load_encoder(f"torchvision:{write(tmp_path, headless)}").fingerprint == encoder.fingerprint


def test_a_video_without_its_middle_is_a_media_error(encoder):
    with pytest.raises(MediaError, match="clip in its middle"):
        encoder.prepare("video", Video(decode_video(make_video()).frames, 3.0))


@pytest.mark.parametrize("model", ["r3d_18", "swin3d_t/KINETICS400_V1", "no_such/X"])
def test_a_wrong_name_says_what_to_write(model):
    with pytest.raises(EncoderError, match=r"write one of r3d_18, mc3_18, r2plus1d_18 with its weights"):
        load_encoder(f"torchvision:{model}")


def test_unknown_weights_and_a_wrong_folder_are_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"r3d_18/NO_SUCH.*cannot be loaded.*NO_SUCH"):
        load_encoder("torchvision:r3d_18/NO_SUCH")
    with pytest.raises(EncoderError, match=f"lacks {CONFIG} and {WEIGHTS}"):
        load_encoder(f"torchvision:{tmp_path}")
    with pytest.raises(EncoderError, match="is 'vgg'; write one of"):
        load_encoder(f"torchvision:{write(tmp_path, {}, 'vgg')}")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(f"torchvision:{write(tmp_path, {'x': torch.ones(1)})}")
