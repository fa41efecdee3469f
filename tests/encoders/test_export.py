"""Encoders turned into ONNX graphs: the same vectors, or nearly, and numbers that say so."""

import json
import shutil
import sys

import numpy as np
import pytest
import timm
from PIL import Image
from timm.models import save_for_hf
from typer.testing import CliRunner

from ltr_plugin.cli import app
from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.export.comparison import compare
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.export.onnx_graphs import quantize
from ltr_plugin.encoders.export.samples import catalog_samples, synthetic_samples
from ltr_plugin.encoders.registry import load_full_precision
from ltr_plugin.errors import EncoderError, InputError

pytestmark = pytest.mark.slow

TEXTS = ["red mug", "  A large\nblue teapot ", "émaillé", "", "x " * 100, *(f"mug number {n}" for n in range(60))]
PHOTOS = [Image.new("RGB", (50 + n, 80), (n * 4, 255 - n * 4, n)) for n in range(40)]


@pytest.fixture(scope="module")
def sentence(sentence_folder, tmp_path_factory):
    spec = f"sentence-transformers:{sentence_folder}"
    report = export(spec, tmp_path_factory.mktemp("onnx") / "text")
    return load_encoder(spec), report


@pytest.fixture(scope="module")
def pair(encoder_folder, tmp_path_factory):
    report = export(f"open_clip:{encoder_folder}", tmp_path_factory.mktemp("onnx") / "both")
    return load_encoder(f"open_clip:{encoder_folder}"), report


def encode(encoder, modality, items):
    return encoder.encode(modality, [encoder.prepare(modality, item) for item in items])


def test_texts_get_the_same_vectors(sentence):
    original, report = sentence
    exported = load_encoder(report.spec)
    assert exported.modalities == {"text"}
    vectors = encode(exported, "text", TEXTS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors * encode(original, "text", TEXTS)).sum(axis=1).min() > 0.999
    assert encode(exported, "text", TEXTS[1:2])[0] @ vectors[1] > 0.9999


def test_photos_and_texts_stay_in_one_space(pair):
    original, report = pair
    exported = load_encoder(report.spec)
    assert exported.modalities == {"text", "image", "video"}
    for modality, items in (("image", PHOTOS), ("text", TEXTS)):
        vectors = encode(exported, modality, items)
        assert (vectors * encode(original, modality, items)).sum(axis=1).min() > 0.999


def test_the_first_layout_of_clip_keeps_its_text_vectors(tmp_path):
    from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config

    config = small_config(32)
    config["model_cfg"]["custom_text"] = False
    config["model_cfg"]["vision_cfg"] = {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 32}
    save_encoder(tmp_path / "clip", build_model(config), config, {})
    report = export(f"open_clip:{tmp_path / 'clip'}", tmp_path / "onnx")
    assert {one.modality: one.worst_cosine > 0.999 for one in report.comparisons} == {"text": True, "image": True}


def test_the_report_says_what_was_measured_and_is_kept(sentence):
    original, report = sentence
    assert report.fingerprint.library == "onnx"
    assert report.fingerprint != original.fingerprint
    (text,) = report.comparisons
    assert (text.modality, text.items) == ("text", 80)
    assert min(text.per_s_before, text.per_s, text.one_ms_before, text.one_ms) > 0
    assert text.nearest_kept > 0.9
    card = json.loads((report.folder / "encoder.json").read_text())
    assert card["comparisons"][0]["worst_cosine"] == text.worst_cosine
    assert card["original"] == report.original


def test_int8_is_smaller_and_the_command_tells_its_loss(sentence, tmp_path):
    original, whole = sentence
    out = tmp_path / "int8"
    done = CliRunner().invoke(app, ["encoder", "export", whole.original, "--out", str(out), "--quantize", "int8"])
    assert done.exit_code == 0, done.output
    assert f"use it as onnx:{out}" in done.stdout
    assert (out / "text.onnx").stat().st_size < 0.6 * (whole.folder / "text.onnx").stat().st_size
    text = json.loads((out / "encoder.json").read_text())["comparisons"][0]
    assert 0.9 < text["worst_cosine"] <= text["cosine"] < 0.99999
    assert f"{text['worst_cosine']:.4f} at worst" in done.stdout
    small = load_encoder(f"onnx:{out}")
    assert encode(small, "text", TEXTS[1:2])[0] == pytest.approx(encode(small, "text", TEXTS)[1], abs=1e-6)
    assert compare(original, small, "text", synthetic_samples().items["text"]).cosine == pytest.approx(
        text["cosine"], abs=1e-3
    )
    assert small.fingerprint.weights != whole.fingerprint.weights


def test_in_a_worker_batches_run_side_by_side(sentence, monkeypatch):
    _, report = sentence
    assert load_encoder(report.spec)._streams("text") == 1
    for name, value in (("OMP_NUM_THREADS", "1"), ("LTR_CORES", "3")):
        monkeypatch.setenv(name, value)
    beside = load_full_precision(report.spec)
    assert beside._streams("text") == 3
    assert (encode(beside, "text", TEXTS) * encode(load_encoder(report.spec), "text", TEXTS)).sum(axis=1).min() > 0.9999


def test_a_moved_folder_keeps_its_fingerprint(sentence, tmp_path):
    moved = tmp_path / "elsewhere"
    moved.symlink_to(sentence[1].folder)
    assert load_encoder(f"onnx:{moved}").fingerprint == sentence[1].fingerprint


def test_a_catalog_of_the_shop_is_the_sample(tmp_path):
    for n in range(3):
        PHOTOS[n].save(tmp_path / f"{n}.png")
    (tmp_path / "bad.png").write_bytes(b"no photo")
    rows = [{"id": f"p{n}", "title": f"mug {n}", "images": [f"{n}.png", "bad.png"]} for n in range(3)]
    (tmp_path / "catalog.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    samples = catalog_samples(tmp_path / "catalog.jsonl")
    assert sorted(samples.items["text"]) == ["mug 0", "mug 1", "mug 2"]
    assert len(samples.items["image"]) == 3
    (tmp_path / "empty.jsonl").write_text('{"id": "p", "images": ["bad.png"]}\n')
    with pytest.raises(InputError, match="neither texts nor usable photos"):
        catalog_samples(tmp_path / "empty.jsonl")


def test_other_encoders_are_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "v.txt").write_text("mug 1 0\ncup 0 1\n")
    with pytest.raises(EncoderError, match="encoders of word-vectors cannot be exported"):
        export(f"word-vectors:{tmp_path / 'v.txt'}", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch, sentence_folder):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EncoderError, match=r"onnxruntime, which is not installed; pip install 'ltr-plugin\[onnx\]'"):
        export(f"sentence-transformers:{sentence_folder}", tmp_path / "out")
    with pytest.raises(EncoderError, match=r"pip install 'ltr-plugin\[onnx\]'"):
        load_encoder(f"onnx:{tmp_path}")


def test_the_command_refuses_an_unknown_precision(sentence_folder, tmp_path):
    spec, out = f"sentence-transformers:{sentence_folder}", tmp_path / "out"
    done = CliRunner().invoke(app, ["encoder", "export", spec, "--out", str(out), "--quantize", "int3"])
    assert isinstance(done.exception, InputError)
    assert not out.exists()


def test_int8_takes_photos_too_and_leaves_only_the_small_graphs(pair, tmp_path):
    folder = shutil.copytree(pair[1].folder, tmp_path / "copy")
    quantize(folder)
    assert {path.name for path in folder.glob("*.onnx*")} == {"text.onnx", "image.onnx"}
    small = load_encoder(f"onnx:{folder}")
    for modality, items in (("image", PHOTOS), ("text", TEXTS)):
        cosines = (encode(small, modality, items) * encode(pair[0], modality, items)).sum(axis=1)
        assert 0.9 < cosines.min() < cosines.max() < 0.999999


def test_a_network_of_timm_gives_the_same_vectors(tmp_path):
    save_for_hf(timm.create_model("test_efficientnet", num_classes=0), tmp_path / "timm", safe_serialization=True)
    report = export(f"timm:{tmp_path / 'timm'}", tmp_path / "onnx")
    exported, original = load_encoder(report.spec), load_encoder(f"timm:{tmp_path / 'timm'}")
    assert exported.modalities == {"image", "video"}
    assert (encode(exported, "image", PHOTOS) * encode(original, "image", PHOTOS)).sum(axis=1).min() > 0.9999
