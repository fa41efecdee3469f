"""Sixteen clients side by side, with models of every kind: each score is the one that a client alone gets."""

import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engine_http import STORE, derived, price, words

pytestmark = pytest.mark.live

INDEX, CLIENTS = "enginetests-crowd", 16
WORDS = ("red", "blue", "green", "shoe", "hat", "coat")


def tree(chance: random.Random, leaves: int, ids: Any) -> dict[str, Any]:
    node = next(ids)
    if leaves == 1:
        return {"nodeid": node, "leaf": chance.gauss(0, 1)}
    yes = chance.randrange(1, leaves)
    children = [tree(chance, yes, ids), tree(chance, leaves - yes, ids)]
    sides = {"yes": children[0]["nodeid"], "no": children[1]["nodeid"], "missing": chance.choice(children)["nodeid"]}
    feature, at = chance.choice((("words", 0.4), ("price", 5 * chance.random()), ("mixed", chance.random())))
    return {"nodeid": node, "depth": 0, "split": feature, "split_condition": at, **sides, "children": children}


def models() -> dict[str, tuple[str, Any, dict[str, Any]]]:
    chance = random.Random(8)
    trees = [tree(chance, leaves, itertools.count()) for leaves in (31, 31, 50, 7, 31, 31, 90)]
    split = "<split><feature>{}</feature><threshold>{}</threshold>{}{}</split>"
    leaf = "<split><output>{}</output></split>"
    inner = split.format(1, 0.3, leaf.format(1.5), leaf.format(-2))
    lambdamart = split.format(3, 0.7, inner, leaf.format(0.25))
    return {
        "trees": ("model/xgboost+json", trees, {}),
        "logistic": ("model/xgboost+json", {"splits": trees[:3], "objective": "binary:logistic"}, {}),
        "ranklib": ("model/ranklib", f'## MART\n<ensemble><tree weight="0.1">{lambdamart}</tree></ensemble>', {}),
        "line": ("model/ranklib", "## Coordinate Ascent\n1:0.5 2:-0.25 3:0.125", {}),
        "linear": (
            "model/linear",
            {"words": 0.5, "price": -0.25, "mixed": 2},
            {"price": {"standard": {"mean": 2.5, "standard_deviation": 1.5}}},
        ),
    }


@pytest.fixture
def crowd(ranking, node):
    node("DELETE", f"/{INDEX}")
    mapping = {"properties": {"title": {"type": "text"}, "price": {"type": "float"}}}
    settings = {"number_of_shards": 2, "number_of_replicas": 0}
    node("PUT", f"/{INDEX}", {"settings": settings, "mappings": mapping})
    chance = random.Random(9)
    for _ in range(3):  # a refresh each time: several segments to a shard
        lines = []
        for _ in range(120):
            document: dict[str, Any] = {"title": " ".join(chance.choices(WORDS, k=3))}
            if chance.random() < 0.8:
                document["price"] = chance.uniform(0, 5)
            lines += ['{"index":{}}', json.dumps(document)]
        assert not node("POST", f"/{INDEX}/_bulk?refresh=true", "\n".join(lines) + "\n").body["errors"]
    ranking.put_set("s", words(), price(), derived("mixed", "tanh(words * w) + price / 5", "w"))
    for name, (kind, definition, normalizers) in models().items():
        created = ranking.create_model("s", name, kind, definition, feature_normalizers=normalizers)
        assert created.status == 201, created.text
    yield node
    node("DELETE", f"/{INDEX}")


def searches() -> list[str]:
    chance = random.Random(10)
    bodies = []
    for target in ({"featureset": "s"}, *({"model": name} for name in models())):
        for _ in range(4):
            params = {"keywords": " ".join(chance.sample(WORDS, 2)), "w": chance.uniform(0.1, 2)}
            query = {"sltr": {"store": STORE, "params": params, **target}}
            first = {"match": {"title": params["keywords"]}}
            rescore = {"window_size": 200, "query": {"rescore_query": query, "query_weight": 0}}
            bodies += [{"query": query, "size": 100}, {"query": first, "rescore": rescore, "size": 100}]
    return [json.dumps(body) for body in bodies]


def test_scores_do_not_depend_on_who_else_is_searching(crowd):
    def scores(body: str) -> list[tuple[str, float]]:
        reply = crowd("POST", f"/{INDEX}/_search?_source=false", body)
        assert reply.status == 200, reply.text
        return [(hit["_id"], hit["_score"]) for hit in reply.body["hits"]["hits"]]

    bodies = searches()
    alone = {body: scores(body) for body in bodies}
    assert all(len(set(found)) > 10 for found in alone.values())

    def client(seed: int) -> tuple[int, int]:
        compared = wrong = 0
        for body in random.Random(seed).sample(bodies, len(bodies)):
            found = scores(body)
            compared += len(found)
            wrong += sum(one != other for one, other in itertools.zip_longest(found, alone[body]))
        return compared, wrong

    with ThreadPoolExecutor(CLIENTS) as pool:
        compared, wrong = (sum(part) for part in zip(*pool.map(client, range(CLIENTS)), strict=True))
    assert wrong == 0
    assert compared > 10 * CLIENTS * len(bodies)
