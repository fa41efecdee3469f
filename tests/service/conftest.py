"""A small shop with photos, words and filters, and the service on it."""

import uuid
from collections.abc import Iterator

import pytest
import yaml
from drawn_photo import photo
from ltr_workers.embedding import embed
from running_service import RunningService, running_service

from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import open_or_create
from ltr_plugin.encoders import vector_fields
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.queries.query import Query
from ltr_plugin.rankers.logistic import train_logistic
from ltr_plugin.rankers.ranker import model_name
from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.settings import Settings

COLOURS = ("red", "green", "blue", "white", "black", "orange", "purple", "yellow")
GOODS = ("mug", "bowl", "plate")
FEATURES = [
    {"name": "title", "kind": "match", "modality": "text", "field": "title.stem"},
    {"name": "price", "kind": "field_value", "modality": "behaviour", "field": "price"},
]


@pytest.fixture(scope="session")
def shop_settings(node_url, tmp_path_factory) -> Settings:
    """Settings of a service on the node that may read the shop's photos."""
    return Settings(opensearch_url=node_url, media_root=(tmp_path_factory.mktemp("shop"),))


@pytest.fixture(scope="session")
def shop(node_url, shop_settings, encoder_folder) -> Iterator[ManagedIndex]:
    """24 products in 8 colours with a photo each, and their vectors."""
    (folder,) = shop_settings.media_root
    products = []
    for colour in COLOURS:
        (folder / f"{colour}.png").write_bytes(photo(colour))
        for number, good in enumerate(GOODS):
            products.append(
                Product(
                    id=f"{colour}-{good}",
                    title=f"{colour} {good}",
                    brand=f"Brand {number}",
                    category=("kitchen", good),
                    price=5.0 + len(products),
                    currency="EUR",
                    images=(f"{colour}.png",),
                )
            )
    cluster = connect(node_url)
    alias = f"shop-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(image=f"open_clip:{encoder_folder}"), folder)
    index = made.allow_media(folder)
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    embed(index, [product.id for product in products])
    index.refresh()
    yield index
    cluster.call("DELETE", f"/{index.name}")


@pytest.fixture(scope="session")
def service(shop, shop_settings) -> Iterator[RunningService]:
    """The service on the shop, to which this machine may do everything."""
    with running_service(
        ServiceOptions(index=shop.alias, per_minute=1_000_000, text_budget_ms=20_000, media_budget_ms=20_000),
        shop_settings,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def shop_of_words(node_url, shop_settings) -> Iterator[ManagedIndex]:
    """Three products in an index without vectors, whose service needs no encoder."""
    (folder,) = shop_settings.media_root
    cluster = connect(node_url)
    index = open_or_create(cluster, f"words-{uuid.uuid4().hex[:8]}", (), folder)
    products = [Product(id=f"red-{good}", title=f"red {good}", price=5.0, currency="EUR") for good in GOODS]
    assert not [error for _, error in index.put(products) if error]
    index.refresh()
    yield index
    cluster.call("DELETE", f"/{index.name}")


@pytest.fixture(scope="session")
def service_of_words(shop_of_words, shop_settings) -> Iterator[RunningService]:
    """The service on it, to which this machine may do everything."""
    options = ServiceOptions(index=shop_of_words.alias, per_minute=1_000_000)
    with running_service(options, shop_settings) as running:
        yield running


@pytest.fixture(scope="session")
def trained(shop, tmp_path_factory):
    """A folder with a trained ranker that is uploaded, and the name of its model."""
    folder = tmp_path_factory.mktemp("rankers")
    (folder / "set.yaml").write_text(
        yaml.safe_dump({"name": f"t{uuid.uuid4().hex[:8]}", "version": 1, "features": FEATURES})
    )
    queries = [Query(id=colour, text=f"{colour} mug") for colour in ("red", "green", "blue")]
    grades = {one.id: {f"{one.id}-mug": 2, f"{one.id}-bowl": 1, "white-plate": 0, "black-bowl": 0} for one in queries}
    log_features(shop, FeatureSet.load(folder / "set.yaml"), queries, Qrels(grades), folder / "table.parquet")
    ranker = train_logistic(FeatureTable.read(folder / "table.parquet"))
    ranker.save(folder / "mugs")
    assert push(shop, ranker, queries).parity.passed
    return folder, model_name(ranker)


@pytest.fixture(scope="session")
def admin(shop, shop_settings, trained):
    """A service that has the folder of the ranker."""
    budgets = {"text_budget_ms": 20_000, "media_budget_ms": 20_000}
    with running_service(ServiceOptions(index=shop.alias, rankers=trained[0], **budgets), shop_settings) as running:
        yield running
