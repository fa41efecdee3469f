"""A BiLSTM trained on a small catalog's words."""

import json

import numpy as np
import pytest
import torch

from ltr_plugin.encoders.bilstm import WEIGHTS, from_model, load
from ltr_plugin.encoders.bilstm_network import LstmNetwork, LstmShape
from ltr_plugin.encoders.training.fitting import Budget
from ltr_plugin.encoders.training.text import train_text
from ltr_plugin.errors import EncoderError, InputError

KINDS = {
    "mug": "Holds hot coffee, with a handle of stoneware",
    "lamp": "Shines at night on a desk, with a bulb of glass",
    "scarf": "Keeps the neck warm in winter, woven of wool",
    "knife": "Cuts bread and meat, with a blade of steel",
    "clock": "Tells the hour, with hands and a battery",
}
COLOURS = ("red", "green", "blue", "white", "black", "yellow")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    path = tmp_path_factory.mktemp("words") / "catalog.jsonl"
    products = [
        {"id": f"{colour}-{kind}", "title": f"{colour} {kind}", "description": f"{words}. Comes in {colour}."}
        for kind, words in KINDS.items()
        for colour in COLOURS
    ]
    path.write_text("".join(json.dumps(product) + "\n" for product in products))
    return path


@pytest.fixture(scope="module")
def trained(catalog, tmp_path_factory):
    out = tmp_path_factory.mktemp("encoders") / "words"
    return train_text(catalog, out, budget=Budget(steps=30), batch=30), load(str(out))


def encode(encoder, texts):
    return encoder.encode("text", [encoder.prepare("text", text) for text in texts])


def test_words_of_the_shop_find_what_they_describe(trained):
    report, encoder = trained
    assert report.fingerprint == encoder.fingerprint
    assert (report.unit, report.items, report.steps, report.share) == ("titles", 30, 30, 1)
    titles = encode(encoder, [f"{colour} {kind}" for kind in KINDS for colour in COLOURS])
    asked = encode(encoder, [f"{words} in {colour}" for words in KINDS.values() for colour in COLOURS])
    assert np.linalg.norm(titles, axis=1) == pytest.approx(1, abs=1e-5)
    found = (asked @ titles.T).argmax(axis=1)
    assert (found == np.arange(30)).mean() > 0.7


def test_a_vector_does_not_depend_on_its_batch_and_no_text_is_too_odd(trained):
    _, encoder = trained
    texts = ["red mug", "a very long text " * 50, "", "émaillé 日本 \N{SNOWMAN}"]
    together = encode(encoder, texts * 20)
    assert np.isfinite(together).all()
    for place, text in enumerate(texts):
        assert encode(encoder, [text])[0] @ together[place + 40] > 0.999


@pytest.mark.slow
def test_typed_queries_are_learned_as_titles(catalog, tmp_path):
    asked = {"q1": "zorblatt", "q2": "zorblatt", "q3": "zorblatt", "near": "unlike"}
    queries = [{"id": id_, "text": text} for id_, text in asked.items()] + [{"id": "photo", "image": "x.jpg"}]
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    grades = {"q1": 3, "q2": 3, "q3": 3, "near": 1, "photo": 3}
    (tmp_path / "qrels.txt").write_text("".join(f"{id_} 0 red-mug {grade}\n" for id_, grade in grades.items()))
    out = tmp_path / "e"
    files = {"queries": tmp_path / "queries.jsonl", "qrels": tmp_path / "qrels.txt"}
    report = train_text(catalog, out, **files, budget=Budget(steps=60))
    assert report.items + report.held_out.items == 30 + 3
    titles = [f"{colour} {kind}" for kind in KINDS for colour in COLOURS]
    vectors = encode(load(str(out)), ["zorblatt", *titles])
    assert titles[int((vectors[1:] @ vectors[0]).argmax())] == "red mug"


def test_an_interrupted_training_goes_on(catalog, tmp_path):
    def interrupting(done: int, _total: int | None = None, stage: str = "") -> None:
        if not stage and done >= 50:
            raise KeyboardInterrupt

    out = tmp_path / "e"
    assert train_text(catalog, out, budget=Budget(steps=4), progress=interrupting).share == 0.5
    again = train_text(catalog, out, budget=Budget(steps=4), resume=True)
    assert again.share == 1
    with pytest.raises(InputError, match="trained to its end"):
        train_text(catalog, out, resume=True)


def test_a_catalog_without_titles_teaches_nothing(tmp_path):
    catalog = tmp_path / "catalog.jsonl"
    catalog.write_text('{"id": "a", "images": ["a.jpg"]}\n{"id": "b", "title": "mug"}\n')
    with pytest.raises(InputError, match="1 usable title; an encoder needs at least two"):
        train_text(catalog, tmp_path / "e")


def test_large_catalogs_hold_titles_out(tmp_path):
    catalog = tmp_path / "catalog.jsonl"
    rows = ({"id": f"p{n}", "title": f"thing {n}", "description": f"number {n}"} for n in range(220))
    catalog.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = train_text(catalog, tmp_path / "e", budget=Budget(steps=2))
    assert (report.items, report.held_out.items) == (209, 11)
    assert report.held_out.text_at_5 is not None
    assert report.held_out.same_at_5 is None


def test_the_folder_gives_the_network_back(tmp_path, trained):
    report, encoder = trained
    torch.manual_seed(1)
    assert from_model(LstmNetwork(LstmShape()), name="other").fingerprint.weights != encoder.fingerprint.weights
    moved = tmp_path / "elsewhere"
    moved.symlink_to(report.folder)
    assert load(str(moved)).fingerprint == encoder.fingerprint
    with pytest.raises(EncoderError, match=f"lacks bilstm.json and {WEIGHTS}"):
        load(str(tmp_path))
