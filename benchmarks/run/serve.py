"""The service beside calling the search template directly, and beside encode, search and fetch as separate calls.

    ltr node start && python -m benchmarks.run.serve DATA

Two shops: 19,406 electronics products searched by typed words, ranked by LambdaMART, and 81 groceries searched by phone
photos, ranked by vectors. For 1, 8 and 32 clients:

- direct: the stored template, called with parameters that were made before;
- typed, cached: `/v1/search` with a text whose vectors the service knows; uncached: with a text it has never seen;
- photo: `/v1/search` with a photo in a form;
- three calls: `/v1/encode`, the template, and the products of the hits by `_mget`, as a storefront does it alone.

Each way runs in rounds, one after the other, so that all see the same machine. Clients are threads of this process; the
service, its encoders and the cluster share the cores with them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.lib.http_load import Latency, measure
from benchmarks.lib.script import argument_parser, command_line, markdown_row, write_result
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.index import Index
from ltr_plugin.encoders import DEFAULT_TEXT_ENCODER, vector_fields
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
from ltr_plugin.pipelines.indexing.index_catalog import write_catalog
from ltr_plugin.pipelines.log_features import log_features
from ltr_plugin.pipelines.push import push
from ltr_plugin.pipelines.releases import promote
from ltr_plugin.queries.query import Query, read_queries
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.settings import Settings

CLIENTS = (1, 8, 32)
PORT = 8397
TYPED, PHOTOS = "serve-electronics", "serve-grocery"

Request = Callable[[int], bool]


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path, help="Folder with the folders electronics and grocery.")
    parser.add_argument("--seconds", type=float, default=8.0, help="Seconds of each way and round (%(default)g).")
    parser.add_argument("--rounds", type=int, default=2, help="Rounds; the one with the median of p50 counts.")
    arguments = parser.parse_args()
    settings = Settings.from_env()
    cluster = connect(settings=settings)
    electronics, grocery = arguments.data / "electronics", (arguments.data / "grocery").resolve()
    typed = made(cluster, settings, TYPED, electronics / "catalog.jsonl.gz", text=DEFAULT_TEXT_ENCODER)
    photos = made(cluster, settings, PHOTOS, grocery / "catalog.jsonl", image="timm:efficientnet-lite0")
    ranked(typed, electronics, settings.runs / "serve")
    promote(photos, "vectors")
    report: dict[str, Any] = {"command": command_line(), "cores": os.cpu_count(), "products": typed.count()}
    texts = [one.text or "" for one in read_queries(electronics / "queries.jsonl")]
    with service(TYPED, grocery) as processes:
        report["typed"] = rounds(typed_ways(typed, texts), arguments.rounds, arguments.seconds)
        report["typed_memory_mb"] = memory_mb(processes)
    queries = list(JsonLines(grocery / "photo-queries-val.jsonl", Query).read())
    with service(PHOTOS, grocery) as processes:
        found = photo_hits(queries, grocery, Qrels.read(grocery / "photo-qrels-val.txt"))
        report["photo"] = rounds(photo_ways(photos, queries, grocery), arguments.rounds, arguments.seconds)
        report["photo_memory_mb"] = memory_mb(processes)
    report["grocery_photos"] = found
    write_result(arguments.out, "serve", report, page(report))


def made(cluster: Cluster, settings: Settings, name: str, catalog: Path, **encoders: str) -> Index:
    """The index of a catalog with all vectors, made unless it is there."""
    result = write_catalog(cluster, catalog, name, vector_fields(encoders.get("text"), image=encoders.get("image")))
    return embed_backlog(settings, result.index, result.pending_alias)


def ranked(index: Index, data: Path, runs: Path) -> None:
    """Trains LambdaMART on the judgments, uploads and promotes it."""
    runs.mkdir(parents=True, exist_ok=True)
    table = runs / "features.parquet"
    log_features(index, FeatureSet.load("words"), data / "queries.jsonl", data / "qrels.txt", table, negatives=10)
    ranker = train_lambdamart(FeatureTable.read(table), LambdaMARTSettings(num_leaves=7))
    promote(index, push(index, ranker, data / "queries.jsonl").model)


@contextmanager
def service(index: str, media: Path) -> Iterator[list[int]]:
    """The service on an index, in processes of its own; their ids."""
    environment = {**os.environ, "LTR_MEDIA_ROOT": str(media)}
    code = "from ltr_plugin.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--index", index, "--port", str(PORT)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            http = urllib3.PoolManager()
            for _ in range(1200):
                try:
                    if http.request("GET", f"http://127.0.0.1:{PORT}/readyz", retries=False).status == 200:
                        break
                except urllib3.exceptions.HTTPError:
                    pass
                time.sleep(0.1)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield [process.pid, *map(int, children)]
        finally:
            process.terminate()


class Calls:
    """Requests to the service and to the cluster over connections that are kept."""

    def __init__(self, index: Index) -> None:
        self.http = urllib3.PoolManager(maxsize=max(CLIENTS))
        self.name, self.template, self.url = index.name, index.alias, f"http://127.0.0.1:{PORT}/v1"
        self.cluster = index.cluster.url
        self.parameters = index.url_parameters

    def post(self, url: str, body: Any) -> Any:
        """The decoded answer; empty for an error."""
        response = self.http.request("POST", url, body=json.dumps(body), headers={"content-type": "application/json"})
        return response.json() if response.status == 200 else {}

    def form(self, path: str, photo: bytes, **fields: str) -> Any:
        """The decoded answer of the service to a photo."""
        response = self.http.request("POST", f"{self.url}/{path}", fields={**fields, "image": ("p.jpg", photo)})
        return response.json() if response.status == 200 else {}

    def direct(self, params: Mapping[str, Any]) -> list[Any]:
        """The hits of the stored template."""
        body = {"id": self.template, "params": {**params, "size": 24}}
        query = "?" + "&".join(f"{name}={value}" for name, value in self.parameters.items()) if self.parameters else ""
        found = self.post(f"{self.cluster}/{self.name}/_search/template{query}", body)
        return found.get("hits", {}).get("hits", [])

    def fetch(self, hits: Sequence[Any]) -> bool:
        """Reads the products of hits."""
        ids = {"ids": [hit["_id"] for hit in hits]}
        return bool(hits) and bool(self.post(f"{self.cluster}/{self.name}/_mget?_source_excludes=*_vector", ids))


def typed_ways(index: Index, texts: Sequence[str]) -> dict[str, Request]:
    """What is done for a typed query, by its name in the result."""
    calls = Calls(index)
    params = [calls.post(f"{calls.url}/encode", {"text": text})["params"] for text in texts]

    def search(text: str) -> bool:
        answer = calls.post(f"{calls.url}/search", {"text": text, "size": 24})
        return bool(answer.get("hits")) and not answer.get("degraded")

    def three(number: int) -> bool:
        made = calls.post(f"{calls.url}/encode", {"text": f"{texts[number % len(texts)]} {number}"})
        return calls.fetch(calls.direct(made["params"]))

    return {
        "direct": lambda number: bool(calls.direct(params[number % len(params)])),
        "typed, cached": lambda number: search(texts[number % len(texts)]),
        "typed, uncached": lambda number: search(f"{texts[number % len(texts)]} {number}"),
        "three calls": three,
    }


def photo_ways(index: Index, queries: Sequence[Query], folder: Path) -> dict[str, Request]:
    """What is done for a photo."""
    calls = Calls(index)
    photos = [(folder / str(one.image)).read_bytes() for one in queries]
    params = [calls.form("encode", photo)["params"] for photo in photos[:40]]

    def search(number: int) -> bool:
        answer = calls.form("search", photos[number % len(photos)], size="24")
        return bool(answer.get("hits")) and not answer.get("degraded")

    def three(number: int) -> bool:
        made = calls.form("encode", photos[number % len(photos)])
        return bool(made) and calls.fetch(calls.direct(made["params"]))

    return {
        "direct": lambda number: bool(calls.direct(params[number % len(params)])),
        "photo": search,
        "three calls": three,
    }


def photo_hits(queries: Sequence[Query], folder: Path, qrels: Qrels) -> dict[str, float | int]:
    """How often the product of a photo is first, and among five, through the service; and how long one search takes."""
    http, times, first, five = urllib3.PoolManager(), list[float](), 0, 0
    for query in queries:
        photo = (folder / str(query.image)).read_bytes()
        began = time.perf_counter()
        answer = http.request(
            "POST", f"http://127.0.0.1:{PORT}/v1/search", fields={"size": "5", "image": ("p.jpg", photo)}
        ).json()
        times.append(time.perf_counter() - began)
        same = {id_ for id_, grade in qrels.for_query(query.id).items() if grade == 3}
        found = [hit["id"] in same for hit in answer["hits"]]
        first, five = first + any(found[:1]), five + any(found)
    times.sort()
    return {
        "photos": len(queries),
        "hit_at_1": round(first / len(queries), 3),
        "hit_at_5": round(five / len(queries), 3),
        "p95_ms": round(1000 * times[int(0.95 * len(times))], 1),
    }


def rounds(ways: Mapping[str, Request], count: int, seconds: float) -> dict[str, dict[str, Any]]:
    """For each number of clients and each way the round with the median of p50."""
    result: dict[str, dict[str, Any]] = {}
    number = 0
    for clients in CLIENTS:
        measured: dict[str, list[Latency]] = {name: [] for name in ways}
        for _ in range(count):
            for name, request in ways.items():
                measured[name].append(measure(request, clients, seconds, first=number))
                number += measured[name][-1].requests
        middle = {name: sorted(all_, key=lambda one: one.p50_ms)[len(all_) // 2] for name, all_ in measured.items()}
        result[str(clients)] = {name: one.to_json() for name, one in middle.items()}
        print(clients, {name: (one.p50_ms, one.p95_ms, one.per_second, one.failed) for name, one in middle.items()})
    return result


def memory_mb(processes: Sequence[int]) -> int:
    """Resident memory of the service and its encoders."""
    lines = [line for pid in processes for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) >> 10


def page(report: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    rows = ["# The service beside direct calls", "", f"    {report['command']}", ""]
    for shop in ("typed", "photo"):
        rows += [
            markdown_row(["clients", "way", "p50 ms", "p95 ms", "searches/s", "failed"]),
            "|---|---|---|---|---|---|",
        ]
        for clients, ways in report[shop].items():
            rows += [
                markdown_row([clients, name, one["p50_ms"], one["p95_ms"], one["per_second"], one["failed"]])
                for name, one in ways.items()
            ]
        rows += ["", f"Memory of the service with its encoders: {report[f'{shop}_memory_mb']:,} MB.", ""]
    return "\n".join([*rows, f"Photos of groceries: {json.dumps(report['grocery_photos'])}"])


if __name__ == "__main__":
    main()
