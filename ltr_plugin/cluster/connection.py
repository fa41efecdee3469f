"""The one narrow way to talk to the cluster: a method, a path, a body; JSON back, or a ClusterError that says why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ltr_plugin.errors import ClusterError, PluginMissing
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from opensearchpy.exceptions import TransportError

Json = Any
"""Whatever JSON says: its shape is the caller's knowledge."""


class Cluster(Protocol):
    """What the rest of the project needs of a cluster."""

    url: str

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """The decoded answer. ClusterError when there is none or its status is 400 and above."""
        ...

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, str | None]]:
        """Each action's document id and what went wrong with it (None: nothing), in order; waits out 429 answers."""
        ...


class OpenSearchCluster:
    """A cluster behind opensearch-py, whose transport brings pooling, TLS and retries on other nodes."""

    def __init__(
        self, url: str, *, user: str | None = None, password: str | None = None, ca: str | None = None
    ) -> None:
        import logging

        from opensearchpy import OpenSearch

        # The client logs every answer of 400 and above; here such an answer is an error that is raised, or expected.
        logging.getLogger("opensearch").setLevel(logging.CRITICAL)
        self.url = url
        self._client = OpenSearch(
            url,
            http_auth=(user, password or "") if user else None,
            ca_certs=ca,
            timeout=60,
            max_retries=2,
            retry_on_timeout=False,
        )

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """See Cluster."""
        from opensearchpy.exceptions import TransportError

        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        try:
            return self._client.transport.perform_request(method, path, params=query, body=body)
        except TransportError as error:
            raise _translated(error, f"{method} {path}", self.url) from None

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, str | None]]:
        """See Cluster."""
        from opensearchpy.exceptions import TransportError
        from opensearchpy.helpers import streaming_bulk

        try:
            for done, item in streaming_bulk(
                self._client, actions, chunk_size=500, max_chunk_bytes=20 << 20, max_retries=6, initial_backoff=1,
                raise_on_error=False, raise_on_exception=True,
            ):  # fmt: skip
                result = next(iter(item.values()))
                yield result["_id"], None if done else reason_of(result.get("error"))
        except TransportError as error:
            raise _translated(error, "POST /_bulk", self.url) from None


def connect(settings: Settings | None = None) -> Cluster:
    """The cluster of OPENSEARCH_URL, else the running development node; ClusterError when there is neither."""
    settings = settings or Settings.from_env()
    url = settings.opensearch_url
    if not url:
        from ltr_plugin.cluster.node import node_state

        node = node_state(settings)
        if node is None:
            raise ClusterError("no cluster: set OPENSEARCH_URL, or start the development node with `ltr node start`")
        url = node.url
    cluster = OpenSearchCluster(
        url,
        user=settings.opensearch_user,
        password=settings.opensearch_password,
        ca=str(settings.opensearch_ca) if settings.opensearch_ca else None,
    )
    require_ltr(cluster)
    return cluster


def require_ltr(cluster: Cluster) -> None:
    """PluginMissing when the cluster answers but has no learning-to-rank plugin."""
    try:
        cluster.call("GET", "/_ltr")
    except ClusterError as error:
        if error.status not in (400, 404, 405):
            raise
        raise PluginMissing(
            f"{cluster.url} has no learning-to-rank plugin: install it on every node with "
            "`bin/opensearch-plugin install opensearch-ltr` (the full OpenSearch distribution carries it), "
            "or use the development node (`ltr node start`, OPENSEARCH_URL unset)",
            status=error.status,
        ) from None


def reason_of(error: Json) -> str:
    """The reasons of an error body, outermost first and each once, on one line."""
    if not isinstance(error, dict):
        return str(error)
    reasons: list[str] = []
    for cause in (error, *error.get("root_cause", ()), *_causes(error)):
        reason = cause.get("reason")
        if isinstance(reason, str) and reason not in reasons:
            reasons.append(reason)
    return ": ".join(reasons) or str(error.get("type", "unknown error"))


def _causes(error: Json) -> Iterator[Json]:
    for failed in error.get("failed_shards", ()):
        yield from _chain(failed.get("reason"))
    yield from _chain(error.get("caused_by"))


def _chain(cause: Json) -> Iterator[Json]:
    while isinstance(cause, dict):
        yield cause
        cause = cause.get("caused_by")


def _translated(error: "TransportError", call: str, url: str) -> ClusterError:
    if not isinstance(error.status_code, int):
        return ClusterError(f"no answer from {url} ({call}): {error.error}; is the cluster up?")
    body = error.info.get("error") if isinstance(error.info, dict) else error.info
    kind = body.get("type", "") if isinstance(body, dict) else ""
    return ClusterError(
        f"{call} was refused ({error.status_code}): {reason_of(body)}", status=error.status_code, kind=kind
    )
