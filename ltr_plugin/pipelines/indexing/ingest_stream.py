"""Changes of products in the lines of a stream: those that a catalog system sends over HTTP."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ltr_plugin.broker.messages import celery_client
from ltr_plugin.catalog.changes import ChangeKind
from ltr_plugin.catalog.line_groups import group_lines
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import BrokerError, Problem
from ltr_plugin.files import open_lines
from ltr_plugin.pipelines.indexing.ingest import IngestResult, StreamResult, ingest, ingest_lines
from ltr_plugin.settings import Settings

StreamKind = Literal["put", "update", "delete"]
"""What is done with products."""

NextChunk = Callable[[], bytes | None]

READ_BYTES = 1 << 20

VectorsBy = Literal["workers", "backlog"]
"""Who makes vectors that products lack: workers, whom tasks are sent to, or `ltr index embed`, from the backlog."""


@dataclass(frozen=True)
class ProductStream:
    """Writes products of an index of this library. `vectors_by` is `workers` where a broker is configured."""

    alias: str
    settings: Settings

    @property
    def vectors_by(self) -> VectorsBy:
        """Who makes vectors that products lack."""
        return "workers" if self.settings.broker_url else "backlog"

    def check(self) -> None:
        """InputError when the index is a shop's own, whose products this library does not write."""
        ManagedIndex.open(connect(settings=self.settings), self.alias)

    def apply(self, next_chunk: NextChunk, kind: StreamKind, *, on_refused: Callable[[Problem], None]) -> StreamResult:
        """Applies the lines of a stream of JSON, plain or gzip, as `CatalogClient` does; media paths are relative to
        the media folder of the index.

        `next_chunk` waits for the next part of the stream; None ends it, and its errors are raised here. A line of
        deletions has an object with an `id`, or the id alone. `on_refused` is told of each line that is not applied.
        ClusterError when the cluster is out of reach; applying the lines again is safe.
        """
        cluster, client, enqueue_error = connect(settings=self.settings), None, None
        if self.settings.broker_url:
            try:
                client = celery_client(self.settings)
            except BrokerError as error:
                enqueue_error = str(error)
        change: ChangeKind = "update" if kind == "update" else "put"

        def apply(lines: Iterable[bytes]) -> IngestResult:
            records: Iterable[Any] = map(_deletion, lines) if kind == "delete" else lines
            return ingest(cluster, self.alias, records, change, client=client, media_roots=self.settings.media_root)

        with open_lines(io.BufferedReader(_Chunks(next_chunk), READ_BYTES), name="the request") as lines:
            result = ingest_lines(group_lines(lines), apply, on_refused=on_refused)
        result.enqueue_error = result.enqueue_error or enqueue_error
        return result


def _deletion(line: bytes) -> Any:  # noqa: ANN401 - any JSON
    """A line as the record that deletes its product; the line itself where it is no JSON, which is refused."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if isinstance(value, str):
        return {"id": value, "deleted": True}
    return {**value, "deleted": True} if isinstance(value, dict) else line


class _Chunks(io.RawIOBase):
    """A stream of the chunks that a function gives, one at a time."""

    def __init__(self, next_chunk: NextChunk) -> None:
        self._chunks: Iterator[bytes] = iter(next_chunk, None)
        self._rest = b""

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """Fills a buffer with what comes next, and returns how many bytes that is; 0 at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
