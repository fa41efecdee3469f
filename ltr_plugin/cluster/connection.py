"""The one narrow way to talk to the cluster: a method, a path, a body; JSON back, or a ClusterError that says why."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from ltr_plugin.catalog.media import strip_credentials
from ltr_plugin.cluster.responses import BUSY_STATUSES, SEARCH_PATHS, BulkError, Json, partial_failure, to_cluster_error
from ltr_plugin.cluster.retrying import RetryPolicy
from ltr_plugin.errors import ClusterError, PluginMissingError
from ltr_plugin.settings import Settings

RETRY_TIMEOUT_S = 20.0
"""How long a command waits for a cluster that is busy, or that was there when it began and is not now."""

POOL_SIZE = 16
"""Connections that are kept open, for as many threads."""

MAX_BULK_ACTIONS, MAX_BULK_BYTES = 512, 20 << 20

READ_ONLY_PATHS = (*SEARCH_PATHS, "_mget", "_refresh", "_render/template", "_analyze")
"""Ends of the paths that change nothing whatever their method, and so may be called again after a lost answer."""


class Cluster(Protocol):
    """What the rest of the project needs of a cluster."""

    url: str

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """The decoded answer. ClusterError when there is none or its status is 400 and above.

        A cluster that is busy (429) is waited for; a read is also tried again when there is no answer, when a node is
        not ready (502, 503, 504), and when shards were missing in the answer.
        """
        ...

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, BulkError | None]]:
        """Each action's document id and what went wrong with it (None: nothing), in order.

        What a busy cluster rejects is sent again, and so is what got no answer: an action must be safe to repeat.
        ClusterError when the cluster stays busy or away. A document that is not there counts as deleted.
        """
        ...


class OpenSearchCluster:
    """A cluster behind opensearch-py, whose transport brings connection pooling and TLS."""

    def __init__(
        self,
        url: str,
        *,
        user: str | None = None,
        password: str | None = None,
        ca: str | None = None,
        timeout_s: float = 60.0,
        retry_timeout_s: float = RETRY_TIMEOUT_S,
        on_retry: Callable[[ClusterError], None] = lambda _: None,
    ) -> None:
        """`retry_timeout_s` bounds what a call waits from its first failure; `on_retry` is told of each one it waits out."""
        import logging

        from opensearchpy import OpenSearch

        from ltr_plugin.cluster.serializer import OrjsonSerializer

        # The client logs every answer of 400 and above; here such an answer is an error that is raised, or expected.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self.url = strip_credentials(url)
        self.retry_timeout_s = retry_timeout_s
        self._on_retry = on_retry
        self._client = OpenSearch(
            url,
            http_auth=(user, password or "") if user else None,
            ca_certs=ca,
            timeout=timeout_s,
            max_retries=0,
            pool_maxsize=POOL_SIZE,
            serializer=OrjsonSerializer(),
        )

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """See Cluster."""
        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        read_only = method in ("GET", "HEAD") or path.endswith(READ_ONLY_PATHS)
        retry = RetryPolicy(self.retry_timeout_s, self._on_retry)
        while True:
            try:
                response = self._perform(method, path, body, query)
                if why := partial_failure(path, response):
                    raise ClusterError(f"{method} {path} was answered in part: {why}", status=503)
            except ClusterError as error:
                if error.status != 429 and not (read_only and error.retryable):
                    raise
                retry.wait(error)
            else:
                return response

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, BulkError | None]]:
        """See Cluster."""
        from opensearchpy.helpers import expand_action

        dumps = self._client.transport.serializer.dumps
        lines = ("\n".join(dumps(part) for part in expand_action(action) if part is not None) for action in actions)
        for chunk in _chunks(lines):
            yield from self._write(chunk)

    def _write(self, chunk: Sequence[str]) -> list[tuple[str, BulkError | None]]:
        """The results of these actions, in order; what the cluster has no room for is sent again."""
        results: dict[int, tuple[str, BulkError | None]] = {}
        pending = list(enumerate(chunk))
        retry = RetryPolicy(self.retry_timeout_s, self._on_retry)
        while pending:
            try:
                response = self._perform("POST", "/_bulk", "".join(f"{action}\n" for _, action in pending), {})
                rejected: list[tuple[int, str]] = []
                for (position, action), item in zip(pending, response["items"], strict=True):
                    result = next(iter(item.values()))
                    bulk_error = BulkError.from_item(result)
                    if result["status"] in BUSY_STATUSES:
                        rejected.append((position, action))
                        busy = ClusterError(f"POST /_bulk was refused: {bulk_error}", status=result["status"])
                    else:
                        results[position] = result["_id"], bulk_error
                if len(rejected) < len(pending):  # a cluster that takes a part each time is not given up
                    retry = RetryPolicy(self.retry_timeout_s, self._on_retry)
                pending = rejected
                if rejected:
                    raise busy
            except ClusterError as error:
                if not error.retryable:
                    raise
                retry.wait(error)
        return [results[position] for position in range(len(chunk))]

    def _perform(self, method: str, path: str, body: Json, query: Mapping[str, str | int]) -> Json:
        from opensearchpy.exceptions import SerializationError, TransportError

        serializer = self._client.transport.serializer
        text = None if body is None else serializer.dumps(body)  # here: what is no JSON below is the answer
        try:
            response = self._client.transport.perform_request(method, path, params=dict(query), body=text)
        except TransportError as error:
            raise to_cluster_error(error, f"{method} {path}", self.url) from None
        except SerializationError:
            response = ""
        if isinstance(response, str):  # such as the page of a proxy in between
            raise ClusterError(f"no answer of a cluster from {self.url} ({method} {path}), but a text that is no JSON")
        return response


def connect(
    settings: Settings | None = None,
    *,
    retry_timeout_s: float | None = None,
    timeout_s: float = 60.0,
    on_retry: Callable[[ClusterError], None] = lambda _: None,
) -> Cluster:
    """The cluster of OPENSEARCH_URL, else the running development node; ClusterError when there is neither.

    Without `retry_timeout_s`, a cluster that is not there at this first call is an error at once, and is later waited for
    PATIENCE_S; with it, it is waited for from the start. `on_retry` is told of each failure that is waited out.
    """
    settings = settings or Settings.from_env()
    url = settings.opensearch_url
    if not url:
        from ltr_plugin.devnode import node_state

        node = node_state(settings)
        if node is None:
            raise ClusterError("no cluster: set OPENSEARCH_URL, or start the development node with `ltr node start`")
        url = node.url
    cluster = OpenSearchCluster(
        url,
        user=settings.opensearch_user,
        password=settings.opensearch_password,
        ca=str(settings.opensearch_ca) if settings.opensearch_ca else None,
        timeout_s=timeout_s,
        retry_timeout_s=retry_timeout_s or 0.0,
        on_retry=on_retry,
    )
    require_ltr(cluster)
    cluster.retry_timeout_s = RETRY_TIMEOUT_S if retry_timeout_s is None else retry_timeout_s
    return cluster


def require_ltr(cluster: Cluster) -> None:
    """PluginMissing when the cluster answers but has no learning-to-rank plugin."""
    try:
        cluster.call("GET", "/_ltr")
    except ClusterError as error:
        if error.status not in (400, 404, 405):
            raise
        raise PluginMissingError(
            f"{cluster.url} has no learning-to-rank plugin: install it on every node with "
            "`bin/opensearch-plugin install opensearch-ltr` (the full OpenSearch distribution carries it), "
            "or use the development node (`ltr node start`, OPENSEARCH_URL unset)",
            status=error.status,
        ) from None


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for line in lines:
        length = len(line.encode())
        if chunk and (len(chunk) == MAX_BULK_ACTIONS or size + length > MAX_BULK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += length
    if chunk:
        yield chunk
