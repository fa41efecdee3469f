"""Requests to Elasticsearch through its own client."""

import logging
from collections.abc import Callable
from typing import Any

from elastic_transport import (
    ConnectionError,  # noqa: A004 - the library's name
    ConnectionTimeout,
    JsonSerializer,
    SerializationError,
    TransportError,
    Urllib3HttpNode,
)
from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.transport import serializer
from ltr_plugin.cluster.transport.errors import RequestFailedError
from ltr_plugin.cluster.transport.http_client import DEAD_S, POOL_SIZE, HttpClient
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

_JSON, _LINES = "application/json", "application/x-ndjson"


class ElasticsearchClient(HttpClient):
    """A client of Elasticsearch."""

    def __init__(
        self, urls: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> None:
        """As of `HttpClient`."""
        super().__init__(urls, settings, timeout_s=timeout_s, on_retry=on_retry)
        # It logs each host that fails, which is raised here, or passed over and told.
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        header = self.authentication.header
        self._headers = {"accept": _JSON, **({"authorization": header} if header else {})}
        self._transport = Elasticsearch(
            self.hosts,
            ca_certs=self.ca or DEFAULT,
            connections_per_node=POOL_SIZE,
            node_class=_Node,
            dead_node_backoff_factor=DEAD_S,
            max_dead_node_backoff=DEAD_S,
            serializers={kind: _Serializer() for kind in (_JSON, _LINES, "application/*", "text/*")},
        ).transport

    def _send(self, method: str, target: str, text: str | None) -> Json:
        headers = dict(self._headers)
        if text is not None:
            headers["content-type"] = _LINES if text.endswith("\n") else _JSON
        try:
            meta, body = self._transport.perform_request(
                method,
                target,
                body=text,
                headers=headers,
                max_retries=0,
                retry_on_status=(),
                request_timeout=self.timeout_s,
            )
        except SerializationError:
            return ""
        except TransportError as error:
            host = getattr(error, "__notes__", [""])[-1]
            raise RequestFailedError(host, str(error.message), cause=error.__cause__) from None
        if meta.status >= 400:
            node = meta.node
            host = f"{node.scheme}://{node.host}:{node.port}{node.path_prefix}"
            text = body if isinstance(body, str) else ""
            raise RequestFailedError(host, text, status=meta.status, body=None if text else body)
        return body


class _Node(Urllib3HttpNode):
    """A host whose errors say which one failed."""

    def perform_request(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's signature
        try:
            return super().perform_request(*args, **options)
        except (ConnectionError, ConnectionTimeout) as error:
            error.add_note(self.base_url)
            raise


class _Serializer(JsonSerializer):
    def dumps(self, data: Any) -> bytes:  # noqa: ANN401 - the library's signature
        return str(data).encode() if isinstance(data, str) else serializer.dumps(data).encode()

    def loads(self, data: bytes) -> Any:  # noqa: ANN401
        """The decoded data, or its text when that is no JSON, such as the page of a proxy: its status still counts."""
        text = data.decode(errors="replace")
        try:
            return serializer.loads(text)
        except ValueError:
            return text
