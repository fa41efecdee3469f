"""Queries are encoded just as products are."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.encoders.keypoints import KeypointConfig, from_model, write
from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config
from ltr_plugin.errors import EncoderError, MediaError
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.queries.encoding import QueryEncoder


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    torch.manual_seed(3)
    config = small_config(32)
    folder = tmp_path_factory.mktemp("encoders") / "small"
    save_encoder(folder, build_model(config), config, {})
    return vector_fields(image=f"open_clip:{folder}")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), "orange").save(path)
    return path


def test_each_modality_fills_its_own_fields(fields, photo):
    encoder = QueryEncoder(IndexProfile(text_fields=("title",), vectors=tuple(fields)))
    assert sorted(encoder.encode("red mug")) == ["image_text_vector"]
    assert sorted(encoder.encode(image=photo)) == ["image_vector"]
    assert sorted(encoder.encode("red mug", photo)) == ["image_text_vector", "image_vector"]
    assert encoder.encode() == {}


def test_a_query_is_encoded_as_a_product_is(fields, photo):
    encoder = load_encoder(fields[0].encoder)
    product = encoder.encode("image", [encoder.prepare("image", Image.open(photo))])[0]
    assert QueryEncoder(fields).encode(image=photo)["image_vector"] == pytest.approx(product.tolist(), abs=1e-3)


def test_bytes_are_encoded_as_a_file_is(fields, photo):
    encoder = QueryEncoder(fields)
    assert encoder.encode(image=photo.read_bytes()) == encoder.encode(image=photo)


def test_many_queries_are_encoded_in_order(fields, photo):
    encoder = QueryEncoder(fields)
    queries = [{"text": "a mug"}, {"image": photo}, {}, {"text": "a lamp", "image": photo}]
    found = encoder.encode_batch(queries)
    for query, vectors in zip(queries, found, strict=True):
        alone = encoder.encode(**query)
        assert vectors.keys() == alone.keys()
        assert all(np.dot(vectors[name], alone[name]) > 0.999 for name in alone)


def test_a_bad_photo_is_an_error_or_reported(fields, photo):
    encoder, reported = QueryEncoder(fields), []
    with pytest.raises(MediaError, match="empty file"):
        encoder.encode("mug", b"")
    queries = [{"text": "mug", "image": b""}, {"image": photo}]
    found = encoder.encode_batch(queries, on_media_error=lambda *error: reported.append(error))
    assert [sorted(vectors) for vectors in found] == [["image_text_vector"], ["image_vector"]]
    assert [(index, modality, str(error)) for index, modality, error in reported] == [(0, "image", "empty file")]


def test_a_photo_that_cannot_be_prepared_is_an_error_or_reported(photo, tmp_path):
    words = from_model(KeypointConfig("sift"), np.eye(2, 128, dtype=np.float32), np.ones(2), name="words")
    write(tmp_path, words)
    encoder, reported = QueryEncoder(vector_fields(image=f"keypoints:{tmp_path}")), []
    with pytest.raises(MediaError, match="no keypoints"):
        encoder.encode(image=photo)
    assert encoder.encode_batch([{"image": photo}, {}], on_media_error=lambda *error: reported.append(error)) == [
        {},
        {},
    ]
    assert [(index, modality) for index, modality, _ in reported] == [(0, "image")]


def test_an_encoder_of_another_space_is_refused(fields):
    other = [replace(field, fingerprint=replace(field.fingerprint, weights="other")) for field in fields]
    with pytest.raises(EncoderError, match=r"weights='other'.*but"):
        QueryEncoder(other).encode("mug")


def test_encoders_are_loaded_when_first_needed(fields):
    gone = [replace(field, encoder="open_clip:/no/such/folder") for field in fields]
    assert QueryEncoder(gone).encode() == {}


def test_the_first_frame_of_an_animated_image_is_encoded(fields):
    image, buffer = Image.new("RGB", (8, 16), "red"), io.BytesIO()
    image.save(buffer, "GIF", save_all=True, append_images=[Image.new("RGB", (8, 16), "blue")])
    assert QueryEncoder(fields).encode(image=buffer.getvalue()).keys() == {"image_vector"}


def test_a_photo_at_a_private_address_is_refused(fields):
    with pytest.raises(MediaError, match="private address"):
        QueryEncoder(fields).encode(image="http://127.0.0.1:9/photo.jpg")
