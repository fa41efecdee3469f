"""Trainings with settings, folders, encoders or texts that they cannot use."""

import math
import re

import numpy as np
import pytest
import torch
from drawn_shop import write_shop
from typer.testing import CliRunner

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.cli import app
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.heads import ProjectionHeads, product_means
from ltr_plugin.encoders.training.holdout import check_enough
from ltr_plugin.encoders.training.photo.network_trainer import product_sums
from ltr_plugin.encoders.training.report import HoldoutRetrieval, TrainingReport
from ltr_plugin.encoders.training.trainers import ALIGN, FINETUNE, TRAINERS
from ltr_plugin.errors import EncoderError, InputError


@pytest.mark.parametrize("name", ["minutes", "steps", "epochs"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_a_budget_that_never_ends_or_is_none(name, value):
    with pytest.raises(InputError, match=f"{name}: must be above 0 and finite, not {value}"):
        Budget(**{name: value})


@pytest.mark.parametrize(
    ("trainer", "setting", "value"),
    [
        (ALIGN, "batch", 0),
        (ALIGN, "batch", -3),
        (TRAINERS["audio"], "batch", 1),
        (ALIGN, "seed", -1),
        (ALIGN, "seed", 1 << 70),
        (FINETUNE, "image_size", 0),
        (FINETUNE, "image_size", -5),
        (FINETUNE, "image_size", 10_000),
        (TRAINERS["keypoints"], "vocabulary_size", 0),
    ],
)
def test_numbers_beyond_their_limits(tmp_path, trainer, setting, value):
    with pytest.raises(InputError, match=rf"{setting}: must be from \d+ to \d+, not {value}"):
        trainer(tmp_path / "none.jsonl", tmp_path / "e", **{setting: value})


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", "name a folder"),
        ("file/e", "cannot be made in '.*file': Not a directory; choose another folder"),
        ("/proc/none/e", "cannot be made in '/proc'"),
        ("file", "is there already and holds no encoder"),
    ],
)
def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch, out, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    ran = CliRunner().invoke(app, ["encoder", "align", "none.jsonl", "--out", out])
    assert isinstance(ran.exception, InputError)
    assert re.search(message, str(ran.exception))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("trainer", "options", "message"),
    [
        (FINETUNE, {"start": "timm:no_such_net/a1_in1k"}, "cannot be loaded: .*no_such_net"),
        (FINETUNE, {"start": "timm:"}, "unknown encoder 'timm:'"),
        (TRAINERS["photo"], {"start": "ViT-B-99/none"}, "ViT-B-99"),
        (TRAINERS["text"], {"start": "none"}, "'none' is no folder of an encoder"),
        (ALIGN, {"photo": "bilstm:{text}"}, "encodes text, not image; choose another one for image"),
        (ALIGN, {"text": "timm:efficientnet-lite0"}, "encodes image, video, not text; choose another one for text"),
    ],
)
def test_an_encoder_to_start_from_that_does_not_suit(tmp_path, trainer, options, message):
    write_shop(tmp_path)
    text = TRAINERS["text"](tmp_path / "catalog.jsonl", tmp_path / "text", budget=Budget(steps=1), batch=8).folder
    given = {name: value.format(text=text) for name, value in options.items()}
    with pytest.raises(EncoderError, match=message):
        trainer(tmp_path / "catalog.jsonl", tmp_path / "e", **given)


@pytest.mark.parametrize("same", [torch.ones(1, 6) / 6**0.5, torch.ones(5, 6) / 6**0.5])
def test_vectors_of_one_text_make_a_projection_of_numbers(same):
    projection = ProjectionHeads(torch.randn(5, 6), same).alignment({}).text
    assert np.isfinite(projection(same.numpy())).all()


def test_a_product_whose_photos_cancel_out_has_no_vector_of_its_own():
    examples = Examples(((0,), (0,), (1,)), (True, True, True), ((), ()), ())
    vectors = np.array([[1, 0], [-1, 0], [0, 1]], np.float32)
    products = [Product(id="p0", title="a"), Product(id="p1", title="b")]
    assert product_means(products, examples, vectors).keys() == {"p1"}


def test_sums_of_the_vectors_of_products():
    examples = Examples(((0,), (0, 2), (1,), (0,)), (True,) * 4, ((),) * 4, ())
    counts, sums = product_sums(examples, [0, 1, 2], torch.tensor([[1.0], [2], [4], [8]]))
    assert counts.tolist() == [2, 1, 1, 0]
    assert sums[:, 0].tolist() == [3, 4, 2, 0]


def test_one_photo_is_said_in_the_singular(tmp_path):
    print_of = Fingerprint(library="aligned", model="e", revision="", dimension=2, preprocessing="", weights="")
    found = HoldoutRetrieval(1, text_at_1=1.0, text_at_5=1.0, same_at_1=0.0, same_at_5=1.0)
    said = TrainingReport(tmp_path, print_of, 1, "photos", 1, steps=1, held_out=found).to_summary()
    assert "1 photo of 1 product, 1 step in" in said
    assert "1 unseen photo finds its product's text: 100% first" in said
    assert "1 unseen photo finds its product's other photos: 0% first, 100% in the first five" in said
    with pytest.raises(InputError, match="1 usable photo; an encoder needs"):
        check_enough(1, tmp_path, "photos")


@pytest.mark.parametrize(
    ("epochs", "ends"),
    [
        ([], False),
        ([-122.9, -92.9, -77.1, -36.6], False),  # groceries, which began with -42.5
        ([-30.0, -31.0, -32.0], False),
        ([-30.0, -31.0, -32.0, -33.0], True),
        ([-50.0, -40.0, -41.0, -42.0, -40.0], True),
    ],
)
def test_fine_tuning_ends_when_epochs_are_no_better_than_one_before(epochs, ends):
    from ltr_plugin.encoders.training.photo.network_trainer import no_better

    assert no_better(epochs) == ends
