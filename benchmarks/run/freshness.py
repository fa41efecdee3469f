"""Freshness: seconds from a changed photo to its vector being searchable, while other products change.

    ltr node start && python -m benchmarks.run.freshness

Products with a photo each, on a real node with a real worker, for each broker (Redis, and the folder queue) and each
refresh interval of the index. `--load` other changes per second run all the time: new prices (which embed nothing), new
titles and new photos, in shares of one half and two quarters. Meanwhile one photo after the other is replaced and its
product put, and three moments are measured: the text is written, the new vector is in the index, and a search finds the
product by the embedding metadata of the new vector. A search finds what is written after the index's next refresh. The
encoder is small, with random weights, so that the path of a change is measured and not the encoder.
"""

import argparse
import os
import platform
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ltr_workers.celery import make_app
from ltr_workers.embedding import embed
from PIL import Image

from benchmarks.lib.brokers import Redis
from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.managed.versions import open_or_create, switch_alias
from ltr_plugin.encoders import vector_fields
from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
from ltr_plugin.settings import Settings

STAGES = ("written", "embedded", "searchable")
SIDE = 96
POLL_S = 0.005
GIVE_UP_S = 60.0


@dataclass
class Run:
    """One broker and one refresh interval: seconds for each changed photo, and the load meanwhile."""

    broker: str
    refresh: str
    written: list[float] = field(default_factory=list)
    embedded: list[float] = field(default_factory=list)
    searchable: list[float] = field(default_factory=list)
    load: Counter[str] = field(default_factory=Counter)
    load_seconds: float = 0.0
    backlog: int = 0


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--products", type=int, default=2000, help="Products of the shop (%(default)s).")
    parser.add_argument(
        "--changes", type=int, default=200, help="Photos that are changed and timed, one by one (%(default)s)."
    )
    parser.add_argument("--load", type=float, default=20.0, help="Other changes per second (%(default)g).")
    parser.add_argument("--refresh", nargs="+", default=["1s", "200ms"], help="Refresh intervals of the index.")
    parser.add_argument(
        "--brokers", nargs="+", default=["redis", "folder"], choices=["redis", "folder"], help="By default both."
    )
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ltr-freshness-"))
    runs = []
    head = ["broker", "refresh interval", *STAGES, "other changes/s"]
    print(markdown_row(head), "|" + "---|" * len(head), sep="\n")
    try:
        draw_photos(folder, arguments.products)
        encoder = write_encoder(folder / "encoder")
        for broker in arguments.brokers:
            if broker == "redis" and not Redis.binary:
                print("redis is not installed: skipped")
                continue
            for refresh in arguments.refresh:
                runs.append(measure(folder, encoder, Run(broker, refresh), arguments))
                print(row(runs[-1]), flush=True)
    finally:
        shutil.rmtree(folder)
    report = {
        "command": command_line(),
        "products": arguments.products,
        "load": arguments.load,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "ways": [facts(one) for one in runs],
    }
    write_result(arguments.out, "freshness", report)


def measure(folder: Path, encoder: Path, run: Run, arguments: argparse.Namespace) -> Run:
    """Fills the index, starts a worker and the load, and changes photos one after the other."""
    cluster = connect(settings=Settings.from_env())
    settings = Settings(runs=folder / f"{run.broker}-{run.refresh}", media_root=(folder,))
    alias = f"freshness-{os.getpid()}-{run.broker}-{run.refresh}"
    index = open_or_create(cluster, alias, vector_fields(image=f"open_clip:{encoder}"), folder)
    switch_alias(cluster, alias, index.name)
    cluster.call("PUT", f"/{index.name}/_settings", {"index.refresh_interval": run.refresh})
    try:
        with broker_of(run.broker, settings) as settings, worker_of(settings, cluster.url):
            shop = CatalogClient(alias, settings=settings, cluster=cluster, client=make_app(settings))
            fill(index, arguments.products)
            timed, others = range(arguments.changes), range(arguments.changes, arguments.products)
            change(shop, folder, 0)
            wait_until(lambda: not is_pending(index, "p0"))  # now the worker has loaded its encoder
            with load(shop, folder, others, arguments.load, run):
                rng = random.Random(5)
                for number in timed:
                    time_change(shop, index, folder, number, run)
                    time.sleep(rng.uniform(0, 0.3))
            index.refresh()
            run.backlog = index.backlog()
    finally:
        cluster.call("DELETE", f"/{index.name}")
    return run


def time_change(shop: CatalogClient, index: Index, folder: Path, number: int, run: Run) -> None:
    """Changes one photo and records the seconds until its product was written, embedded and found."""
    id_ = f"p{number}"
    began = change(shop, folder, number)
    run.written.append(time.perf_counter() - began)
    (stored,) = index.fetch([id_])
    vector = next(one for one in index.vectors if one.source == "image")
    metadata = {"content_hash": stored.content_hash["image"], "fingerprint": vector.fingerprint.digest}
    terms = [{"term": {f"embedding.{vector.name}.{name}": value}} for name, value in metadata.items()]
    query = {"query": {"bool": {"filter": [{"term": {"id": id_}}, {"exists": {"field": vector.name}}, *terms]}}}

    def is_searchable() -> bool:
        return bool(index.cluster.call("POST", f"/{index.name}/_count", query)["count"])

    wait_until(lambda: not is_pending(index, id_))
    run.embedded.append(time.perf_counter() - began)
    wait_until(is_searchable)
    run.searchable.append(time.perf_counter() - began)


def change(shop: CatalogClient, folder: Path, number: int) -> float:
    """Replaces a product's photo and puts the product; returns when the photo was there."""
    draw(folder / f"{number}.png", random.Random())
    began = time.perf_counter()
    result = shop.put([product(number)])
    assert not result.refused, result
    assert not result.enqueue_error, result.enqueue_error
    return began


@contextmanager
def load(shop: CatalogClient, folder: Path, numbers: Sequence[int], per_second: float, run: Run) -> Iterator[None]:
    """Other changes while the block runs: half of them prices, a quarter titles, a quarter photos."""
    stopped = threading.Event()

    def go() -> None:
        rng = random.Random(9)
        began = time.perf_counter()
        done = 0
        while not stopped.is_set():
            number = rng.choice(numbers)
            kind = rng.choice(("price", "price", "title", "photo"))
            if kind == "price":
                shop.update([{"id": f"p{number}", "price": round(rng.uniform(1, 99), 2)}])
            elif kind == "title":
                shop.put([product(number) | {"title": f"mug {number}, {rng.randrange(10**6)}"}])
            else:
                change(shop, folder, number)
            run.load[kind] += 1
            done += 1
            stopped.wait(max(0.0, began + done / per_second - time.perf_counter()))
        run.load_seconds = time.perf_counter() - began

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def fill(index: Index, products: int) -> None:
    """Puts all products with their vectors, so that the worker starts with an empty queue."""
    forms = [Product.model_validate(product(number)) for number in range(products)]
    assert not [error for _, error in index.put(forms) if error]
    for some in batched(forms, 256):
        report = embed(index, [one.id for one in some])
        assert not report.refused, report
    index.refresh()
    assert index.backlog() == 0


def product(number: int) -> dict[str, object]:
    return {"id": f"p{number}", "title": f"mug {number}", "price": 10.0, "images": [f"{number}.png"]}


def draw_photos(folder: Path, products: int) -> None:
    rng = random.Random(3)
    for number in range(products):
        draw(folder / f"{number}.png", rng)


def draw(path: Path, rng: random.Random) -> None:
    """Writes a photo of stripes in random colours atomically."""
    colours = np.array([[rng.randrange(256) for _ in range(3)] for _ in range(8)], np.uint8)
    pixels = np.repeat(np.repeat(colours[None], SIDE // 8, axis=1), SIDE, axis=0)
    part = path.with_suffix(".part")
    Image.fromarray(pixels).save(part, "PNG")
    part.rename(path)


def write_encoder(folder: Path) -> Path:
    """A folder with a small encoder of text and photos with random weights."""
    import torch

    from ltr_plugin.encoders.training.photo.small_clip import build_model, save_encoder, small_config

    torch.manual_seed(7)
    config = small_config(64)
    save_encoder(folder, build_model(config), config, {"name": "freshness"})
    return folder


@contextmanager
def broker_of(kind: str, settings: Settings) -> Iterator[Settings]:
    """The settings with a broker of that kind, which runs during the block."""
    if kind == "folder":
        yield settings
        return
    broker = Redis(settings.runs / "redis")
    try:
        broker.start()
        yield settings.model_copy(update={"broker_url": broker.url})
    finally:
        broker.close()


@contextmanager
def worker_of(settings: Settings, url: str) -> Iterator[WorkerProcess]:
    """A worker that runs during the block."""
    settings.runs.mkdir(parents=True, exist_ok=True)
    environment = {"OPENSEARCH_URL": url, "LTR_RUNS": str(settings.runs), "LTR_BROKER_URL": settings.broker_url or ""}
    worker = WorkerProcess(environment, settings.runs / "worker.log")
    try:
        yield worker
    finally:
        worker.kill()


def is_pending(index: Index, id_: str) -> bool:
    (stored,) = index.fetch([id_])
    return any(vector.source == "image" for vector in stored.pending(index.vectors))


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > GIVE_UP_S:
            raise RuntimeError(f"a change was not searchable within {GIVE_UP_S:.0f} s; see the worker's log")
        time.sleep(POLL_S)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    p50, p95, most = np.percentile(seconds, [50, 95, 100])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "max": round(float(most), 3)}


def facts(run: Run) -> dict[str, object]:
    stages = {name: percentiles(getattr(run, name)) for name in STAGES}
    done = sum(run.load.values())
    return {
        "broker": run.broker,
        "refresh_interval": run.refresh,
        "changes": len(run.searchable),
        **stages,
        "load": dict(run.load),
        "load_per_second": round(done / run.load_seconds, 1),
        "backlog_at_the_end": run.backlog,
    }


def row(run: Run) -> str:
    one = facts(run)
    stages = (f"{one[name]['p50']:.2f} / {one[name]['p95']:.2f}" for name in STAGES)
    return markdown_row([run.broker, run.refresh, *stages, one["load_per_second"]])


if __name__ == "__main__":
    main()
