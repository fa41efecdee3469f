"""Training on a small drawn shop, and each of its parts."""

import json
import random

import numpy as np
import pytest
import torch
from drawn_shop import COLOURS, SHAPES, draw, write_shop
from PIL import Image
from small_bert import save_tokenizer

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders import load_encoder
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.training.batches import batches
from ltr_plugin.encoders.training.examples import MediaSource, augment_caption, captions, media_sources
from ltr_plugin.encoders.training.fitting import Budget, Optimizer
from ltr_plugin.encoders.training.holdout import hold_out
from ltr_plugin.encoders.training.loss import contrastive, item_text_loss, same_product_loss
from ltr_plugin.encoders.training.photo.augmentation import augment
from ltr_plugin.encoders.training.photo.clip import FRESH_RATE, train_encoder
from ltr_plugin.encoders.training.photo.cutout import cutout
from ltr_plugin.encoders.training.photo.examples import read_photos
from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config
from ltr_plugin.encoders.training.trainers import TRAINERS
from ltr_plugin.errors import InputError
from ltr_plugin.progress import no_progress

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_shop(tmp_path_factory.mktemp("shop"))


def trained(shop, out, **options):
    return train_encoder(shop / "catalog.jsonl", out, **{"image_size": 32, "batch": 18, **options})


def test_a_trained_encoder_tells_products_apart_by_photo_and_by_words(shop, tmp_path):
    seen = []
    extra = {"queries": shop / "queries.jsonl", "qrels": shop / "qrels.txt"}
    report = trained(shop, tmp_path / "e", budget=Budget(steps=60), progress=lambda *done: seen.append(done), **extra)
    encoder = load_encoder(f"open_clip:{tmp_path / 'e'}")
    assert encoder.fingerprint == report.fingerprint
    assert (report.products, report.items + report.held_out.items, report.steps, report.share) == (18, 36, 60, 1.0)
    assert [done for done in seen if len(done) == 2][-1] == (100, 100)
    ids = [f"{colour}-{shape}" for colour in COLOURS for shape in SHAPES]
    shops = encoder.encode("image", [encoder.prepare("image", Image.open(shop / f"{id_}.png")) for id_ in ids])
    asked = [draw(*id_.split("-"), "lightgrey", -3) for id_ in ids]
    customers = encoder.encode("image", [encoder.prepare("image", photo) for photo in asked])
    words = encoder.encode("text", [encoder.prepare("text", f"{id_.replace('-', ' ')} thing") for id_ in ids])
    right = np.arange(len(ids))
    assert ((customers @ shops.T).argmax(axis=1) == right).mean() >= 0.7, "by chance: 0.06"
    assert ((customers @ words.T).argmax(axis=1) == right).mean() >= 0.4


def test_the_same_seed_gives_the_same_encoder(shop, tmp_path):
    first, again, other = (
        trained(shop, tmp_path / name, budget=Budget(steps=2), seed=seed).fingerprint.weights
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert first != other


def test_ctrl_c_keeps_what_was_learned_and_resume_ends_it(shop, tmp_path):
    def interrupt(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 40:
            raise KeyboardInterrupt

    out = tmp_path / "e"
    stopped = trained(shop, out, budget=Budget(steps=10), progress=interrupt)
    assert (stopped.steps, stopped.share) == (4, 0.4)
    load_encoder(f"open_clip:{out}")
    ended = trained(shop, out, budget=Budget(steps=10), resume=True)
    assert ended.share == 1.0
    assert json.loads((out / "encoder.json").read_text())["steps"] == 4 + ended.steps
    with pytest.raises(InputError, match="was trained to its end"):
        trained(shop, out, resume=True)
    with pytest.raises(InputError, match="holds no encoder"):
        trained(shop, tmp_path / "absent", resume=True)


def test_a_resumed_training_goes_on_as_it_began(shop, tmp_path, monkeypatch):
    def interrupt(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 50:
            raise KeyboardInterrupt

    rates = []

    class Noted(Optimizer):
        def __init__(self, model, rate):
            rates.append(rate)
            super().__init__(model, rate)

    monkeypatch.setattr("ltr_plugin.encoders.training.photo.clip.Optimizer", Noted)
    out = tmp_path / "e"
    trained(shop, out, seed=7, batch=9, budget=Budget(steps=2), progress=interrupt)
    train_encoder(shop / "catalog.jsonl", out, resume=True, budget=Budget(steps=2))
    assert rates == [FRESH_RATE] * 2
    card = json.loads((out / "encoder.json").read_text())
    assert (card["seed"], card["batch"], card["start"]) == (7, 9, None)


def with_words_of_another_tokenizer(config):
    text = {"hf_tokenizer_name": "bert", "vocab_size": 100, "pool_type": "last", "no_causal_mask": True}
    config["model_cfg"]["text_cfg"] |= text


def with_a_resnet_of_clip(config):
    vision = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8}
    config["model_cfg"] |= {"vision_cfg": vision, "custom_text": False}
    config["preprocess_cfg"]["size"] = 32


@pytest.mark.parametrize("change", [with_words_of_another_tokenizer, with_a_resnet_of_clip])
def test_training_goes_on_from_models_of_other_families(change, shop, tmp_path):
    config, start, out = small_config(32), tmp_path / "start", tmp_path / "out"
    change(config)
    save_encoder(start, build_model(config), config, {})
    save_tokenizer(start)
    report = trained(shop, out, start=str(start), budget=Budget(steps=1))
    first, second = load_encoder(f"open_clip:{start}"), load_encoder(f"open_clip:{out}")
    assert second.fingerprint == report.fingerprint
    assert second.fingerprint.preprocessing == first.fingerprint.preprocessing
    assert second.tokenizer(["red mug"]).tolist() == first.tokenizer(["red mug"]).tolist()
    assert export(report.spec, tmp_path / "onnx").comparisons


def test_training_goes_on_from_another_encoder(shop, tmp_path):
    first = trained(shop, tmp_path / "a", budget=Budget(steps=1))
    second = trained(shop, tmp_path / "b", budget=Budget(steps=1), start=str(tmp_path / "a"))
    assert second.fingerprint.preprocessing == first.fingerprint.preprocessing
    assert second.fingerprint.weights != first.fingerprint.weights
    assert second.fingerprint.model == "b"


def test_bad_photos_are_named_and_a_catalog_without_any_is_refused(shop, tmp_path):
    lines = (shop / "catalog.jsonl").read_text() + '\n{"id": "x", "images": ["absent.png"]}'
    (tmp_path / "catalog.jsonl").write_text(lines.replace('["', f'["{"./"}').replace("./", ""))
    for photo in shop.glob("*.png"):
        (tmp_path / photo.name).symlink_to(photo)
    with pytest.raises(InputError, match="0 usable photos"):
        trained(tmp_path, tmp_path / "out", budget=Budget(steps=1))
    with pytest.raises(InputError, match="--queries and --qrels: give both, or neither"):
        trained(shop, tmp_path / "out", queries=shop / "queries.jsonl")


def test_contrastive_loss_is_the_mean_cross_entropy_of_the_positives():
    similarities = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]])
    positive = torch.tensor([[True, False, True], [False, False, False]])
    shares = torch.tensor([2.0, 0.0, 1.0]).softmax(0)
    assert contrastive(similarities, positive) == pytest.approx(float(-(shares[0].log() + shares[2].log()) / 2))


def test_losses_vanish_where_positives_are_alike_and_others_opposite():
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    same = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], dtype=torch.bool)
    assert same_product_loss(vectors, same, 50.0) < 1e-6
    assert same_product_loss(vectors, ~same, 50.0) > 10
    texts, shown = vectors[[0, 2]], same[:, [0, 2]]
    assert item_text_loss(vectors, texts, shown, torch.tensor(50.0)) == pytest.approx(np.log(2) / 2, abs=1e-4)


def test_a_cutout_is_the_product_even_on_a_drifting_backdrop():
    ramp = np.linspace(200, 240, 48)[:, None, None] * np.ones((48, 48, 3))
    ramp[10:30, 15:35] = (200, 30, 40)
    ramp[18:22, 20:24] = 230  # a light spot inside the product is no backdrop
    expected = np.zeros((48, 48), np.uint8)
    expected[10:30, 15:35] = 1
    assert np.array_equal(cutout(ramp.astype(np.uint8)), expected)
    noise = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)
    assert cutout(noise).all()


def test_views_differ_stay_in_range_and_repeat_with_the_seed():
    photos = torch.from_numpy(np.stack([np.asarray(draw("red", "square", "white", 0))] * 6)).permute(0, 3, 1, 2)
    cutouts = torch.from_numpy(np.stack([cutout(photo.permute(1, 2, 0).numpy()) for photo in photos]))
    views = augment(photos, cutouts, 32, torch.Generator().manual_seed(1))
    assert views.shape == (6, 3, 32, 32)
    assert 0 <= views.min() <= views.max() <= 1
    assert not torch.allclose(views[0], views[1])
    assert torch.equal(views, augment(photos, cutouts, 32, torch.Generator().manual_seed(1)))


def test_every_photo_meets_a_catalog_photo_of_its_product(shop):
    products = [
        Product(id="a", title="a", images=("red-round.png",)),
        Product(id="b", title="b", images=("red-square.png",)),
    ]
    found = [
        *media_sources("image", shop / "catalog.jsonl", products),
        MediaSource(shop, "red-round-seen.png", (0,), from_judgment=True),
        MediaSource(shop, "red-square-seen.png", (1,), from_judgment=True),
    ]
    examples = read_photos(products, found, 24, no_progress)
    assert examples.shows == ((0,), (1,), (0,), (1,))
    assert examples.from_judgment == (False, False, True, True)
    drawn = next(batches(examples, range(4), 4, random.Random(0)))
    assert sorted(drawn.items[:4]) == [0, 1, 2, 3]
    assert sorted(drawn.items[4:]) == [0, 1]
    shown = [next(column for column, yes in enumerate(row) if yes) for row in drawn.shows.tolist()]
    first = examples.shows[drawn.items[0]][0]
    assert [int(examples.shows[item][0] != first) for item in drawn.items] == shown


def test_only_products_that_keep_a_photo_lose_one_to_the_held_out(shop):
    products = [Product(id=f"p{place}", title="x", images=("red-round.png",) * (1 + place % 2)) for place in range(40)]
    examples = read_photos(products, media_sources("image", shop / "catalog.jsonl", products), 8, no_progress)
    held = hold_out(examples, random.Random(0))
    assert len(held) == 3
    assert all(examples.shows[place][0] % 2 == 1 for place in held)
    few = read_photos(products[::2], media_sources("image", shop / "catalog.jsonl", products[::2]), 8, no_progress)
    assert hold_out(few, random.Random(0)) == []


def test_captions_say_a_product_in_several_ways():
    product = Product(
        id="m", title="Mug Vera", brand="Nord", category=("Home", "Mug"), description="Holds tea. Also soup.",
        attributes={"colour": "red"},
    )  # fmt: skip
    ways = captions(product)
    assert ways[:4] == [product.embedding_text(), "Mug Vera", "Mug Vera Mug", "Mug colour: red"]
    assert "Holds tea" in ways
    assert len(set(ways)) == len(ways)
    varied = {augment_caption("one two three four", random.Random(seed)) for seed in range(30)}
    assert len(varied) > 5
    assert all(varied)


def test_kinds_of_encoders_are_trained_by_their_names(shop, tmp_path):
    report = TRAINERS["photo"](shop / "catalog.jsonl", tmp_path / "e", budget=Budget(steps=1), image_size=32, batch=4)
    assert report.spec == f"open_clip:{tmp_path / 'e'}"
    with pytest.raises(InputError, match="pages: not an option of an encoder that learns photos and text"):
        TRAINERS["photo"](shop / "catalog.jsonl", tmp_path / "e", pages=3)
