"""Bags of visual words: a vocabulary trained on drawn photos, and what it finds."""

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ltr_plugin.encoders.keypoints import CONFIG, KeypointConfig
from ltr_plugin.encoders.keypoints import load as load_keypoints
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.photo.visual_words import train_visual_words
from ltr_plugin.encoders.training.trainers import get_trainer
from ltr_plugin.errors import EncoderError, InputError, MediaError

PRODUCTS = 12


def photo(product: int, *, angle: float = 0, size: int = 200) -> Image.Image:
    """A product's print: figures that are its own, on grey."""
    rng = random.Random(product)
    image = Image.new("RGB", (240, 240), (120, 120, 120))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, side = rng.randint(20, 200), rng.randint(20, 200), rng.randint(6, 30)
        figure = rng.choice([draw.rectangle, draw.ellipse, draw.polygon])
        points = [(x, y), (x + side, y + side // 2), (x + side // 3, y + side)]
        figure(points if figure == draw.polygon else (x, y, x + side, y + side), fill=rng.randint(0, 255) * 0x10101)
    return image.rotate(angle, fillcolor=(120, 120, 120)).resize((size, size))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prints")
    lines = []
    for product in range(PRODUCTS):
        for number, angle in enumerate((0, 20)):
            photo(product, angle=angle).save(folder / f"{product}-{number}.png")
        images = [f"{product}-0.png", f"{product}-1.png"]
        lines.append(json.dumps({"id": f"p{product}", "title": "print", "images": images}))
    Image.new("RGB", (200, 200), "white").save(folder / "white.png")
    (folder / "broken.png").write_bytes(b"no photo")
    lines.append(json.dumps({"id": "odd", "title": "odd", "images": ["white.png", "broken.png"]}))
    (folder / "catalog.jsonl").write_text("\n".join(lines))
    return folder / "catalog.jsonl"


@pytest.fixture(scope="module", params=["sift", "orb"])
def trained(request, catalog, tmp_path_factory):
    out = tmp_path_factory.mktemp("vocabulary") / request.param
    report = train_visual_words(catalog, out, descriptor=request.param, vocabulary_size=100, budget=Budget(steps=10))
    return report, load_keypoints(str(out))


def encode(encoder, photos):
    return encoder.encode("image", [encoder.prepare("image", one) for one in photos])


def test_a_turned_and_smaller_photo_finds_its_print(trained):
    _, encoder = trained
    vectors = encode(encoder, [photo(product) for product in range(PRODUCTS)])
    asked = encode(encoder, [photo(product, angle=75, size=180) for product in range(PRODUCTS)])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    found = (asked @ vectors.T).argmax(axis=1)
    assert (found == np.arange(PRODUCTS)).mean() >= 0.8


def test_the_report_says_what_was_used_and_left_out(trained):
    report, encoder = trained
    assert report.fingerprint == encoder.fingerprint
    assert report.spec == f"keypoints:{report.folder}"
    assert report.items + report.held_out.items == 2 * PRODUCTS + 1
    assert report.steps == 10
    assert report.held_out.text_at_1 is None
    assert report.held_out.same_at_5 is not None
    assert [reason.split(":")[0] for reason in report.unusable] == ["broken.png"]


def test_a_vocabulary_is_the_same_with_the_same_seed(catalog, tmp_path):
    budget = Budget(steps=3)
    digests = [
        train_visual_words(catalog, tmp_path / "v", vocabulary_size=50, budget=budget, seed=seed).fingerprint.digest
        for seed in (1, 1, 2)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_video_is_found_by_frames_and_its_even_ones_do_not_count(trained):
    _, encoder = trained
    white = Image.new("RGB", (200, 200), "white")
    video = encoder.prepare("video", SimpleNamespace(frames=(white, photo(3))))
    assert encoder.encode("video", [video])[0] @ encode(encoder, [photo(3)])[0] == pytest.approx(1, abs=1e-5)
    with pytest.raises(MediaError, match="no keypoints"):
        encoder.prepare("video", SimpleNamespace(frames=(white, white)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 200)])
def test_a_photo_without_keypoints_says_so(trained, shape):
    with pytest.raises(MediaError, match="no keypoints"):
        trained[1].prepare("image", Image.new("RGB", shape, "white"))


def test_an_interrupted_training_goes_on(catalog, tmp_path):
    def interrupting(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 50:
            raise KeyboardInterrupt

    out = tmp_path / "v"
    first = train_visual_words(catalog, out, vocabulary_size=50, budget=Budget(steps=4), progress=interrupting)
    assert first.share == 0.5
    second = train_visual_words(catalog, out, budget=Budget(steps=4), resume=True)
    assert second.share == 1
    assert second.fingerprint.dimension == first.fingerprint.dimension
    assert second.fingerprint != first.fingerprint


def test_photos_without_keypoints_make_no_vocabulary(tmp_path):
    Image.new("RGB", (50, 50), "red").save(tmp_path / "red.png")
    catalog = tmp_path / "catalog.jsonl"
    catalog.write_text(json.dumps({"id": "a", "title": "red", "images": ["red.png"]}))
    with pytest.raises(InputError, match="too few keypoints"):
        train_visual_words(catalog, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_never_replaced(catalog):
    with pytest.raises(InputError, match="holds no encoder; choose another folder"):
        get_trainer("keypoints")(catalog, catalog.parent, budget=Budget(steps=1))
    assert catalog.is_file()


def test_words_of_the_other_descriptor_are_refused(catalog, tmp_path):
    out = tmp_path / "v"
    train_visual_words(catalog, out, vocabulary_size=20, budget=Budget(steps=1))
    (out / CONFIG).write_text(json.dumps({"descriptor": "orb"}))
    with pytest.raises(EncoderError, match="holds no vocabulary for 'orb'"):
        load_keypoints(str(out))


def test_points_of_sift_are_roots_and_points_of_orb_are_bits():
    numbers, bits = np.zeros((1, 128), np.uint8), np.zeros((1, 32), np.uint8)
    numbers[0, :3], bits[0, 0] = (4, 0, 12), 0b10000001
    assert KeypointConfig("sift").points(numbers)[0, :3] == pytest.approx([0.5, 0, 0.75**0.5])
    assert KeypointConfig("orb").points(bits)[0, :9].tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 0]
