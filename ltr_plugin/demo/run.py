"""The main job from end to end, on the generated shop or on any folder with catalog, queries and judgments."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import MODALITIES, Modality, Product
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connection import Cluster, connect
from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.demo.shop import ShopFiles, generate_shop
from ltr_plugin.devnode import node_state, start_node, stop_node
from ltr_plugin.errors import InputError, LtrError, Mistake
from ltr_plugin.features.feature_set import FeatureSet, load_feature_set
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.judgments.qrels import read_qrels
from ltr_plugin.pipelines.asking import ask_file
from ltr_plugin.pipelines.evaluating import Evaluation, compare_rankings
from ltr_plugin.pipelines.indexing import embed_backlog, write_catalog
from ltr_plugin.pipelines.logging import log_table
from ltr_plugin.pipelines.publishing import Pushed, promote, push_ranker
from ltr_plugin.pipelines.reporting import write_report
from ltr_plugin.progress import Progress
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.parity import Parity
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.settings import Settings
from ltr_plugin.shipped import shipped

Bar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class DemoReport:
    """What came out: the comparison of all rankers, the proofs of the learned ones, and where it is written.

    `path` is for machines, `page` for people.
    """

    comparison: Evaluation
    parity: dict[str, Parity]
    path: Path
    page: Path


@dataclass
class _Clock:
    """Seconds by step, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, bar: Bar) -> Iterator[Progress]:
        started = time.perf_counter()
        with bar(name) as progress:
            yield progress
        self.seconds[name] = round(time.perf_counter() - started, 1)


def run_demo(
    settings: Settings,
    out: Path,
    *,
    bar: Bar,
    data: Path | None = None,
    products: int = 800,
    encoder_minutes: float = 3.0,
    sound_minutes: float = 1.0,
    image_size: int = 64,
    keep_node: bool = False,
) -> DemoReport:
    """Runs every step, writes `report.json` into `out`, and stops the node if it started it.

    An encoder of photos and one of sounds are trained, each for its minutes, where the catalog has any.

    `data` is a folder with the files of ShopFiles; without it a shop of so many `products` is drawn. Further photos of
    its products to train the encoder with may lie there as photos.jsonl (queries) with photos.qrels.txt.
    Run again after an interruption it goes on: the shop, the encoder and every vector that are there are kept.
    """
    from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields

    clock = _Clock()
    began = time.perf_counter()
    files = _data(data, out, products, clock, bar)
    with _node(settings, clock, bar, keep=keep_node) as cluster:
        media = _media(files)
        photos = sounds = None
        if "image" in media:
            folder = out / "encoder"
            photos = _encoder("photo", files, folder, encoder_minutes, clock, bar, image_size=image_size)
        if "audio" in media:
            sounds = _encoder("sound", files, out / "sound-encoder", sound_minutes, clock, bar)
        videos = tuple(spec for spec in (photos, sounds) if spec) if "video" in media else ()
        vectors = vector_fields(DEFAULT_TEXT_ENCODER, photos, sounds, videos)
        index = _index(settings, cluster, files, vectors, clock, bar)
        return _rank(index, files, out, clock, bar, began)


def _rank(index: ProductIndex, files: ShopFiles, out: Path, clock: _Clock, bar: Bar, began: float) -> DemoReport:
    features = _features(index)
    table = out / "features.parquet"
    with clock.step("logging features", bar) as progress:
        log_table(index, features, files.train_queries, files.qrels, table, negatives=30, progress=progress)
    rankers = _trained(FeatureTable.read(table), out, clock, bar)
    with clock.step("encoding test queries", bar):
        asked = ask_file(index, files.test_queries)
    pushed: dict[str, Pushed] = {}
    for name, ranker in rankers.items():
        with clock.step(f"proving {name} in the cluster", bar) as progress:
            pushed[name] = push_ranker(index, ranker, asked, progress=progress)
    learned = [Ranking(name, model=one.model) for name, one in pushed.items()]
    promote(index, learned[-1], index.alias)
    with clock.step("ranking test queries", bar) as progress:
        rankings = [BASELINES["bm25"], BASELINES["random"], BASELINES["vectors"], *learned]
        comparison = compare_rankings(index, asked, read_qrels(files.qrels), rankings, progress=progress)
    clock.seconds["in all"] = round(time.perf_counter() - began, 1)
    path, page = out / "report.json", out / "report.html"
    report = {
        "catalog": {"products": index.count(), "errors": len(list(index.errors())), "index": index.name},
        "rankers": comparison.to_json(),
        "parity": {name: {"model": one.model, **one.parity.to_json()} for name, one in pushed.items()},
        "seconds": clock.seconds,
    }
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
    write_report(index, comparison, files.test_queries.parent, page)
    return DemoReport(comparison, {name: one.parity for name, one in pushed.items()}, path, page)


def _trained(table: FeatureTable, out: Path, clock: _Clock, bar: Bar) -> dict[str, Ranker]:
    """Trees and a fusion network, by their kind, kept as folders."""
    from ltr_plugin.rankers.fusion import train_fusion
    from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
    from ltr_plugin.rankers.network_settings import NetworkSettings

    with clock.step("training LambdaMART", bar) as progress:
        trees = train_lambdamart(table, LambdaMARTSettings(folds=5), progress=progress)
    with clock.step("training fusion", bar) as progress:
        network = train_fusion(table, NetworkSettings(folds=3), progress=progress)
    rankers: dict[str, Ranker] = {trees.kind: trees, network.kind: network}
    for kind, ranker in rankers.items():
        ranker.save(out / kind)
    return rankers


@contextmanager
def _node(settings: Settings, clock: _Clock, bar: Bar, *, keep: bool) -> Iterator[Cluster]:
    ours = settings.opensearch_url is None and node_state(settings) is None
    if ours:
        with clock.step("starting OpenSearch", bar) as progress:
            start_node(settings, progress=progress)
    try:
        yield connect(settings)
    finally:
        if ours and not keep:
            stop_node(settings)


def _data(data: Path | None, out: Path, products: int, clock: _Clock, bar: Bar) -> ShopFiles:
    if data is None:
        folder = out / "shop"
        if not ShopFiles.within(folder).catalog.exists():
            with clock.step("drawing the shop", bar) as progress:
                return generate_shop(folder, products=products, progress=progress)
        return ShopFiles.within(folder)
    files = ShopFiles.within(data)
    needed = (files.catalog, files.train_queries, files.test_queries, files.qrels)
    missing = [Mistake(path.name, "is not there") for path in needed if not path.is_file()]
    if missing:
        raise InputError(str(data), missing)
    return files


def _encoder(
    kind: str,
    files: ShopFiles,
    folder: Path,
    minutes: float,
    clock: _Clock,
    bar: Bar,
    **options: Any,  # noqa: ANN401 - each trainer has its own
) -> str:
    """The specification of the encoder in this folder, trained first where there is none."""
    from ltr_plugin.encoders.folders import CARD
    from ltr_plugin.encoders.training.loop import Budget
    from ltr_plugin.encoders.training.trainers import trainer_of

    if not folder.exists():
        photos, qrels = (files.catalog.with_name(name) for name in ("photos.jsonl", "photos.qrels.txt"))
        more = kind == "photo" and photos.is_file()
        with clock.step(f"training the {kind} encoder", bar) as progress:
            trainer_of(kind)(
                files.catalog,
                folder,
                queries=photos if more else None,
                qrels=qrels if more else None,
                budget=Budget(minutes=minutes),
                progress=progress,
                **options,
            )
    library = json.loads((folder / CARD).read_text("utf-8"))["fingerprint"]["library"]
    return f"{library}:{folder}"


def _media(files: ShopFiles) -> set[Modality]:
    """The modalities that any product of the catalog has."""
    products = list(JsonLines(files.catalog, Product).read())
    return {modality for modality in MODALITIES if any(product.media(modality) for product in products)}


def _features(index: ProductIndex) -> FeatureSet:
    """The richest of the shipped feature sets that this index can evaluate."""
    sets = [load_feature_set(shipped("feature_sets") / f"{name}.yaml") for name in ("media", "shop", "words")]
    known = {vector.name for vector in index.vectors}
    return next(one for one in sets if known.issuperset(_vectors(one)))


def _vectors(features: FeatureSet) -> set[str]:
    return {name for feature in features.features for pair in feature.vectors().items() for name in pair}


def _index(
    settings: Settings, cluster: Cluster, files: ShopFiles, vectors: tuple[VectorField, ...], clock: _Clock, bar: Bar
) -> ProductIndex:
    alias = f"demo-{files.catalog.parent.resolve().name.lower()}"
    with clock.step("writing products", bar) as progress:
        written = write_catalog(cluster, files.catalog, alias, vectors, prune=True, progress=progress)
    if written.refused:
        raise LtrError("\n".join(map(str, written.refused)))
    with clock.step("making vectors", bar) as progress:
        embed_backlog(settings, cluster, alias, written.begun, progress=progress)
    index = ProductIndex(cluster, alias)
    index.refresh()
    return index
