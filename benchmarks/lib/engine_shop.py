"""The generated shop that `benchmarks.run.engine` searches, and the client that it does so with."""

import http.client
import json
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from ltr_plugin.batches import batched
from ltr_plugin.cluster.connecting import connect

STORE, SHOP = "enginebench", "enginebench-shop"
PRODUCTS, QUERIES, LOGGED = 20_000, 80, 100


class Client:
    """Requests on one kept connection per thread; any status of 400 or above ends the benchmark."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url)
        self.local = threading.local()
        self.engine = connect(url).engine

    def __call__(self, method: str, path: str, body: Any = None, *, allowed: tuple[int, ...] = ()) -> Any:
        """The decoded response."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=120)
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        self.local.connection.request(method, path, content, {"content-type": "application/json"})
        response = self.local.connection.getresponse()
        text = response.read()
        if response.status >= 400 and response.status not in allowed:
            raise SystemExit(f"{method} {path}: {response.status} {text[:2000]!r}")
        return json.loads(text)

    def make_index(self, name: str, fields: dict[str, Any], documents: Sequence[dict[str, Any]]) -> None:
        """One shard, one segment, documents numbered from 0."""
        self("DELETE", f"/{name}", allowed=(404,))
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1}
        settings["max_result_window"] = PRODUCTS
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


# The shop: products of made-up words whose frequencies follow Zipf's law, as real words do.

TEXTS = {"title": 8, "description": 60, "attributes": 20}
NUMBERS = ("price", "rating", "ratings", "sales", "age")


def zipf_text(rng: np.random.Generator, count: int) -> str:
    return " ".join(f"w{int(rank)}" for rank in np.minimum(rng.zipf(1.25, count), 30_000))


def make_shop(client: Client) -> None:
    rng = np.random.default_rng(1)
    products = []
    for _ in range(PRODUCTS):
        product: dict[str, Any] = {name: zipf_text(rng, length) for name, length in TEXTS.items()}
        products.append(product | {name: float(np.float32(rng.lognormal())) for name in NUMBERS if rng.random() < 0.9})
    fields = {name: {"type": "text"} for name in TEXTS} | {name: {"type": "float"} for name in NUMBERS}
    client.make_index(SHOP, fields, products)
    features: list[dict[str, Any]] = []
    for name in TEXTS:
        for kind, query in (
            ("any", {"match": {name: "{{text}}"}}),
            ("all", {"match": {name: {"query": "{{text}}", "operator": "and"}}}),
            ("phrase", {"match_phrase": {name: {"query": "{{text}}", "slop": 3}}}),
        ):
            features.append({"name": f"{name}_{kind}", "params": ["text"], "template": query})
    best = {"multi_match": {"query": "{{text}}", "fields": list(TEXTS), "type": "best_fields"}}
    features.append({"name": "best", "params": ["text"], "template": best})
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
    """Queries; and for the top products of each: feature names, logged values, generated grades."""
    rng = np.random.default_rng(2)
    queries, rows = [], []
    while len(queries) < QUERIES:
        text = zipf_text(rng, int(rng.integers(1, 4)))
        named = {"sltr": {"store": STORE, "featureset": "shop", "params": {"text": text}, "_name": "log"}}
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
    target = known[:, 0] + np.log1p(known[:, names.index("sales")]) * known[:, names.index("rating")]
    target += rng.normal(0, target.std() / 2, len(target))
    grades = np.searchsorted(np.quantile(target, (0.5, 0.75, 0.9, 0.97)), target)
    return queries, names, values, grades.astype(np.float32)
