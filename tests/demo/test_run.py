"""The main job from end to end, on a small shop and a live node."""

import json
import uuid
from contextlib import contextmanager

import pytest

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.demo.run import run_demo
from ltr_plugin.demo.shop import generate_shop
from ltr_plugin.errors import InputError
from ltr_plugin.progress import no_progress
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.settings import Settings

PRODUCTS = 40


class ShortTraining(NetworkSettings):
    """Settings of a network that need not be good."""

    epochs: int = 10


@contextmanager
def quiet(_label):
    yield no_progress


@pytest.fixture
def shop(tmp_path, node_url):
    """A folder with a generated shop, under a name of its own, since the index is named after it."""
    folder = tmp_path / f"shop{uuid.uuid4().hex[:8]}"
    generate_shop(folder, products=PRODUCTS)
    yield folder
    connect(node_url).call("DELETE", f"/demo-{folder.name}-v*")


@pytest.mark.live
def test_every_step_runs_and_running_again_keeps_what_is_there(shop, node_url, tmp_path, monkeypatch):
    monkeypatch.setattr("ltr_plugin.encoders.training.photo.network_trainer.HEAD_STEPS", 10)
    monkeypatch.setattr("ltr_plugin.rankers.network.settings.NetworkSettings", ShortTraining)
    settings = Settings(opensearch_url=node_url, runs=tmp_path / "runs")
    options = {"progress_bar": quiet, "data": shop, "encoder_minutes": 0.02, "sound_minutes": 0.02}
    first = run_demo(settings, tmp_path / "out", **options)
    report = json.loads(first.json_path.read_text())
    assert set(report) == {"catalog", "rankers", "parity", "seconds"}
    assert report["catalog"] == {"products": PRODUCTS, "errors": 0, "index": f"demo-{shop.name}-v1"}
    assert set(report["parity"]) == {"lambdamart", "fusion"}
    assert all(proof["passed"] and proof["out_of_order"] == 0 for proof in report["parity"].values())
    slices = report["rankers"]["full"]["slices"]
    assert {"all", "text", "image", "audio", "mixed"} <= set(slices)
    assert set(slices["all"]["rankers"]) == {"bm25", "random", "vectors", "lambdamart", "fusion"}
    assert slices["image"]["rankers"]["bm25"]["nDCG@10"]["mean"] == 0  # words cannot answer a photo
    assert slices["audio"]["rankers"]["bm25"]["nDCG@10"]["mean"] == 0
    assert first.html_path.read_text().startswith("<!doctype html>")

    again = run_demo(settings, tmp_path / "out", **options)
    steps = json.loads(again.json_path.read_text())["seconds"]
    assert not {"training the photo encoder", "training the audio encoder"} & set(steps)
    assert steps["making vectors"] < report["seconds"]["making vectors"]


def test_a_folder_that_lacks_something_is_told_all_it_lacks(tmp_path):
    with pytest.raises(InputError) as raised:
        run_demo(Settings(opensearch_url="http://127.0.0.1:9"), tmp_path / "out", progress_bar=quiet, data=tmp_path)
    assert {problem.location for problem in raised.value.problems} == {
        "catalog.jsonl", "queries.train.jsonl", "queries.test.jsonl", "qrels.txt",
    }  # fmt: skip
