"""What the tests of the engine share: requests, products, features, and scoring them."""

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

STORE = "enginetests"
INDEX = "enginetests-products"
PRODUCTS = {
    "1": {"title": "red shoe", "price": 3.0},
    "2": {"title": "blue shoe", "price": 5.5},
    "3": {"title": "red red hat"},
    "4": {"title": "green coat", "price": 0.25},
}


COLLECTING_S = 60
"""A node of little memory refuses requests (429) until it has collected the garbage of large ones, within seconds."""


class Reply(NamedTuple):
    """An answer; `body` is decoded JSON, or None when there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> str:
        return self.body["error"]["type"]

    @property
    def text(self) -> str:
        return json.dumps(self.body)


class Node:
    """Sends requests; every answer must come without a Warning header, as system indices would cause."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url)
        self.idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = "application/json",
        caller: str = "",
        warned: bool = False,
    ) -> Reply:
        """`body` is sent as it is when it is text or bytes, else as JSON; `warned` allows the Warning header.

        A node warns a caller once of each thing: who wants to know must be a new `caller`.
        """
        content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        headers = {"accept": "application/json"} | ({"content-type": kind} if content else {})
        headers |= {"x-opaque-id": caller} if caller else {}
        answer, text = self._exchange(method, path, content, headers)
        until = time.monotonic() + COLLECTING_S
        while answer.status == 429 and time.monotonic() < until:
            time.sleep(0.5)
            answer, text = self._exchange(method, path, content, headers)
        assert warned or answer.getheader("Warning") is None
        return Reply(answer.status, json.loads(text) if text else None, dict(answer.headers))

    def _exchange(
        self, method: str, path: str, content: str | bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        while True:
            kept = self.idle.pop() if self.idle else None
            connection = kept or http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
            try:
                connection.request(method, path, content, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                if kept is None:
                    raise
                continue  # the node had closed a kept connection: once more on another one
            except BaseException:
                connection.close()
                raise
            self.idle.append(connection)
            return answer, text


class Ranking:
    """Builds sets and models in the store, and scores the products with them."""

    def __init__(self, node: Node, store: str, index: str) -> None:
        self.node, self.store, self.index = node, store, index

    def put_set(self, name: str, *features: dict[str, Any]) -> None:
        reply = self.node("PUT", f"{self.store}/_featureset/{name}", {"featureset": {"features": list(features)}})
        assert reply.status == 201, reply.text

    def create_model(self, of_set: str, name: str, kind: str, definition: Any, **extra: Any) -> Reply:
        model = {"name": name, "model": {"type": kind, "definition": definition, **extra}}
        return self.node("POST", f"{self.store}/_featureset/{of_set}/_createmodel", {"model": model})

    def sltr(self, **fields: Any) -> dict[str, Any]:
        return {"sltr": {"store": STORE, "params": {}, **fields}}

    def search(self, query: dict[str, Any], **body: Any) -> Reply:
        return self.node("POST", f"/{self.index}/_search", {"query": query, "size": 100, **body})

    def scores(self, **fields: Any) -> dict[str, float]:
        """Score by product."""
        reply = self.search(self.sltr(**fields))
        assert reply.status == 200, reply.text
        return {hit["_id"]: hit["_score"] for hit in reply.body["hits"]["hits"]}

    def log(self, *, missing_as_zero: bool = False, **fields: Any) -> dict[str, dict[str, Any]]:
        """Logged values by product and feature; a feature that does not match is None."""
        spec = {"named_query": "logged", "missing_as_zero": missing_as_zero}
        query = self.sltr(**fields, _name="logged")
        reply = self.search(query, ext={"ltr_log": {"log_specs": spec}})
        assert reply.status == 200, reply.text
        return {
            hit["_id"]: {entry["name"]: entry.get("value") for entry in hit["fields"]["_ltrlog"][0]["logged"]}
            for hit in reply.body["hits"]["hits"]
        }


def words(name: str = "words") -> dict[str, Any]:
    """A feature that scores the title against `keywords`."""
    return {"name": name, "params": ["keywords"], "template": {"match": {"title": "{{keywords}}"}}}


def price(name: str = "price") -> dict[str, Any]:
    """A feature that is the price, and does not match products without one."""
    factor = {
        "query": {"exists": {"field": "price"}},
        "field_value_factor": {"field": "price"},
        "boost_mode": "replace",
    }
    return {"name": name, "template": {"function_score": factor}}


def derived(name: str, expression: str, *params: str) -> dict[str, Any]:
    return {"name": name, "params": list(params), "template_language": "derived_expression", "template": expression}
