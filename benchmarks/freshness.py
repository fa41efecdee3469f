"""Freshness: seconds from a changed photo to its vector being searchable, while the shop changes all the time.

    ltr node start && python -m benchmarks.freshness

A shop of products with a photo each, on a real node, with a real worker, over each broker that is at hand (Redis, and
the folder that is the queue without one) and each refresh interval of the index. `--load` changes a second go on all
the while: new prices (which embed nothing), new titles and new photos, put by the Python call. Beside it, one
photo after the other is replaced and its product put; three moments are noted: when the words are written, when the
new vector is in the index, and when a search finds the product by the stamp of the new photo's vector. The encoder is
small (random weights), so that what is measured is the way of a change and not the size of an encoder.
"""

import argparse
import json
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
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Product
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.opensearch import connect
from ltr_plugin.cluster.versions import open_or_create, switch_alias
from ltr_plugin.encoders import vector_fields
from ltr_plugin.pipelines.catalog_client import CatalogClient
from ltr_plugin.settings import Settings

RESULTS = Path(__file__).parent / "results"
STAGES = ("written", "embedded", "searchable")
SIDE = 96
POLL_S = 0.005
GIVE_UP_S = 60.0


PAGE = """# Freshness: from a changed photo to its vector being searchable

    {command}

{photos} photos, changed one after the other in a shop of {products:,} products, while {load:g} other changes a second
go on: half of them prices, a quarter titles, a quarter photos. One worker, a small encoder, {cpus} cores for node,
worker and shop together. Seconds from the file being there, median / 95th percentile.

| broker | refresh interval | words written | vector in the index | found by a search | other changes/s |
|---|---|---|---|---|---|
{rows}

What is written is found after the index's next refresh, and a shorter interval shortens that wait:
`PUT /INDEX/_settings {{"index.refresh_interval": "200ms"}}`. It costs the cluster more and smaller segments, thus work,
with every write. The next version of an index takes the setting over.
"""


@dataclass
class Way:
    """The seconds of one run: each list has one entry a changed photo."""

    broker: str
    refresh: str
    written: list[float] = field(default_factory=list)
    embedded: list[float] = field(default_factory=list)
    searchable: list[float] = field(default_factory=list)
    load: Counter[str] = field(default_factory=Counter)
    load_seconds: float = 0.0
    left: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=2000)
    parser.add_argument("--changes", type=int, default=200, help="photos that are changed and timed, one by one")
    parser.add_argument("--load", type=float, default=20.0, help="other changes a second")
    parser.add_argument("--refresh", nargs="+", default=["1s", "200ms"], help="refresh intervals of the index")
    parser.add_argument("--brokers", nargs="+", default=["redis", "folder"], choices=["redis", "folder"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ltr-freshness-"))
    ways = []
    try:
        draw_photos(folder, arguments.products)
        encoder = write_encoder(folder / "encoder")
        for broker in arguments.brokers:
            if broker == "redis" and not Redis.binary:
                print("Redis is not installed: left out")
                continue
            for refresh in arguments.refresh:
                ways.append(measured(folder, encoder, Way(broker, refresh), arguments))
                print(row(ways[-1]))
    finally:
        shutil.rmtree(folder)
    write_results(ways, arguments)


def measured(folder: Path, encoder: Path, way: Way, arguments: argparse.Namespace) -> Way:
    """One run: the index filled, a worker started, the load begun, photos changed one after the other."""
    cluster = connect(settings=Settings.from_env())
    settings = Settings(runs=folder / f"{way.broker}-{way.refresh}")
    alias = f"freshness-{os.getpid()}-{way.broker}-{way.refresh}"
    index = open_or_create(cluster, alias, vector_fields(image=f"open_clip:{encoder}"), folder)
    switch_alias(cluster, alias, index.name)
    cluster.call("PUT", f"/{index.name}/_settings", {"index.refresh_interval": way.refresh})
    try:
        with broker_of(way.broker, settings) as settings, worker_of(settings, cluster.url):
            shop = CatalogClient(alias, settings=settings, cluster=cluster, client=make_app(settings))
            fill(index, arguments.products)
            timed, others = range(arguments.changes), range(arguments.changes, arguments.products)
            change(shop, folder, 0)
            wait_until(lambda: not lacking(index, "p0"))  # the worker has its encoder loaded
            with load(shop, folder, others, arguments.load, way):
                chance = random.Random(5)
                for number in timed:
                    time_change(shop, index, folder, number, way)
                    time.sleep(chance.uniform(0, 0.3))
            index.refresh()
            way.left = index.backlog()
    finally:
        cluster.call("DELETE", f"/{index.name}")
    return way


def time_change(shop: CatalogClient, index: Index, folder: Path, number: int, way: Way) -> None:
    """Changes one photo, and notes how long it took until its product was written, embedded and found."""
    id_ = f"p{number}"
    began = change(shop, folder, number)
    way.written.append(time.perf_counter() - began)
    (stored,) = index.fetch([id_])
    vector = next(one for one in index.vectors if one.source == "image")
    stamp = {"content_hash": stored.content_hash["image"], "fingerprint": vector.fingerprint.digest}
    terms = [{"term": {f"embedding.{vector.name}.{name}": value}} for name, value in stamp.items()]
    query = {"query": {"bool": {"filter": [{"term": {"id": id_}}, {"exists": {"field": vector.name}}, *terms]}}}

    def found() -> bool:
        return bool(index.cluster.call("POST", f"/{index.name}/_count", query)["count"])

    wait_until(lambda: not lacking(index, id_))
    way.embedded.append(time.perf_counter() - began)
    wait_until(found)
    way.searchable.append(time.perf_counter() - began)


def change(shop: CatalogClient, folder: Path, number: int) -> float:
    """Replaces a product's photo and puts the product; the moment when its photo was there."""
    draw(folder / f"{number}.png", random.Random())
    began = time.perf_counter()
    result = shop.put([product(number)])
    assert not result.refused, result
    assert not result.enqueue_error, result.enqueue_error
    return began


@contextmanager
def load(shop: CatalogClient, folder: Path, numbers: Sequence[int], per_second: float, way: Way) -> Iterator[None]:
    """So many other changes a second while the block runs: half prices, a quarter titles, a quarter photos."""
    stopped = threading.Event()

    def go() -> None:
        chance = random.Random(9)
        began = time.perf_counter()
        done = 0
        while not stopped.is_set():
            number = chance.choice(numbers)
            kind = chance.choice(("price", "price", "title", "photo"))
            if kind == "price":
                shop.update([{"id": f"p{number}", "price": round(chance.uniform(1, 99), 2)}])
            elif kind == "title":
                shop.put([product(number) | {"title": f"mug {number}, {chance.randrange(10**6)}"}])
            else:
                change(shop, folder, number)
            way.load[kind] += 1
            done += 1
            stopped.wait(max(0.0, began + done / per_second - time.perf_counter()))
        way.load_seconds = time.perf_counter() - began

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def fill(index: Index, products: int) -> None:
    """All products with their vectors, made here: the worker begins with an empty queue."""
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
    chance = random.Random(3)
    for number in range(products):
        draw(folder / f"{number}.png", chance)


def draw(path: Path, chance: random.Random) -> None:
    """A photo of stripes in colours of its own, put in its place in one step."""
    colours = np.array([[chance.randrange(256) for _ in range(3)] for _ in range(8)], np.uint8)
    pixels = np.repeat(np.repeat(colours[None], SIDE // 8, axis=1), SIDE, axis=0)
    part = path.with_suffix(".part")
    Image.fromarray(pixels).save(part, "PNG")
    part.rename(path)


def write_encoder(folder: Path) -> Path:
    """A folder with a small encoder of words and photos, with random weights."""
    import torch

    from ltr_plugin.encoders.training.small_clip import build_model, save_encoder, small_config

    torch.manual_seed(7)
    config = small_config(64)
    save_encoder(folder, build_model(config), config, {"name": "freshness"})
    return folder


@contextmanager
def broker_of(kind: str, settings: Settings) -> Iterator[Settings]:
    """The settings with a broker of that kind, which runs as long as the block does."""
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
    """A worker of its own while the block runs."""
    settings.runs.mkdir(parents=True, exist_ok=True)
    environment = {"OPENSEARCH_URL": url, "LTR_RUNS": str(settings.runs), "LTR_BROKER_URL": settings.broker_url or ""}
    worker = WorkerProcess(environment, settings.runs / "worker.log")
    try:
        yield worker
    finally:
        worker.kill()


def lacking(index: Index, id_: str) -> bool:
    (stored,) = index.fetch([id_])
    return any(vector.source == "image" for vector in stored.pending(index.vectors))


def wait_until(condition: Callable[[], bool]) -> None:
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > GIVE_UP_S:
            raise RuntimeError(f"nothing came within {GIVE_UP_S:.0f} s")
        time.sleep(POLL_S)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    p50, p95, most = np.percentile(seconds, [50, 95, 100])
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "max": round(float(most), 3)}


def facts(way: Way) -> dict[str, object]:
    stages = {name: spread(getattr(way, name)) for name in STAGES}
    done = sum(way.load.values())
    return {
        "broker": way.broker,
        "refresh_interval": way.refresh,
        "changes": len(way.searchable),
        **stages,
        "load": dict(way.load),
        "load_per_second": round(done / way.load_seconds, 1),
        "backlog_at_the_end": way.left,
    }


def row(way: Way) -> str:
    found = facts(way)
    stages = " | ".join(f"{found[name]['p50']:.2f} / {found[name]['p95']:.2f}" for name in STAGES)
    return f"| {way.broker} | {way.refresh} | {stages} | {found['load_per_second']} |"


def write_results(ways: Sequence[Way], arguments: argparse.Namespace) -> None:
    command = "ltr node start && python -m benchmarks.freshness"
    report = {
        "command": command,
        "products": arguments.products,
        "load": arguments.load,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "ways": [facts(way) for way in ways],
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "freshness.json").write_text(json.dumps(report, indent=1) + "\n")
    (arguments.out / "freshness.md").write_text(
        PAGE.format(
            command=command,
            photos=len(ways[0].searchable),
            products=arguments.products,
            load=arguments.load,
            cpus=os.cpu_count(),
            rows="\n".join(map(row, ways)),
        )
    )


if __name__ == "__main__":
    main()
