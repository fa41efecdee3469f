"""Two thousand requests that nobody should send: each gets an answer that says what is wrong, and the node lives on."""

import http.client
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from engine_http import Node, derived, price, words
from hostile import Attack, Attacks

pytestmark = pytest.mark.live

COUNT, CLIENTS = 2000, 8


def started(node: Node) -> int:
    """When the node's JVM was started, in milliseconds since the epoch."""
    (jvm,) = node("GET", "/_nodes/jvm?filter_path=nodes.*.jvm.start_time_in_millis").body["nodes"].values()
    return jvm["jvm"]["start_time_in_millis"]


def send(node: Node, store: str, attack: Attack) -> tuple[int, str]:
    path = attack.path if attack.path.startswith("/") else f"{store}/{attack.path}"
    connection = http.client.HTTPConnection(node.address.hostname, node.address.port, timeout=60)
    try:
        body = attack.body.encode("utf-8", "surrogatepass") if isinstance(attack.body, str) else attack.body
        connection.request(attack.method, path, body, {"content-type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode("utf-8", "replace")
    finally:
        connection.close()


def test_no_request_takes_the_node_down(ranking, node, store):
    ranking.put_set("base", words(), price(), derived("d", "price * 2"))
    before, since = ranking.scores(featureset="base", params={"keywords": "red"}), started(node)
    seed = int(os.environ.get("ENGINE_TEST_SEED", time.time_ns() % 1_000_000))
    print("seed", seed)
    attacks = Attacks(seed)
    sent = [attacks.next() for _ in range(COUNT)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda attack: send(node, store, attack), sent))
    wrong = [(attack.method, attack.path, str(attack.body)[:600], *answer)
             for attack, answer in zip(sent, answers, strict=True) if answer[0] >= 500]  # fmt: skip
    assert not wrong, f"seed {seed}: {len(wrong)} answers of 5xx, the first {wrong[0]}"
    statuses = Counter(status for status, _ in answers)
    assert statuses[400] > COUNT / 4  # they are hostile,
    assert statuses[200] + statuses[201] > COUNT / 20  # and yet some pass
    assert started(node) == since
    assert ranking.scores(featureset="base", params={"keywords": "red"}) == before
