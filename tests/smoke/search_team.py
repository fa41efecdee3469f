"""A search team's job, done with `ltr` alone in the environment of this Python: no torch, no Celery, no encoder.

Products are found by words, features are logged, a ranker is trained, uploaded, promoted and compared with BM25.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

COLOURS, THINGS = ("red", "blue", "green"), ("shoe", "mug", "lamp", "chair")
PRODUCTS = [
    {"id": f"p{number}", "title": f"{colour} {thing} {number}", "price": 5 + number % 7, "stats": {"sales": number}}
    for number, (colour, thing) in enumerate((c, t) for _ in range(5) for c in COLOURS for t in THINGS)
]
FEATURES = """
name: smoke
version: 1
features:
  - {name: title_words, kind: match, modality: text, field: title.stem}
  - {name: title_phrase, kind: phrase, modality: text, field: title.stem}
  - {name: price, kind: field_value, modality: behaviour, field: price}
  - {name: sales, kind: field_value, modality: behaviour, field: stats.sales}
"""
QUERIES = [{"id": f"q-{colour}-{thing}", "text": f"{colour} {thing}"} for colour in COLOURS for thing in THINGS]


def ltr(*arguments: object, code: int = 0) -> str:
    """What the command prints; ends the script unless its exit code is `code`."""
    command = [str(Path(sys.executable).with_name("ltr")), *map(str, arguments)]
    print("$ ltr", *command[1:], flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != code or "Traceback" in done.stderr:
        sys.exit(f"exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stderr


def expect(fact: object, message: str) -> None:
    """Ends the script unless this is true."""
    if not fact:
        sys.exit(message)


def grade(query: dict[str, str], title: str) -> int:
    """2 for the thing in the colour that is asked for, 1 for the thing in another colour."""
    colour, thing = query["text"].split()
    return (thing in title) * (1 + (colour in title))


for module in ("torch", "celery", "av", "transformers"):
    expect(find_spec(module) is None, f"{module} is installed: a search team does not need it")

Path("catalog.jsonl").write_text("".join(json.dumps(product) + "\n" for product in PRODUCTS))
Path("queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in QUERIES))
Path("qrels.txt").write_text(
    "".join(f"{query['id']} 0 {one['id']} {grade(query, str(one['title']))}\n" for query in QUERIES for one in PRODUCTS)
)
Path("features.yaml").write_text(FEATURES)
judged, index = ("--queries", "queries.jsonl", "--qrels", "qrels.txt"), ("--index", "smoke")

ltr("index", "create", "smoke", "--text-encoder", "none")
ltr("catalog", "put", "catalog.jsonl", *index)
ltr("features", "check", "features.yaml", *index)
ltr("features", "log", "features.yaml", *judged, "--out", "features.parquet", *index)
ltr("train", "lambdamart", "features.parquet", "--out", "ranker")
pushed = json.loads(ltr("ranker", "push", "ranker", "--json", *index))
expect(pushed["parity"]["passed"], f"the cluster scores otherwise: {pushed}")
ltr("ranker", "promote", "ranker", *index)
hits = json.loads(ltr("search", "red shoe", "--ranker", pushed["model"], "--json", *index))["hits"]
expect(hits[0]["title"].startswith("red shoe"), f"the first hit for 'red shoe' is {hits[0]}")
ltr("explain", "red shoe", hits[0]["id"], "--ranker", "ranker", *index)
rankers = ("--ranker", "bm25", "--ranker", "ranker")
measured = json.loads(ltr("evaluate", *judged, *rankers, "--json", *index))["full"]["slices"]["all"]["rankers"]
expect(measured["ranker"]["nDCG@10"]["mean"] >= measured["bm25"]["nDCG@10"]["mean"], f"worse than BM25: {measured}")
ltr("report", *judged, *rankers, "--out", "report.html", *index)
expect(
    "ltr-plugin[rankers]" in ltr("train", "fusion", "features.parquet", "--out", "network", code=1), "no extra named"
)
print("a search team's job is done")
