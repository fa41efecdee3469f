"""The engine's speed on a real node: trees beside LightGBM's own predict, searches beside searches without rescore.

    ltr node start && python benchmarks/engine.py [TABLE.parquet]

Everything is timed from outside, over HTTP, by turns. Trees: rows that were logged (from a generated shop, or TABLE, as
`ltr features log` writes it) become documents whose fields are the features, 1,000 of them are rescored by models of
several sizes, and what a model takes longer than one of a single leaf is its trees' time. Searches: words against the
shop, with and without a rescore by 500 trees over its text features. Last, `--clients` search side by side for
`--seconds` with models of every kind, and every score must be the one of a single client.
"""

import argparse
import http.client
import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lightgbm
import numpy as np

from ltr_plugin.batches import batched
from ltr_plugin.devnode import node_state
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.rankers.export.lightgbm_trees import export_trees
from ltr_plugin.settings import Settings
from tests.support.reference_scorer import score_trees

RESULTS = Path(__file__).parent / "results"
STORE, SHOP, ROWS = "enginebench", "enginebench-shop", "enginebench-rows"
SIZES = (50, 500, 1000)
LEAVES, WINDOW = 31, 1000
SHOP_PRODUCTS, QUERIES, LOGGED = 20_000, 80, 100


class Client:
    """Requests on kept connections, one a thread; any answer of 400 and above ends the benchmark."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url)
        self.here = threading.local()

    def __call__(self, method: str, path: str, body: Any = None, *, allowed: tuple[int, ...] = ()) -> Any:
        """The decoded answer."""
        if not hasattr(self.here, "connection"):
            self.here.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=120)
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        self.here.connection.request(method, path, content, {"content-type": "application/json"})
        answer = self.here.connection.getresponse()
        text = answer.read()
        if answer.status >= 400 and answer.status not in allowed:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:2000]!r}")
        return json.loads(text)

    def make_index(self, name: str, fields: dict[str, Any], documents: Sequence[dict[str, Any]]) -> None:
        """One shard, one segment, documents numbered from 0."""
        self("DELETE", f"/{name}", allowed=(404,))
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1}
        settings["max_result_window"] = SHOP_PRODUCTS
        self("PUT", f"/{name}", {"settings": settings, "mappings": {"properties": fields}})
        for chunk in batched(enumerate(documents), 1000):
            lines = (f'{{"index":{{"_id":"{i}"}}}}\n{json.dumps(document)}\n' for i, document in chunk)
            self("POST", f"/{name}/_bulk", "".join(lines))
        self("POST", f"/{name}/_forcemerge?max_num_segments=1")
        self("POST", f"/{name}/_refresh")

    def put_set(self, name: str, features: Sequence[dict[str, Any]]) -> None:
        """Stores a feature set."""
        self("PUT", f"/_ltr/{STORE}/_featureset/{name}", {"featureset": {"features": list(features)}})

    def put_model(self, of_set: str, name: str, definition: Any, kind: str = "model/xgboost+json") -> None:
        """Stores a model over a stored set."""
        body = {"model": {"name": name, "model": {"type": kind, "definition": definition}}}
        self("POST", f"/_ltr/{STORE}/_featureset/{of_set}/_createmodel", body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=200, help="searches by turns of each kind (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    settings = Settings.from_env()
    node = node_state(settings)
    url = settings.opensearch_url or (node.url if node else None)
    if not url:
        raise SystemExit("no node: start one with `ltr node start`, or set OPENSEARCH_URL")
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
            "node": client("GET", "/")["version"]["number"],
            "trees": time_trees(client, names, values, labels, options.rounds),
            "searches": time_searches(client, queries, options.rounds),
            "parallel": run_parallel(client, queries, options.clients, options.seconds),
        }
    finally:
        for path in (f"/_ltr/{STORE}", f"/{SHOP}", f"/{ROWS}"):
            client("DELETE", path, allowed=(404,))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "engine.json").write_text(json.dumps(report, indent=2) + "\n")
    (RESULTS / "engine.md").write_text(text := markdown(report, options.table))
    print(text)


def cpu() -> str:
    found = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return f"{found[0]}, {len(found)} cores"


# The shop: products of made-up words, whose frequencies fall as those of real words do.

TEXTS = {"title": 8, "description": 60, "attributes": 20}
NUMBERS = ("price", "rating", "ratings", "sales", "age")


def words(rng: np.random.Generator, count: int) -> str:
    return " ".join(f"w{int(rank)}" for rank in np.minimum(rng.zipf(1.25, count), 30_000))


def make_shop(client: Client) -> None:
    rng = np.random.default_rng(1)
    products = []
    for _ in range(SHOP_PRODUCTS):
        product: dict[str, Any] = {name: words(rng, length) for name, length in TEXTS.items()}
        products.append(product | {name: float(np.float32(rng.lognormal())) for name in NUMBERS if rng.random() < 0.9})
    fields = {name: {"type": "text"} for name in TEXTS} | {name: {"type": "float"} for name in NUMBERS}
    client.make_index(SHOP, fields, products)
    features: list[dict[str, Any]] = []
    for name in TEXTS:
        for kind, query in (
            ("any", {"match": {name: "{{words}}"}}),
            ("all", {"match": {name: {"query": "{{words}}", "operator": "and"}}}),
            ("phrase", {"match_phrase": {name: {"query": "{{words}}", "slop": 3}}}),
        ):
            features.append({"name": f"{name}_{kind}", "params": ["words"], "template": query})
    best = {"multi_match": {"query": "{{words}}", "fields": list(TEXTS), "type": "best_fields"}}
    features.append({"name": "best", "params": ["words"], "template": best})
    features += [field(name) for name in NUMBERS]
    for name, formula in (
        ("title_share", "title_any / (1 + best)"),
        ("popularity", "ln(1 + sales) * rating"),
        ("text_sum", "title_any + 0.5 * description_any + 0.2 * attributes_any"),
    ):
        features.append({"name": name, "template_language": "derived_expression", "template": formula})
    client.put_set("shop", features)


def field(name: str) -> dict[str, Any]:
    """A feature that is a field's value."""
    query = {"query": {"exists": {"field": name}}, "field_value_factor": {"field": name}, "boost_mode": "replace"}
    return {"name": name, "template": {"function_score": query}}


def search(text: str, **body: Any) -> dict[str, Any]:
    return {"query": {"match": {"title": text}}, "size": 10, "_source": False, "track_total_hits": False, **body}


def sltr(model: str, **params: Any) -> dict[str, Any]:
    return {"sltr": {"store": STORE, "model": model, "params": params}}


def rescore(query: dict[str, Any], window: int) -> dict[str, Any]:
    return {"window_size": window, "query": {"rescore_query": query, "query_weight": 0}}


def log_shop(client: Client) -> tuple[list[str], list[str], np.ndarray, np.ndarray]:
    """Queries; and for the top of each, logged rows: names, values, made-up grades."""
    rng = np.random.default_rng(2)
    queries, rows = [], []
    while len(queries) < QUERIES:
        text = words(rng, int(rng.integers(1, 4)))
        named = {"sltr": {"store": STORE, "featureset": "shop", "params": {"words": text}, "_name": "log"}}
        body = search(text, size=LOGGED, ext={"ltr_log": {"log_specs": {"named_query": "log"}}})
        body["query"] = {"bool": {"must": body["query"], "filter": named}}
        hits = client("POST", f"/{SHOP}/_search", body)["hits"]["hits"]
        if len(hits) < 10:
            continue
        queries.append(text)
        rows += [hit["fields"]["_ltrlog"][0]["log"] for hit in hits]
    names = [entry["name"] for entry in rows[0]]
    values = np.array([[float(entry.get("value", "nan")) for entry in row] for row in rows], np.float32)
    known = np.nan_to_num(values)
    wanted = known[:, 0] + np.log1p(known[:, names.index("sales")]) * known[:, names.index("rating")]
    wanted += rng.normal(0, wanted.std() / 2, len(wanted))
    grades = np.searchsorted(np.quantile(wanted, (0.5, 0.75, 0.9, 0.97)), wanted)
    return queries, names, values, grades.astype(np.float32)


def train(names: Sequence[str], values: np.ndarray, labels: np.ndarray) -> tuple[list[Any], lightgbm.Booster]:
    """Trees in the exported form, and LightGBM's own. Noise keeps the last trees as large as the first."""
    noisy = labels + np.random.default_rng(5).normal(0, 1, len(labels))
    settings = {
        "objective": "regression", "num_leaves": LEAVES, "learning_rate": 0.02, "num_threads": 1, "seed": 1,
        "verbosity": -1,
    }  # fmt: skip
    booster = lightgbm.train(settings, lightgbm.Dataset(values, noisy), SIZES[-1])
    return export_trees(booster.dump_model(), names), booster


# Trees.


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
    best = {name: min(took) for name, took in by_turns(calls, rounds).items()}
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
    """Features over fields that give back the rows. No query scores below 0, so signs are fields of their own."""
    signed = {name for place, name in enumerate(names) if np.nanmin(rows[:, place], initial=0) < 0}
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


def by_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call; the first fifth warms the node up and is not counted."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= rounds // 5:
                took[name].append(time.perf_counter() - start)
    return took


# Searches.


def time_searches(client: Client, queries: Sequence[str], rounds: int) -> dict[str, dict[str, float]]:
    turn = itertools.cycle(queries)
    calls: dict[str, Callable[[], object]] = {
        "no rescore": lambda: client("POST", f"/{SHOP}/_search", search(next(turn)))
    }
    for window in (100, WINDOW):

        def call(window: int = window) -> object:
            text = next(turn)
            again = rescore(sltr("shop-500", words=text), window)
            return client("POST", f"/{SHOP}/_search", search(text, rescore=again))

        calls[f"500 trees over {window}"] = call
    found = {}
    for name, took in by_turns(calls, rounds).items():
        cuts = statistics.quantiles(took, n=20)
        found[name] = {"p50_ms": statistics.median(took) * 1e3, "p95_ms": cuts[-1] * 1e3}
    return found


def run_parallel(client: Client, queries: Sequence[str], clients: int, seconds: float) -> dict[str, Any]:
    """Searches side by side with models of several kinds, each answer compared with that of a single client."""
    client.put_model("shop", "linear", {"title_any": 0.5, "price": -0.25, "popularity": 0.125}, "model/linear")
    client.put_model("shop", "line", "## Coordinate Ascent\n1:0.5 10:0.25 11:-0.125", "model/ranklib")
    models = [*(f"shop-{size}" for size in SIZES), "linear", "line"]
    bodies = [
        json.dumps(search(text, size=100, rescore=rescore(sltr(model, words=text), 100)))
        for model in models for text in random.Random(4).sample(list(queries), 12)
    ]  # fmt: skip

    def scores(body: str) -> list[tuple[str, float]]:
        return [(hit["_id"], hit["_score"]) for hit in client("POST", f"/{SHOP}/_search", body)["hits"]["hits"]]

    expected = {body: scores(body) for body in bodies}
    until = time.monotonic() + seconds

    def run(seed: int) -> tuple[int, int, int]:
        chance = random.Random(seed)
        searches = compared = wrong = 0
        while time.monotonic() < until:
            body = chance.choice(bodies)
            found = scores(body)
            searches, compared = searches + 1, compared + len(found)
            wrong += sum(one != other for one, other in itertools.zip_longest(found, expected[body]))
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


def markdown(report: dict[str, Any], table: Path | None) -> str:
    trees, parallel = report["trees"], report["parallel"]
    engine, own = trees["engine_ns"], trees["lightgbm_ns"]
    sizes = "\n".join(f"| {size:,} | {engine[size]:.1f} | {own[size]:.1f} |" for size in SIZES)
    searches = "\n".join(
        f"| {name} | {took['p50_ms']:.1f} | {took['p95_ms']:.1f} |" for name, took in report["searches"].items()
    )
    return f"""# Engine: trees, searches, searches side by side

    python benchmarks/engine.py{" TABLE.parquet" if table else ""}

{report["cpu"]}; OpenSearch {report["node"]}.

## Trees

Nanoseconds per tree and document; {trees["leaves"]:.0f} leaves, {trees["features"]} features, a window of
{trees["window"]:,} of {trees["rows"]:,} logged rows; minima of calls by turns.
The engine is measured from outside, as what a rescore takes longer than one by a single leaf, which takes
{trees["rescore_without_trees_ms"]:.1f} ms; LightGBM is its own `predict` on one thread.
Scores that differ from the reference: {trees["scores_different"]}.

| trees | engine | LightGBM |
| ---: | ---: | ---: |
{sizes}

From 50 to 1,000 trees, each one more takes {trees["engine_ns_between_50_and_1000"]:.1f} ns a document:
the figure to keep. Few trees take less time than two searches differ by chance, so that theirs may be below 0.

## Searches

Words against {SHOP_PRODUCTS:,} generated products with 18 features, timed by a client in Python.

| search | p50, ms | p95, ms |
| :-- | ---: | ---: |
{searches}

## Side by side

{parallel["clients"]} clients for {parallel["seconds"]:.0f} s with {len(parallel["models"])} models:
{parallel["searches"]:,} searches, {parallel["scores"]:,} scores,
{parallel["wrong"]} of them not those of a single client.
"""


if __name__ == "__main__":
    main()
