"""Fixtures of more than one folder: the development node, a small real encoder, a catalog with photos, its index."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from built_node import copy_of_built_node
from PIL import Image
from small_bert import save_sentence_model

from ltr_plugin.catalog.product import Product
from ltr_plugin.devnode import temporary_node
from ltr_plugin.devnode.distribution import DISTRIBUTIONS, OPENSEARCH
from ltr_plugin.encoders import load_encoder, vector_fields
from ltr_plugin.engines import EngineName

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""The name of this process in a run of several, such as gw0; else empty."""

LONGEST = (
    "encoders/test_training.py",
    "demo/test_run.py",
    "security",
    "encoders/test_audio_training.py",
    "cli/test_index.py",
    "ltr_workers/test_running.py",
    "pipelines/test_index_versions.py",
    "pipelines/test_foreign_index.py",
    "service/test_page.py",
    "devnode/test_node.py",
    "ltr_workers/test_worker_deaths.py",
    "several_nodes/test_deaths.py",
    "engine/test_engine_java.py",
)
"""Files and folders of half a minute and more. The first needs no node: one process builds the other's meanwhile.

The tests of a folder stay in pytest's order, in which each secured node is started once.
"""

BOTH_ENGINES = (
    "cli/test_embed_field.py",
    "cluster/test_analysis.py",
    "cluster/test_products.py",
    "engine/",
    "pipelines/test_foreign_index.py",
    "pipelines/test_pages.py",
    "pipelines/test_push.py",
    "pipelines/test_relaxed_search.py",
    "pipelines/test_result_page.py",
    "pipelines/test_reviews.py",
    "pipelines/test_scoring.py",
    "pipelines/test_search_template.py",
    "pipelines/test_similar.py",
    "pipelines/test_spelling.py",
    "pipelines/test_suggest.py",
)
"""Files and folders whose live tests run on both search engines: what they test is where the engines can differ."""

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC"
"""A node that runs for minutes does not pay for Java's second compiler: it starts with half of the work."""

for name in ("OPENSEARCH_JAVA_OPTS", "ES_JAVA_OPTS"):
    os.environ.setdefault(name, QUICK_JAVA)

URLS = {"opensearch": "OPENSEARCH_URL", "elasticsearch": "LTR_TEST_ELASTICSEARCH_URL"}
"""Variables with addresses of clusters. Commands take those of one cluster, so that of the other has another name."""

COLOURS = ("red", "green", "blue", "white", "black", "orange", "purple", "yellow")


@pytest.fixture(scope="session")
def engine(request) -> EngineName:
    """The search engine of a test: OpenSearch, in files of BOTH_ENGINES Elasticsearch too, or the one of ENGINE."""
    return getattr(request, "param", os.environ.get("ENGINE", OPENSEARCH.engine))


@pytest.fixture(scope="session")
def nodes() -> Iterator[Callable[[EngineName], str]]:
    """Addresses of clusters: those of URLS, else nodes in runs/, started when first asked for.

    Each process of a run in several has nodes of its own, all of one build for each engine.
    """
    with ExitStack() as running:

        @cache
        def address(engine: EngineName) -> str:
            if url := os.environ.get(URLS[engine]):
                return url
            settings = copy_of_built_node(f"test-{engine}{PROCESS}", DISTRIBUTIONS[engine])
            return running.enter_context(temporary_node(settings, engine=engine, heap="1g")).url

        yield address


@pytest.fixture(scope="session")
def node_url(engine, nodes) -> str:
    """The address of a cluster of the test's engine."""
    return nodes(engine)


@pytest.fixture(scope="session")
def elasticsearch_url(nodes) -> str:
    """The address of an Elasticsearch."""
    return nodes("elasticsearch")


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory) -> Path:
    """An image and text encoder with random weights."""
    import torch

    from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config

    torch.manual_seed(7)
    config = small_config(32)
    folder = tmp_path_factory.mktemp("encoders") / "small"
    save_encoder(folder, build_model(config), config, {"name": "small"})
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
def colour_encoder(monkeypatch) -> str:
    """An encoder of photos and words that every process loads at once, without PyTorch."""
    folder = str(Path(__file__).parent / "support" / "colour_encoders")
    monkeypatch.syspath_prepend(folder)
    known = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([folder, *([known] if known else [])]))
    return "colours:plain"


@pytest.fixture
def index(node_url, colour_encoder, tmp_path):
    """An empty index on the node with a photo encoder's two fields; media may be read; deleted afterwards."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.versions import open_or_create

    cluster = connect(node_url)
    alias = f"workers-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(image=colour_encoder), tmp_path)
    yield made.allow_media(tmp_path)
    cluster.call("DELETE", f"/{made.name}")


@pytest.fixture
def words_index(node_url, tmp_path):
    """An empty index whose one encoder is a file of word vectors, `words.txt`: a worker loads it at once."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.versions import open_or_create

    (tmp_path / "words.txt").write_text("".join(f"{word} {n} 1\n" for n, word in enumerate((*COLOURS, "mug"))))
    cluster = connect(node_url)
    alias = f"words-{uuid.uuid4().hex[:8]}"
    made = open_or_create(cluster, alias, vector_fields(f"word-vectors:{tmp_path}/words.txt"), tmp_path)
    yield made
    cluster.call("DELETE", f"/{made.name}")


@pytest.fixture
def vectors_of():
    """Reads a product's vectors and stamps as they are stored."""

    def read(index, id_: str) -> dict:
        return json.loads(json.dumps(index.cluster.call("GET", f"/{index.name}/_doc/{id_}")["_source"]))

    return read


@pytest.fixture(scope="session", autouse=True)
def one_core_each() -> None:
    """Several processes on as many cores: threads of PyTorch that wait for each other's core spin, and take it."""
    if PROCESS:
        import torch

        torch.set_num_threads(1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a run of several processes the longest files are first and the quick ones last, so that all end together."""
    if not PROCESS:
        return
    long = {item.path for item in items if item.get_closest_marker("live") or item.get_closest_marker("slow")}
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    if absent := [path for path in ranks if not path.exists()]:
        raise pytest.UsageError(f"LONGEST in {__file__} names files that are not there: {absent}")
    last = len(ranks)
    items.sort(key=lambda item: ranks.get(item.path, ranks.get(item.path.parent, last + (item.path not in long))))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A process gets the tests of a whole file at a time.

    Those of secured nodes all go to the process that starts these, and so do those of Elasticsearch and of the service.
    """
    from xdist.scheduler import LoadFileScheduling

    class FileScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            if file.startswith(("tests/security/", "tests/service/")):
                return file.rpartition("/")[0]
            of_elasticsearch = "[elasticsearch" in nodeid and file.removeprefix("tests/").startswith(BOTH_ENGINES)
            return "Elasticsearch" if of_elasticsearch else file

    return FileScheduling(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of BOTH_ENGINES that need a node come once for each engine, or for the one that ENGINE names."""
    file = metafunc.definition.path.relative_to(Path(__file__).parent).as_posix()
    if file.startswith(BOTH_ENGINES) and "node_url" in metafunc.fixturenames:
        only = os.environ.get("ENGINE")
        metafunc.parametrize("engine", [only] if only else list(DISTRIBUTIONS), indirect=True, scope="session")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option of `test_golden.py` and `service/test_page.py`."""
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write the files of tests/golden/ and docs/images/ anew"
    )
