"""Requests to the hosts of a cluster, of which another one gets what the first does not answer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from ltr_plugin.catalog.references import strip_credentials
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.transport.authentication import authentication
from ltr_plugin.cluster.transport.errors import RequestFailedError, to_cluster_error
from ltr_plugin.cluster.transport.serializer import dumps
from ltr_plugin.errors import ClusterError, InputError
from ltr_plugin.settings import Settings
from ltr_plugin.urls import check_cluster_urls

POOL_SIZE = 16
"""Open connections to a host: as many threads can call at the same time."""

DEAD_S = 30.0
"""Seconds that a host which did not answer gets no request, while another one does."""


class HttpClient(ABC):
    """What the clients of both search engines have in common; theirs are connection pooling and TLS.

    `url` are the addresses of the hosts without credentials, separated by commas.
    """

    def __init__(
        self, urls: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> None:
        """`on_retry` gets the error of a host each time that the next one is tried.

        InputError for addresses that are no cluster's; ClusterError without credentials for AWS.
        """
        try:
            hosts = check_cluster_urls(urls)
        except ValueError as error:
            raise InputError("address of the cluster", settings.in_variables(str(error))) from None
        self.hosts = list(dict.fromkeys(strip_credentials(url).rstrip("/") for url in hosts))
        self.url = ",".join(self.hosts)
        self.timeout_s = timeout_s
        self.ca = str(settings.opensearch_ca) if settings.opensearch_ca else None
        self.authentication = authentication(hosts[0], settings)
        self._on_retry = on_retry
        self._settings = settings

    @abstractmethod
    def _send(self, method: str, target: str, text: str | None) -> Json:
        """The decoded response of one host, or its text when that is no JSON. RequestFailedError when there is none, or
        one of status 400 or above."""

    def perform(self, method: str, path: str, body: Json, query: Mapping[str, str | int], *, repeatable: bool) -> Json:
        """The decoded response of the first host that answers. ClusterError when none does, or one refuses.

        The next host gets a request when it did not reach the one before; one that is `repeatable`, also when its
        response is lost or the host is not ready.
        """
        call = f"{method} {path}"
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path  # a blank as %20: + has two meanings
        text = None if body is None else dumps(body)
        several = len(self.hosts) > 1
        failed: list[str] = []
        while True:
            try:
                response = self._send(method, target, text)
                break
            except RequestFailedError as error:
                failed.append(error.host or self.url)
                hosts = ", ".join(dict.fromkeys(failed))
                found = to_cluster_error(error, call, hosts, self.authentication, several=several, ca=self.ca)
                found = found.saying(self._settings.in_variables)
                again = error.never_sent or (repeatable and found.retryable and found.status != 429)
                if not again or len(failed) == len(self.hosts):
                    raise found from None
                self._on_retry(found)
        if isinstance(response, str):  # such as the page of a proxy in between
            answer = f"no answer of a cluster from {self.url} ({call}), but a text that is not JSON"
            raise ClusterError(answer, status=200)  # an answer, so another try would not help
        return response
