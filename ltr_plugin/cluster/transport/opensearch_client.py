"""Requests to OpenSearch through opensearch-py."""

import logging
from collections.abc import Callable
from typing import Any

from opensearchpy import OpenSearch, Urllib3HttpConnection
from opensearchpy.exceptions import SerializationError, TransportError
from opensearchpy.serializer import JSONSerializer

from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.transport import serializer
from ltr_plugin.cluster.transport.errors import RequestFailedError
from ltr_plugin.cluster.transport.http_client import DEAD_S, POOL_SIZE, HttpClient
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings


class OpenSearchClient(HttpClient):
    """A client of OpenSearch. `found_elasticsearch` says whether the last host that answered is Elasticsearch."""

    def __init__(
        self, urls: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> None:
        """As of `HttpClient`."""
        super().__init__(urls, settings, timeout_s=timeout_s, on_retry=on_retry)
        # The client logs every response of 400 and above; here such a response is an error that is raised, or expected.
        # Its trace has whole bodies, in which a proxy may quote credentials.
        for name in ("opensearch", "opensearchpy.trace"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.found_elasticsearch = False
        client = self

        class Connection(Urllib3HttpConnection):
            """A connection whose errors say which host failed, and which sees what answers."""

            def perform_request(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - opensearch-py's signature
                try:
                    # Errors too come back with their headers here, and are raised after these are read.
                    status, headers, text = super().perform_request(*args, **options | {"ignore": range(300, 600)})
                    client.found_elasticsearch = headers.get("x-elastic-product") == "Elasticsearch"
                    if status >= 300:
                        self._raise_error(status, text, headers.get("content-type"))
                except TransportError as error:
                    error.add_note(f"{self.host}{self.url_prefix}")
                    raise
                return status, headers, text

        header = self.authentication.header
        self._transport = OpenSearch(
            self.hosts,
            http_auth=self.authentication.signer,
            headers={"authorization": header} if header else None,
            ca_certs=self.ca,
            timeout=timeout_s,
            max_retries=0,
            retry_on_timeout=True,  # with no retries: a host that hangs is put aside too
            dead_timeout=DEAD_S,
            timeout_cutoff=0,
            pool_maxsize=POOL_SIZE,
            connection_class=Connection,
            serializer=_Serializer(),
        ).transport

    def _send(self, method: str, target: str, text: str | None) -> Json:
        try:
            return self._transport.perform_request(method, target, body=text)
        except SerializationError:
            return ""
        except TransportError as error:
            host = getattr(error, "__notes__", [""])[-1]
            if isinstance(error.status_code, int):
                raise RequestFailedError(host, str(error.error), status=error.status_code, body=error.info) from None
            raise RequestFailedError(host, str(error.error), cause=error.info) from None


class _Serializer(JSONSerializer):
    def dumps(self, data: Any) -> Any:  # noqa: ANN401 - opensearch-py's signature
        return serializer.dumps(data)

    def loads(self, s: str) -> Any:  # noqa: ANN401
        try:
            return serializer.loads(s)
        except ValueError as error:
            raise SerializationError(s, error) from None
