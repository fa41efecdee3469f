"""The service on a port of its own, in a thread, and a client of it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3
from fastapi import FastAPI
from restartable_service import RestartableService

from ltr_plugin.service.configuration import ServiceOptions
from ltr_plugin.settings import Settings


@dataclass(frozen=True)
class Answer:
    """A response: its status, decoded JSON or bytes, and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class RunningService:
    """The address of a service, and the application behind it."""

    url: str
    app: FastAPI

    def get(self, path: str, **headers: str) -> Answer:
        """The answer to GET."""
        return self._send("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """The answer to a body of JSON, or of these bytes or text as they are."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self._send("POST", path, body=data, headers={"content-type": "application/json", **headers})

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        """The answer to PUT with a body of JSON."""
        return self._send("PUT", path, body=json.dumps(body), headers={"content-type": "application/json", **headers})

    def form(self, path: str, fields: Mapping[str, str] | None = None, **files: bytes) -> Answer:
        """The answer to a form with fields and files."""
        return self._send("POST", path, fields={**(fields or {}), **{name: ("f", one) for name, one in files.items()}})

    def wait_until_ready(self, timeout_s: float = 60) -> None:
        """Returns when the encoders are loaded."""
        until = time.monotonic() + timeout_s
        while self.get("/readyz").status != 200:
            assert time.monotonic() < until, self.get("/readyz").body
            time.sleep(0.1)

    def _send(self, method: str, path: str, **options: Any) -> Answer:
        response = urllib3.request(method, self.url + path, timeout=60, retries=False, **options)
        kind = response.headers.get("content-type", "")
        return Answer(response.status, response.json() if "json" in kind else response.data, response.headers)


@contextmanager
def running_service(options: ServiceOptions, settings: Settings, *, ready: bool = True) -> Iterator[RunningService]:
    """A service with these options, once its encoders are loaded, or once it answers."""
    server = RestartableService(options, settings)
    server.start()
    try:
        service = RunningService(server.url.rstrip("/"), server.app)
        if ready:
            service.wait_until_ready()
        yield service
    finally:
        server.stop()
