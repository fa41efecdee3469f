"""Training on a small shop with generated audio, and each part of the training."""

import json

import numpy as np
import pytest
import torch
from recordings import wav
from typer.testing import CliRunner

from ltr_plugin.catalog.product import Product
from ltr_plugin.cli import app
from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.audio import mel_cnn
from ltr_plugin.encoders.audio.log_mel import FLOOR_DB, MEL_BANDS
from ltr_plugin.encoders.training.audio.augmentation import augment
from ltr_plugin.encoders.training.audio.examples import read_audio
from ltr_plugin.encoders.training.examples import SAME_PRODUCT_GRADE, media_sources
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.errors import InputError
from ltr_plugin.media.audio import Audio
from ltr_plugin.progress import no_progress

pytestmark = pytest.mark.slow

RATE = 16_000
SOUNDS = {
    "hiss": "steam that hisses",
    "hum": "deep humming motor",
    "whistle": "bird that whistles",
    "ticks": "ticking clock",
    "siren": "howling siren",
    "chord": "organ chord",
}


def take(kind: str, seed: int) -> Audio:
    """One recording of a kind of sound: louder or softer, longer or shorter, in noise."""
    rng = np.random.default_rng([seed, *kind.encode()])
    time = np.arange(round(rng.uniform(0.8, 1.6) * RATE)) / RATE
    wave = {
        "hiss": lambda: rng.normal(0, 0.3, len(time)),
        "hum": lambda: sum(np.sin(2 * np.pi * 90 * part * time) / part for part in range(1, 6)),
        "whistle": lambda: np.sin(2 * np.pi * (3000 * time + 40 * np.sin(2 * np.pi * 6 * time))),
        "ticks": lambda: rng.normal(0, 1, len(time)) * (time % 0.2 < 0.01),
        "siren": lambda: np.sin(2 * np.pi * (800 * time + 100 * np.sin(2 * np.pi * time))),
        "chord": lambda: sum(np.sin(2 * np.pi * hertz * time) for hertz in (262, 330, 392)),
    }[kind]()
    heard = wave / np.abs(wave).max() + rng.normal(0, 0.02, len(time))
    return Audio((heard * rng.uniform(0.1, 0.8) / np.abs(heard).max()).astype("f4"), RATE)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Six products with two recordings each, and another one of each as a judged audio query."""
    root = tmp_path_factory.mktemp("sounds")
    catalog, queries, qrels = [], [], []
    for kind, title in SOUNDS.items():
        for number in range(3):
            (root / f"{kind}{number}.wav").write_bytes(wav(take(kind, number).samples, RATE))
        catalog.append({"id": kind, "title": title, "audio": [f"{kind}0.wav", f"{kind}1.wav"]})
        queries.append({"id": f"q-{kind}", "audio": f"{kind}2.wav"})
        qrels.append(f"q-{kind} 0 {kind} {SAME_PRODUCT_GRADE}")
    (root / "catalog.jsonl").write_text("\n".join(map(json.dumps, catalog)))
    (root / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (root / "qrels.txt").write_text("\n".join(qrels))
    return root


def trained(shop, out, **options):
    return TRAINERS["audio"](shop / "catalog.jsonl", out, **{"batch": 12, **options})


def test_a_trained_encoder_finds_products_by_another_recording_and_by_text(shop, tmp_path):
    extra = {"queries": shop / "queries.jsonl", "qrels": shop / "qrels.txt"}
    report = trained(shop, tmp_path / "e", budget=Budget(steps=80), **extra)
    assert (report.products, report.unit, report.items + report.held_out.items) == (6, "audio files", 18)
    encoder = load_encoder(report.spec)
    assert encoder.fingerprint == report.fingerprint

    def encode(source, items):
        return encoder.encode(source, [encoder.prepare(source, item) for item in items])

    heard = encode("audio", [take(kind, seed) for kind in SOUNDS for seed in range(10, 14)])
    right = np.repeat(np.arange(len(SOUNDS)), 4)
    shops = encode("audio", [take(kind, 0) for kind in SOUNDS])
    assert ((heard @ shops.T).argmax(axis=1) == right).mean() >= 0.7, "by chance: 0.17"
    assert ((heard @ encode("text", SOUNDS.values()).T).argmax(axis=1) == right).mean() >= 0.7
    asked = [
        "hissing gas",
        "low hum of an engine",
        "whistling canary",
        "ticks of a watch",
        "alarm siren",
        "organ music",
    ]
    assert ((encode("text", asked) @ shops.T).argmax(axis=1) == np.arange(6)).mean() >= 0.6, (
        "other words than the titles"
    )


def test_the_same_seed_gives_the_same_encoder(shop, tmp_path):
    first, again, other = (
        trained(shop, tmp_path / name, budget=Budget(steps=2), seed=seed).fingerprint.weights
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert first != other


def test_text_is_encoded_by_the_named_encoder_also_in_a_continued_training(shop, tmp_path, sentence_folder):
    text = f"sentence-transformers:{sentence_folder}"
    trained(shop, tmp_path / "e", budget=Budget(steps=2), text=text)
    trained(shop, tmp_path / "more", budget=Budget(steps=2), start=str(tmp_path / "e"))
    assert mel_cnn.text_of(str(tmp_path / "e")) == mel_cnn.text_of(str(tmp_path / "more")) == text


def test_ctrl_c_keeps_what_was_learned_and_resume_ends_it(shop, tmp_path):
    def interrupt(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 50:
            raise KeyboardInterrupt

    stopped = trained(shop, tmp_path / "e", budget=Budget(steps=4), progress=interrupt)
    assert (stopped.steps, stopped.share) == (2, 0.5)
    ended = trained(shop, tmp_path / "e", budget=Budget(steps=4), resume=True)
    assert ended.share == 1.0
    assert json.loads((tmp_path / "e" / "encoder.json").read_text())["steps"] == 2 + ended.steps


def test_the_command_trains_and_says_what_to_do_with_the_encoder(shop, tmp_path):
    asked = ["encoder", "train", str(shop / "catalog.jsonl"), "--out", str(tmp_path / "e"), "--kind", "audio"]
    ran = CliRunner().invoke(app, [*asked, "--set", "steps=1", "--set", "batch=4"])
    assert ran.exit_code == 0
    assert f"use it as mel:{tmp_path / 'e'}" in ran.stdout
    refused = CliRunner().invoke(app, [*asked, "--set", "image_size=64"])
    assert isinstance(refused.exception, InputError)
    assert "--set: an encoder of kind audio has no setting 'image_size'; it has: batch" in str(refused.exception)


def test_bad_audio_is_named_and_a_catalog_without_any_is_refused(tmp_path):
    (tmp_path / "silent.wav").write_bytes(wav(np.zeros(RATE), RATE))
    (tmp_path / "catalog.jsonl").write_text('{"id": "x", "audio": ["silent.wav", "absent.wav"]}')
    products = [Product(id="x", audio=("silent.wav", "absent.wav"))]
    found = read_audio(products, media_sources("audio", tmp_path / "catalog.jsonl", products), no_progress)
    assert len(found) == 0
    assert found.unusable[0] == "silent.wav: silent"
    assert found.unusable[1].startswith("absent.wav: cannot read")
    with pytest.raises(InputError, match="0 usable audio files"):
        trained(tmp_path, tmp_path / "out", budget=Budget(steps=1))


def test_products_without_text_are_learned_from_by_their_audio(shop, tmp_path):
    products = [{"id": kind, "audio": [f"{kind}0.wav", f"{kind}1.wav"]} for kind in SOUNDS]
    for file in shop.glob("*.wav"):
        (tmp_path / file.name).symlink_to(file)
        (tmp_path / file.name).unlink()
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "catalog.jsonl").write_text("\n".join(map(json.dumps, products)))
    trained(tmp_path, tmp_path / "e", budget=Budget(steps=2))
    encoder = load_encoder(f"mel:{tmp_path / 'e'}")
    assert np.isfinite(encoder.encode("audio", [encoder.prepare("audio", take("hum", 0))])).all()


def test_crops_contain_an_audible_frame(shop):
    products = [Product(id="x", audio=("hum0.wav", "ticks0.wav"))]
    found = read_audio(products, media_sources("audio", shop / "catalog.jsonl", products), no_progress)
    crops = found.crops([0, 1, 1, 0], 190, torch.Generator().manual_seed(0))
    assert crops.shape == (4, 190, MEL_BANDS)
    assert crops.amax(dim=(1, 2)).tolist() == pytest.approx([0] * 4, abs=0.1)
    assert not torch.equal(crops[1], crops[2]), "another moment"
    short = found.crops([0] * 20, 5, torch.Generator().manual_seed(0))
    assert short.amax(dim=(1, 2)).min() > -30


def test_views_differ_stay_in_range_and_repeat_with_the_seed():
    crops = torch.full((6, 190, MEL_BANDS), FLOOR_DB)
    crops[:, 60:120, 20:24] = 0
    views = augment(crops, 160, torch.Generator().manual_seed(1))
    assert views.shape == (6, 160, MEL_BANDS)
    assert FLOOR_DB <= views.min() <= views.max() <= 0
    assert not torch.allclose(views[0], views[1])
    assert torch.equal(views, augment(crops, 160, torch.Generator().manual_seed(1)))
    loud = views.amax(dim=1).argmax(dim=1)
    assert ((loud >= 17) & (loud <= 27)).float().mean() > 0.6, "its pitch stays nearly what it was"
