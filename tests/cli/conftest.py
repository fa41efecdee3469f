"""A small shop of words, an index for it, and two small real encoders with a photo."""

import json
import uuid

import pytest
import yaml
from ltr_command import FEATURES, PRODUCTS, QRELS, QUERIES
from PIL import Image


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """The folder of an encoder with random weights; `../other` has other weights, `../photo.jpg` is a photo."""
    import torch

    from ltr_plugin.encoders.training.small_clip import build_model, save_encoder, small_config

    folder = tmp_path_factory.mktemp("encoders")
    config = small_config(32)
    for seed, name in enumerate(("tiny", "other")):
        torch.manual_seed(seed)
        save_encoder(folder / name, build_model(config), config, {"name": "tiny"})
    Image.linear_gradient("L").convert("RGB").save(folder / "photo.jpg")
    return folder / "tiny"


@pytest.fixture
def shop(tmp_path):
    lines = {"catalog.jsonl": PRODUCTS, "queries.jsonl": QUERIES}
    for name, rows in lines.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "qrels.txt").write_text("\n".join(QRELS) + "\n")
    (tmp_path / "set.yaml").write_text(yaml.safe_dump(FEATURES))
    return tmp_path


@pytest.fixture
def here(node_url, tmp_path):
    """What the environment must say, and the name of an index of this test alone."""
    name = f"cli-{uuid.uuid4().hex[:8]}"
    yield {"OPENSEARCH_URL": node_url, "LTR_RUNS": str(tmp_path / "runs")}, name
    from ltr_plugin.cluster.connection import OpenSearchCluster

    OpenSearchCluster(node_url).call("DELETE", f"/{name}-v*")
