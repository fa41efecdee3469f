"""A small real encoder, a small catalog with photos, and an index of it on the node."""

import json
import uuid
from pathlib import Path

import pytest
from PIL import Image
from small_bert import save_sentence_model

from ltr_plugin.catalog.product import Product
from workers.encoders import load_encoder, vector_fields

COLOURS = ("red", "green", "blue", "white", "black", "orange", "purple", "yellow")


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory) -> Path:
    """An image and text encoder with random weights."""
    import torch

    from workers.training.architecture import build, small_config, write_folder

    torch.manual_seed(7)
    config = small_config(32)
    folder = tmp_path_factory.mktemp("encoders") / "small"
    write_folder(folder, build(config), config, {"name": "small"})
    return folder


@pytest.fixture(scope="session")
def photo_encoder(encoder_folder):
    return load_encoder(f"open_clip:{encoder_folder}")


@pytest.fixture(scope="session")
def sentence_folder(tmp_path_factory) -> Path:
    """A text encoder of sentence-transformers with random weights."""
    return save_sentence_model(tmp_path_factory.mktemp("bert"))


@pytest.fixture
def catalog(tmp_path) -> list[Product]:
    """Eight products with a photo each; the first has two."""
    for colour in COLOURS:
        Image.new("RGB", (40, 40), colour).save(tmp_path / f"{colour}.png")
    photos = [("red.png", "orange.png"), *((f"{colour}.png",) for colour in COLOURS[1:])]
    return [
        Product(id=f"p{number}", title=f"{colour} mug", images=names, price=1)
        for number, (colour, names) in enumerate(zip(COLOURS, photos, strict=True))
    ]


@pytest.fixture
def index(node_url, encoder_folder, tmp_path):
    """An empty index on the node with a photo encoder's two fields; deleted afterwards."""
    from ltr_plugin.cluster.connection import OpenSearchCluster
    from ltr_plugin.cluster.indices import open_or_create

    cluster = OpenSearchCluster(node_url)
    alias = f"workers-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(image=f"open_clip:{encoder_folder}"), tmp_path)
    yield made
    cluster.call("DELETE", f"/{made.name}")


@pytest.fixture
def vectors_of():
    """Reads a product's vectors and stamps as they are stored."""

    def read(index, id_: str) -> dict:
        return json.loads(json.dumps(index.cluster.call("GET", f"/{index.name}/_doc/{id_}")["_source"]))

    return read
