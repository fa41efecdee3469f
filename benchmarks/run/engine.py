"""The engine's speed on a real node: trees against LightGBM's own predict, searches with and without a rescore.

    ltr node start [--engine elasticsearch] && python -m benchmarks.run.engine [TABLE.parquet]

Everything is timed from outside, over HTTP, in turns.

- Trees: logged rows of a generated shop, or of TABLE as `ltr features log` writes it, become documents whose fields are
  the features. Models of several sizes rescore 1,000 of them. The time of a model's trees is its time less that of a
  model of a single leaf.
- Searches: text queries against the shop, with and without a rescore by 500 trees over its text features.
- Parallel: `--clients` search for `--seconds` with models of every kind; scores must equal those of a single client.
"""

import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from benchmarks.lib.engine_shop import PRODUCTS, SHOP, STORE, Client, field, log_shop, make_shop, rescore, search, sltr
from benchmarks.lib.script import argument_parser, command_line, write_result
from ltr_plugin.devnode import node_state
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.settings import Settings
from tests.support.reference_scorer import score_trees

ROWS = "enginebench-rows"
SIZES = (50, 500, 1000)
LEAVES, WINDOW = 31, 1000


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("table", type=Path, nargs="?", help="Feature table; by default rows of the generated shop.")
    parser.add_argument("--rounds", type=int, default=200, help="Searches of each kind (%(default)s).")
    parser.add_argument("--clients", type=int, default=16, help="Parallel clients (%(default)s).")
    parser.add_argument("--seconds", type=float, default=30, help="Time of the parallel part (%(default)g).")
    options = parser.parse_args()
    settings = Settings.from_env()
    node = node_state(settings)
    url = settings.opensearch_url or (node.url if node else None)
    if not url:
        raise SystemExit("no node is running: start one with `ltr node start`, or set OPENSEARCH_URL")
    client = Client(url)
    client("DELETE", f"/_ltr/{STORE}", allowed=(404,))
    client("PUT", f"/_ltr/{STORE}")
    try:
        make_shop(client)
        queries, names, values, labels = log_shop(client)
        shop_trees, _ = train(names, values, labels)
        for size in SIZES:
            client.put_model("shop", f"shop-{size}", shop_trees[:size])
        if options.table:
            table = FeatureTable.read(options.table)
            names, values, labels = list(table.feature_names), table.values, table.labels
        report = {
            "cpu": cpu(),
            "engine": client.engine.title,
            "version": client("GET", "/")["version"]["number"],
            "trees": time_trees(client, names, values, labels, options.rounds),
            "searches": time_searches(client, queries, options.rounds),
            "parallel": run_parallel(client, queries, options.clients, options.seconds),
        }
    finally:
        for path in (f"/_ltr/{STORE}", f"/{SHOP}", f"/{ROWS}"):
            client("DELETE", path, allowed=(404,))
    write_result(options.out, f"engine_{client.engine.name}", report, markdown(report))


def cpu() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{names[0]}, {len(names)} cores"


def train(names: Sequence[str], values: np.ndarray, labels: np.ndarray) -> tuple[list[Any], lightgbm.Booster]:
    """Trees in the exported form, and LightGBM's booster. Noise keeps the last trees as large as the first."""
    noisy = labels + np.random.default_rng(5).normal(0, 1, len(labels))
    settings = {
        "objective": "regression", "num_leaves": LEAVES, "learning_rate": 0.02, "num_threads": 1, "seed": 1,
        "verbosity": -1,
    }  # fmt: skip
    booster = lightgbm.train(settings, lightgbm.Dataset(values, noisy), SIZES[-1])
    return export_trees(booster.dump_model(), names), booster


def time_trees(
    client: Client, names: Sequence[str], values: np.ndarray, labels: np.ndarray, rounds: int
) -> dict[str, Any]:
    trees, booster = train(names, values, labels)
    rows = values[np.random.default_rng(3).choice(len(values), WINDOW, replace=len(values) < WINDOW)]
    features, documents = as_documents(names, rows)
    client.make_index(ROWS, {name: {"type": "float"} for name in documents[0]}, documents)
    client.put_set("rows", features)
    client.put_model("rows", "rows-1", [{"nodeid": 0, "leaf": 0.0}])
    for size in SIZES:
        client.put_model("rows", f"rows-{size}", trees[:size])

    def body(model: int, hits: int = 1) -> dict[str, Any]:
        again = rescore(sltr(f"rows-{model}"), WINDOW)
        return search("") | {"query": {"match_all": {}}, "size": hits, "rescore": again}

    hits = client("POST", f"/{ROWS}/_search", body(SIZES[-1], WINDOW))["hits"]["hits"]
    scores = np.zeros(WINDOW, np.float32)
    scores[[int(hit["_id"]) for hit in hits]] = [hit["_score"] for hit in hits]
    different = int((scores != score_trees(trees, names, rows)).sum())
    doubles = rows.astype(np.float64)
    calls: dict[str, Callable[[], object]] = {}
    for size in (1, *SIZES):
        calls[f"engine {size}"] = lambda size=size: client("POST", f"/{ROWS}/_search", body(size))
    for size in SIZES:
        calls[f"lightgbm {size}"] = lambda size=size: booster.predict(doubles, num_iteration=size, num_threads=1)
    best = {name: min(seconds) for name, seconds in in_turns(calls, rounds).items()}
    return {
        "rows": len(values), "features": len(names), "window": WINDOW,
        "leaves": statistics.mean(tree["num_leaves"] for tree in booster.dump_model()["tree_info"]),
        "scores_different": different,
        "rescore_without_trees_ms": best["engine 1"] * 1e3,
        "engine_ns": {size: (best[f"engine {size}"] - best["engine 1"]) / size / WINDOW * 1e9 for size in SIZES},
        "engine_ns_between_50_and_1000": (best["engine 1000"] - best["engine 50"]) / 950 / WINDOW * 1e9,
        "lightgbm_ns": {size: best[f"lightgbm {size}"] / size / WINDOW * 1e9 for size in SIZES},
    }  # fmt: skip


def as_documents(names: Sequence[str], rows: np.ndarray) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
    """Features that read the rows back from fields. No query scores below 0, so a sign is a field of its own."""
    signed = {name for column, name in enumerate(names) if np.nanmin(rows[:, column], initial=0) < 0}
    features = []
    for name in names:
        if name in signed:
            product = {"template_language": "derived_expression", "template": f"{name}__size * ({name}__sign - 1)"}
            features += [field(f"{name}__size"), field(f"{name}__sign"), {"name": name, **product}]
        else:
            features.append(field(name))
    documents = []
    for row in rows:
        document: dict[str, float] = {"always": 1.0}
        for name, value in zip(names, row, strict=True):
            if name in signed and not np.isnan(value):
                document |= {f"{name}__size": float(abs(value)), f"{name}__sign": 0.0 if value < 0 else 2.0}
            elif not np.isnan(value):
                document[name] = float(value)
        documents.append(document)
    return features, documents


def in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call; the first fifth warms the node up and is not counted.

    Each turn has an order of its own: a search takes longer after a call in which the node was idle.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    rng = random.Random(7)
    for turn in range(rounds):
        for name in rng.sample(list(calls), len(calls)):
            start = time.perf_counter()
            calls[name]()
            if turn >= rounds // 5:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def time_searches(client: Client, queries: Sequence[str], rounds: int) -> dict[str, dict[str, float]]:
    turn = itertools.cycle(queries)
    calls: dict[str, Callable[[], object]] = {
        "no rescore": lambda: client("POST", f"/{SHOP}/_search", search(next(turn)))
    }
    for window in (100, WINDOW):

        def call(window: int = window) -> object:
            text = next(turn)
            again = rescore(sltr("shop-500", text=text), window)
            return client("POST", f"/{SHOP}/_search", search(text, rescore=again))

        calls[f"500 trees over {window}"] = call
    latencies = {}
    for name, seconds in in_turns(calls, rounds).items():
        cuts = statistics.quantiles(seconds, n=20)
        latencies[name] = {"p50_ms": statistics.median(seconds) * 1e3, "p95_ms": cuts[-1] * 1e3}
    return latencies


def run_parallel(client: Client, queries: Sequence[str], clients: int, seconds: float) -> dict[str, Any]:
    """Parallel searches with models of several kinds, each response compared with that of a single client."""
    client.put_model("shop", "linear", {"title_any": 0.5, "price": -0.25, "popularity": 0.125}, "model/linear")
    client.put_model("shop", "line", "## Coordinate Ascent\n1:0.5 10:0.25 11:-0.125", "model/ranklib")
    models = [*(f"shop-{size}" for size in SIZES), "linear", "line"]
    bodies = [
        json.dumps(search(text, size=100, rescore=rescore(sltr(model, text=text), 100)))
        for model in models for text in random.Random(4).sample(list(queries), 12)
    ]  # fmt: skip

    def scores(body: str) -> list[tuple[str, float]]:
        return [(hit["_id"], hit["_score"]) for hit in client("POST", f"/{SHOP}/_search", body)["hits"]["hits"]]

    expected = {body: scores(body) for body in bodies}
    until = time.monotonic() + seconds

    def run(seed: int) -> tuple[int, int, int]:
        rng = random.Random(seed)
        searches = compared = wrong = 0
        while time.monotonic() < until:
            body = rng.choice(bodies)
            actual = scores(body)
            searches, compared = searches + 1, compared + len(actual)
            wrong += sum(one != other for one, other in itertools.zip_longest(actual, expected[body]))
        return searches, compared, wrong

    with ThreadPoolExecutor(clients) as pool:
        searches, compared, wrong = (sum(part) for part in zip(*pool.map(run, range(clients)), strict=True))
    return {
        "clients": clients,
        "seconds": seconds,
        "models": models,
        "searches": searches,
        "scores": compared,
        "wrong": wrong,
    }


def markdown(report: dict[str, Any]) -> str:
    trees, parallel = report["trees"], report["parallel"]
    engine, own = trees["engine_ns"], trees["lightgbm_ns"]
    sizes = "\n".join(f"| {size:,} | {engine[size]:.1f} | {own[size]:.1f} |" for size in SIZES)
    searches = "\n".join(
        f"| {name} | {one['p50_ms']:.1f} | {one['p95_ms']:.1f} |" for name, one in report["searches"].items()
    )
    return f"""# Engine: trees, searches, parallel searches

    {command_line()}

{report["cpu"]}; {report["engine"]} {report["version"]}.

## Trees

Nanoseconds per tree and document; {trees["leaves"]:.0f} leaves, {trees["features"]} features, a window of
{trees["window"]:,} of {trees["rows"]:,} logged rows; the minimum of calls in turns.
The engine's time is that of a rescore less that of a rescore by a single leaf, which takes
{trees["rescore_without_trees_ms"]:.1f} ms; LightGBM is its own `predict` on one thread.
Scores that differ from the reference: {trees["scores_different"]}.

| trees | engine | LightGBM |
| ---: | ---: | ---: |
{sizes}

From 50 to 1,000 trees, each added tree takes {trees["engine_ns_between_50_and_1000"]:.1f} ns a document: the figure
to use. Few trees take less time than two searches differ by chance, so their value may be below 0.

## Searches

Text queries against {PRODUCTS:,} generated products with 18 features, timed by a client in Python.

| search | p50, ms | p95, ms |
| :-- | ---: | ---: |
{searches}

## Parallel searches

{parallel["clients"]} clients for {parallel["seconds"]:.0f} s with {len(parallel["models"])} models:
{parallel["searches"]:,} searches, {parallel["scores"]:,} scores,
{parallel["wrong"]} of them different from those of a single client.
"""


if __name__ == "__main__":
    main()
