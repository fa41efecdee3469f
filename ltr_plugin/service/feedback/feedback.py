"""What a process of the service does with feedback: stores events, logs searches, forgets old days."""

import asyncio
import logging
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.feedback.daily_indices import Dated
from ltr_plugin.errors import LtrError
from ltr_plugin.feedback.privacy import Pseudonyms
from ltr_plugin.pipelines.feedback.frequent_queries import FrequentByPrefix, frequent_queries
from ltr_plugin.pipelines.feedback.record_events import forget_old_days, record_events
from ltr_plugin.service.batches import SharedBatches
from ltr_plugin.service.feedback.search_log import SearchLog

REQUESTS_PER_WRITE, WAITING = 16, 256
"""Requests whose events are written together, and requests that wait for that at most."""

REFRESH_S = 600.0
"""Seconds between two readings of the frequent queries."""

FORGET_S = 24 * 3600.0
"""Seconds between two deletions of old days."""

log = logging.getLogger(__name__)


class Feedback:
    """Feedback on the searches of one index. `frequent` answers which queries are frequent; `searches` is None where
    searches are not logged."""

    def __init__(self, cluster: Cluster, index: str, pseudonyms: Pseudonyms, *, log_searches: bool) -> None:
        self.pseudonyms = pseudonyms
        self.frequent = FrequentByPrefix()
        self.searches = SearchLog(cluster, pseudonyms) if log_searches else None
        self._cluster, self._index = cluster, index
        self._batches: SharedBatches[Sequence[Dated], Sequence[str | None]] = SharedBatches(
            self._record, batch=REQUESTS_PER_WRITE, waiting=WAITING
        )
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins the work in the background."""
        if self.searches:
            self.searches.start()
        self._tasks = [asyncio.create_task(self._refresh_on()), asyncio.create_task(self._forget_on())]

    async def close(self) -> None:
        """Ends the work in the background; searches that wait are written first."""
        for task in self._tasks:
            task.cancel()
        if self.searches:
            await self.searches.close()

    async def record(self, events: Sequence[Dated]) -> Sequence[str | None]:
        """Why each event of a request cannot be stored, in order; None: it is stored.

        ClusterError when the cluster cannot store them now, QueueFullError when too many requests wait.
        """
        return await self._batches(events) if events else ()

    def frequent_queries(self, text: str) -> list[str]:
        """The frequent queries that begin with a text, as they were at the last reading."""
        return self.frequent(text)

    async def refresh(self) -> None:
        """Reads the frequent queries. ClusterError when the cluster is out of reach."""
        self.frequent = FrequentByPrefix(await run_in_threadpool(frequent_queries, self._cluster, self._index))

    async def _record(self, requests: Sequence[Sequence[Dated]]) -> Sequence[Sequence[str | None]]:
        events = [event for request in requests for event in request]
        refusals = iter(await run_in_threadpool(record_events, self._cluster, events))
        return [[next(refusals) for _ in request] for request in requests]

    async def _refresh_on(self) -> None:
        while True:
            try:
                await self.refresh()
            except LtrError as error:
                log.warning("frequent queries cannot be read: %s", error)
            await asyncio.sleep(REFRESH_S)

    async def _forget_on(self) -> None:
        while True:
            try:
                await run_in_threadpool(forget_old_days, self._cluster)
            except LtrError as error:
                log.warning("old events and searches cannot be deleted: %s", error)
            await asyncio.sleep(FORGET_S)
