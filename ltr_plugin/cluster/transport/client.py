"""Requests to the hosts of a cluster through opensearch-py, which brings connection pooling and TLS."""

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from opensearchpy import OpenSearch, Urllib3HttpConnection
from opensearchpy.exceptions import SerializationError, TransportError

from ltr_plugin.catalog.references import strip_credentials
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.transport.authentication import authentication
from ltr_plugin.cluster.transport.errors import never_sent, to_cluster_error
from ltr_plugin.cluster.transport.serializer import OrjsonSerializer
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.settings import Settings
from ltr_plugin.urls import check_cluster_urls

POOL_SIZE = 16
"""Open connections to a host: as many threads can call at the same time."""

DEAD_S = 30.0
"""Seconds that a host which did not answer gets no request, while another one does."""


class _Connection(Urllib3HttpConnection):
    """A connection whose errors say which host failed."""

    def perform_request(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - opensearch-py's signature
        try:
            return super().perform_request(*args, **options)
        except TransportError as error:
            error.add_note(f"{self.host}{self.url_prefix}")
            raise


class Client:
    """`url` are the addresses of the hosts without credentials, separated by commas."""

    def __init__(
        self, urls: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> None:
        """`on_retry` gets the error of a host each time that the next one is tried.

        InputError for addresses that are no cluster's; ClusterError without credentials for AWS.
        """
        # The client logs every response of 400 and above; here such a response is an error that is raised, or expected.
        # Its trace has whole bodies, in which a proxy may quote credentials.
        for name in ("opensearch", "opensearchpy.trace"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            hosts = check_cluster_urls(urls)
        except ValueError as error:
            raise InputError("address of the cluster", str(error)) from None
        shown = [strip_credentials(url) for url in hosts]
        self.url = ",".join(shown)
        self._hosts = len(shown)
        self._on_retry = on_retry
        self._ca = str(settings.opensearch_ca) if settings.opensearch_ca else None
        self._authentication = authentication(hosts[0], settings)
        header = self._authentication.header
        self._transport = OpenSearch(
            shown,
            http_auth=self._authentication.signer,
            headers={"authorization": header} if header else None,
            ca_certs=self._ca,
            timeout=timeout_s,
            max_retries=0,
            retry_on_timeout=True,  # with no retries: a host that hangs is put aside too
            dead_timeout=DEAD_S,
            timeout_cutoff=0,
            pool_maxsize=POOL_SIZE,
            connection_class=_Connection,
            serializer=OrjsonSerializer(),
        ).transport

    def dumps(self, body: Json) -> str:
        """The text of a body; SerializationError, or an error of Python, when JSON cannot express it."""
        return str(self._transport.serializer.dumps(body))

    def perform(self, method: str, path: str, body: Json, query: Mapping[str, str | int], *, repeatable: bool) -> Json:
        """The decoded response of the first host that answers. ClusterError when none does, or one refuses.

        The next host gets a request when it did not reach the one before; one that is `repeatable`, also when its
        response is lost or the host is not ready.
        """
        call = f"{method} {path}"
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path  # a blank as %20: + has two meanings
        text = None if body is None else self.dumps(body)  # here: a SerializationError below is of the response
        failed: list[str] = []
        while True:
            try:
                response = self._transport.perform_request(method, target, body=text)
                break
            except TransportError as error:
                failed.append(getattr(error, "__notes__", [self.url])[-1])
                hosts = ", ".join(dict.fromkeys(failed))
                found = to_cluster_error(error, call, hosts, self._authentication, several=self._hosts > 1, ca=self._ca)
                again = never_sent(error) or (repeatable and found.retryable and found.status != 429)
                if not again or len(failed) == self._hosts:
                    raise found from None
                self._on_retry(found)
            except SerializationError:
                response = ""
                break
        if isinstance(response, str):  # such as the page of a proxy in between
            answer = f"no answer of a cluster from {self.url} ({call}), but a text that is not JSON"
            raise ClusterError(answer, status=200)  # an answer, so another try would not help
        return response
