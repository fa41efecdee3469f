"""The main job from end to end, on the generated shop or on any folder with catalog, queries and judgments."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import MODALITIES, Modality, Product
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import IndexOptions
from ltr_plugin.cluster.profiles import put_profile
from ltr_plugin.demo.language import LANGUAGES
from ltr_plugin.demo.shop import ShopFiles, generate_shop
from ltr_plugin.devnode import temporary_node
from ltr_plugin.engines import EngineName, engine_named
from ltr_plugin.errors import InputError, LtrError, Problem
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.files import write_atomic
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.pipelines.encode_queries import encode
from ltr_plugin.pipelines.evaluate import Evaluation, evaluate
from ltr_plugin.pipelines.first_pass.measure import measure_scales
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.profiles import kept_profile
from ltr_plugin.pipelines.push import PushResult, push
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.pipelines.report import report as write_report
from ltr_plugin.progress import Progress
from ltr_plugin.queries.templates import BASELINES, Ranking
from ltr_plugin.rankers.export.parity import Parity
from ltr_plugin.rankers.ranker import Ranker
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_plugin.encoders.training.trainers import Trainer

MEASURED_PRODUCTS = 100
"""Products whose titles and vectors are searched for, to measure how the vector spaces count."""

ProgressBar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class DemoReport:
    """The comparison of all rankers, the parity of the learned ones, and the report as JSON and as a page.

    `index` is the name of the shop's index, `media` the folder of its photos and sounds.
    """

    index: str
    media: Path
    comparison: Evaluation
    parity: dict[str, Parity]
    json_path: Path
    html_path: Path


@dataclass
class _StepTimer:
    """Runs steps with a progress bar each, and keeps their seconds, in order."""

    progress_bar: ProgressBar
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Progress]:
        started = time.perf_counter()
        with self.progress_bar(name) as progress:
            yield progress
        self.seconds[name] = round(time.perf_counter() - started, 1)


def run_demo(
    settings: Settings,
    out: Path,
    *,
    progress_bar: ProgressBar,
    data: Path | None = None,
    products: int = 800,
    encoder_minutes: float = 0.3,
    sound_minutes: float = 0.75,
    language: str = "en",
    engine: EngineName = "opensearch",
    keep_node: bool = False,
) -> DemoReport:
    """Runs every step, writes `report.json` and `report.html` into `out`, and stops the node if it started it.

    `engine` is that of the development node, which is used unless the settings name a cluster.

    A bundled photo encoder is fine-tuned and an audio encoder is trained for the given minutes, where the catalog has
    such media. `data` is a folder with the files of ShopFiles; without it a shop with so many `products` is generated.
    Its texts are in the `language` (of LANGUAGES): text of another than English gets the multilingual encoder. The
    folder may have further photos of its products for the encoder's training: photos.jsonl (queries) with
    photos.qrels.txt. A run after an interruption continues: shop, encoders and vectors that exist are kept.
    """
    from ltr_plugin.encoders import vector_fields
    from ltr_plugin.encoders.registry import default_text_encoder
    from ltr_plugin.encoders.training.trainers import FINETUNE, TRAINERS

    timer = _StepTimer(progress_bar)
    started = time.perf_counter()
    files = _shop_files(data, out, products, language, timer)
    text = default_text_encoder([LANGUAGES[language]])
    with _node(settings, engine, timer, keep=keep_node) as cluster:
        media = _catalog_modalities(files)
        photos = sounds = None
        if "image" in media:
            folder = out / "encoder"
            photos = _encoder(FINETUNE, "photo", files, folder, text, encoder_minutes, timer)
        if "audio" in media:
            sounds = _encoder(TRAINERS["audio"], "audio", files, out / "sound-encoder", text, sound_minutes, timer)
        videos = tuple(spec for spec in (photos, sounds) if spec) if "video" in media else ()
        vectors = vector_fields(text, photos, sounds, videos)
        index = _index(settings, cluster, files, vectors, LANGUAGES[language], timer)
        return _rank(index, files, out, timer, started)


def _rank(index: ManagedIndex, files: ShopFiles, out: Path, timer: _StepTimer, started: float) -> DemoReport:
    features = _features(index)
    table = out / "features.parquet"
    with timer.step("logging features") as progress:
        log_features(index, features, files.train_queries, files.qrels, table, negatives=30, progress=progress)
    rankers = _train_rankers(FeatureTable.read(table), out, timer)
    with timer.step("encoding test queries"):
        encoded = encode(index, files.test_queries)
    pushed: dict[str, PushResult] = {}
    for name, ranker in rankers.items():
        with timer.step(f"checking {name} in the cluster") as progress:
            pushed[name] = push(index, ranker, encoded, progress=progress)
    learned = [Ranking(name, model=one.model) for name, one in pushed.items()]
    promote(index, learned[-1])
    with timer.step("ranking test queries") as progress:
        rankings = [BASELINES["bm25"], BASELINES["random"], BASELINES["vectors"], *learned]
        comparison = evaluate(index, rankings, encoded, files.qrels, progress=progress)
    timer.seconds["total"] = round(time.perf_counter() - started, 1)
    json_path, html_path = out / "report.json", out / "report.html"
    report = {
        "catalog": {"products": index.count(), "errors": len(list(index.errors())), "index": index.name},
        "rankers": comparison.to_json(),
        "parity": {name: {"model": one.model, **one.parity.to_json()} for name, one in pushed.items()},
        "seconds": timer.seconds,
    }
    write_atomic(json_path, json.dumps(report, indent=2) + "\n")
    write_report(index, replace(comparison, media_root=files.test_queries.parent), html_path)
    parity = {name: one.parity for name, one in pushed.items()}
    return DemoReport(index.alias, files.catalog.parent, comparison, parity, json_path, html_path)


def _train_rankers(table: FeatureTable, out: Path, timer: _StepTimer) -> dict[str, Ranker]:
    """A LambdaMART ranker and a fusion network, by kind; each is saved as a folder in `out`."""
    from ltr_plugin.rankers.fusion import train_fusion
    from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
    from ltr_plugin.rankers.network.settings import NetworkSettings

    with timer.step("training LambdaMART") as progress:
        trees = train_lambdamart(table, LambdaMARTSettings(folds=5), progress=progress)
    with timer.step("training fusion") as progress:
        network = train_fusion(table, NetworkSettings(), progress=progress)
    rankers: dict[str, Ranker] = {trees.kind: trees, network.kind: network}
    for kind, ranker in rankers.items():
        ranker.save(out / kind)
    return rankers


@contextmanager
def _node(settings: Settings, engine: EngineName, timer: _StepTimer, *, keep: bool) -> Iterator[Cluster]:
    with ExitStack() as stack:
        if settings.cluster_url is None:
            with timer.step(f"starting {engine_named(engine).title}") as progress:
                stack.enter_context(temporary_node(settings, engine=engine, progress=progress, keep=keep))
        yield connect(settings=settings)


def _shop_files(data: Path | None, out: Path, products: int, language: str, timer: _StepTimer) -> ShopFiles:
    if data is None:
        folder = out / ("shop" if language == "en" else f"shop-{language}")
        if not ShopFiles.in_folder(folder).catalog.exists():
            with timer.step("drawing the shop") as progress:
                return generate_shop(folder, products=products, language=language, progress=progress)
        return ShopFiles.in_folder(folder)
    files = ShopFiles.in_folder(data)
    needed = (files.catalog, files.train_queries, files.test_queries, files.qrels)
    missing = [Problem(path.name, "is missing") for path in needed if not path.is_file()]
    if missing:
        raise InputError(str(data), missing)
    return files


def _encoder(
    trainer: "Trainer",
    modality: str,
    files: ShopFiles,
    folder: Path,
    text: str,
    minutes: float,
    timer: _StepTimer,
) -> str:
    """The specification of the encoder in this folder, trained first where there is none."""
    from ltr_plugin.encoders.encoder_folder import CARD
    from ltr_plugin.encoders.training.fitting import Budget

    if not folder.exists():
        photos, qrels = (files.catalog.with_name(name) for name in ("photos.jsonl", "photos.qrels.txt"))
        more = {"queries": photos, "qrels": qrels} if modality == "photo" and photos.is_file() else {}
        options: dict[str, Any] = {"text": text, "budget": Budget(minutes=minutes), **more}
        with timer.step(f"training the {modality} encoder") as progress:
            trainer(files.catalog, folder, progress=progress, **options)
    library = json.loads((folder / CARD).read_text("utf-8"))["fingerprint"]["library"]
    return f"{library}:{folder}"


def _catalog_modalities(files: ShopFiles) -> set[Modality]:
    """The modalities that any product of the catalog has."""
    products = list(JsonLines(files.catalog, Product).read())
    return {modality for modality in MODALITIES if any(product.media(modality) for product in products)}


def _features(index: ManagedIndex) -> FeatureSet:
    """The richest of the shipped feature sets that this index can evaluate."""
    sets = [FeatureSet.load(name) for name in ("media", "shop", "words")]
    known = {vector.name for vector in index.vectors}
    read = {one.name: [pair for feature in one.features for pair in feature.required_vectors().items()] for one in sets}
    return next(one for one in sets if known.issuperset(name for pair in read[one.name] for name in pair))


def _index(
    settings: Settings,
    cluster: Cluster,
    files: ShopFiles,
    vectors: tuple[VectorField, ...],
    language: str,
    timer: _StepTimer,
) -> ManagedIndex:
    alias = f"demo-{files.catalog.parent.resolve().name.lower()}"
    with timer.step("writing products") as progress:
        options = IndexOptions(schema=CatalogSchema(language=language))
        result = write_catalog(cluster, files.catalog, alias, vectors, prune=True, options=options, progress=progress)
    if result.refused:
        raise LtrError("\n".join(map(str, result.refused)))
    with timer.step("making vectors") as progress:
        index = embed_backlog(settings, result.index, result.pending_alias, progress=progress)
    index.refresh()
    with timer.step("measuring the first pass"):
        measured = measure_scales(index, sample=MEASURED_PRODUCTS)
        scaled = measured.applied_to(kept_profile(cluster, alias).profile)
        put_profile(cluster, alias, scaled)
    return ManagedIndex.open(cluster, alias, profile=scaled)
