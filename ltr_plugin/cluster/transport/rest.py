"""A cluster over HTTP, called with retries and written in bulk; both search engines answer these calls alike."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import (
    PERMANENT_STATUS,
    SEARCH_PATHS,
    TOO_LARGE_STATUS,
    BulkError,
    Json,
    error_type,
    may_pass,
    partial_failure,
)
from ltr_plugin.cluster.transport.retrying import PartlyDoneError, retrying
from ltr_plugin.cluster.transport.serializer import dumps
from ltr_plugin.engines import Engine
from ltr_plugin.errors import ClusterError
from ltr_plugin.profile.index_profile import IndexProfile
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from tenacity import Retrying

    from ltr_plugin.cluster.transport.http_client import HttpClient

RETRY_TIMEOUT_S = 20.0
"""Seconds that a command retries a call when the cluster is busy, or unreachable after it answered once."""

MAX_BULK_ACTIONS, MAX_BULK_BYTES = 512, 20 << 20

_HEADER = (
    "_index", "_id", "routing", "version", "version_type", "if_seq_no", "if_primary_term", "require_alias",
    "retry_on_conflict",
)  # fmt: skip
"""The keys of an action that say what it is done to; the rest is what is written."""

READ_ONLY_PATHS = (*SEARCH_PATHS, "_mget", "_refresh", "_render/template", "_analyze")
"""Ends of paths that change nothing whatever their method, so that a call may be repeated when its response is lost."""


class RestCluster(ABC):
    """A `Cluster`. Its classes say which client talks to it, and which engine it is."""

    engine: Engine

    def __init__(
        self,
        url: str,
        *,
        settings: Settings | None = None,
        timeout_s: float = 60.0,
        retry_timeout_s: float = RETRY_TIMEOUT_S,
        on_retry: Callable[[ClusterError], None] = lambda _: None,
    ) -> None:
        """`settings` state the credentials that `url` does not, and whose certificates are trusted.

        `timeout_s` bounds one request, `retry_timeout_s` the time from a call's first failure to its last try.
        `on_retry` gets each error that is followed by another try. InputError for an address that is no cluster's;
        ClusterError without credentials for AWS.
        """
        settings = settings or Settings.model_validate({})
        self._client = self._open(url, settings, timeout_s=timeout_s, on_retry=on_retry)
        self.url = self._client.url
        self.retry_timeout_s = retry_timeout_s
        self._on_retry = on_retry

    @abstractmethod
    def _open(
        self, url: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> "HttpClient":
        """The client that sends the requests."""

    def index(self, name: str, *, profile: IndexProfile | None = None, media_roots: Iterable[Path] = ()) -> Index:
        """The index of this name or alias, with this profile or the one that the cluster keeps for it.

        `Index.open` says which errors there are.
        """
        return Index.open(self, name, profile=profile, media_roots=media_roots)

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """The decoded response to a request, as `Cluster.call` promises it."""
        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        read_only = method in ("GET", "HEAD") or path.endswith(READ_ONLY_PATHS)

        def perform() -> Json:
            response = self._client.perform(method, path, body, query, repeatable=read_only)
            if why := partial_failure(path, response):
                raise ClusterError(f"{method} {path} has only a part of the response: {why}", status=503)
            return response

        return self._retrying(lambda error: error.status == 429 or (read_only and error.retryable))(perform)

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, BulkError | None]]:
        """The results of actions in order, as `Cluster.bulk` promises them."""
        for chunk in _chunks(map(self._serialize, actions)):
            results = iter(self._write([action for action in chunk if action.error is None]))
            for action in chunk:
                yield (action.id, action.error) if action.error else next(results)

    def _serialize(self, action: Mapping[str, Json]) -> "_Action":
        content = dict(action)
        kind = content.pop("_op_type", "index")
        header = {kind: {key: content.pop(key) for key in _HEADER if key in content}}
        document = None if kind == "delete" else content.get("_source", content)
        try:
            lines = "".join(f"{dumps(part)}\n" for part in (header, document) if part is not None)
            return _Action(action["_id"], lines, size=len(lines.encode()))
        except (ValueError, TypeError, RecursionError):  # their messages quote the whole action
            return _Action(action["_id"], error=BulkError("has a value that JSON cannot express", permanent=True))

    def _write(self, actions: Sequence["_Action"]) -> list[tuple[str, BulkError | None]]:
        """The results of these actions, in order; where they are refused as a whole, those of each half."""
        if not actions:
            return []
        try:
            return self._send(actions)
        except ClusterError as error:
            wrong = error.status == PERMANENT_STATUS and error.error_type  # without a type, a proxy's answer
            if not wrong and error.status != TOO_LARGE_STATUS:
                raise
            if len(actions) == 1:
                return [(actions[0].id, BulkError(str(error), permanent=True))]
            half = len(actions) // 2
            return [*self._write(actions[:half]), *self._write(actions[half:])]

    def _send(self, actions: Sequence["_Action"]) -> list[tuple[str, BulkError | None]]:
        """The results of these actions, in order; those that fail for a while alone are sent again."""
        results: dict[int, tuple[str, BulkError | None]] = {}

        def send_pending() -> None:
            pending = [position for position in range(len(actions)) if position not in results]
            body = "".join(actions[position].lines for position in pending)
            response = self._client.perform("POST", "/_bulk", body, {"require_alias": "true"}, repeatable=True)
            busy: tuple[BulkError | None, Json] | None = None
            for position, item in zip(pending, response["items"], strict=True):
                result = next(iter(item.values()))
                error = BulkError.from_item(result)
                if may_pass(result):
                    busy = error, result
                else:
                    results[position] = result["_id"], error
            if busy:
                raise_as = PartlyDoneError if len(results) > len(actions) - len(pending) else ClusterError
                reason, result = busy
                kind = error_type(result.get("error"))
                raise raise_as(f"POST /_bulk was refused: {reason}", status=result["status"], error_type=kind)

        self._retrying(lambda error: error.retryable)(send_pending)
        return [results[position] for position in range(len(actions))]

    def _retrying(self, retry_if: Callable[[ClusterError], bool]) -> "Retrying":
        return retrying(self.retry_timeout_s, self._on_retry, retry_if)


@dataclass(frozen=True)
class _Action:
    """The lines of an action in a bulk request and their size in bytes, or the error that prevents them."""

    id: str
    lines: str = ""
    size: int = 0
    error: BulkError | None = None


def _chunks(actions: Iterable[_Action]) -> Iterator[list[_Action]]:
    chunk: list[_Action] = []
    size = 0
    for action in actions:
        if chunk and (len(chunk) == MAX_BULK_ACTIONS or size + action.size > MAX_BULK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += action.size
    if chunk:
        yield chunk
