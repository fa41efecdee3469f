"""The log of searches: written behind the answers, in bulk, and left out where the cluster does not keep up."""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.errors import LtrError
from ltr_plugin.feedback.privacy import Pseudonyms
from ltr_plugin.pipelines.feedback.record_events import SearchRecord, record_searches
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.service import metrics
from ltr_plugin.service.models import SearchRequest, SearchResponse

WAITING = 5000
"""Searches that wait to be written at most, of about 2 KB each; further ones are dropped."""

PER_WRITE = 500
EVERY_S, AGAIN_AFTER_S, LAST_WRITE_S = 1.0, 10.0, 3.0
"""Seconds between two writes, after a failed one, and for the last one of a service that is stopped."""

log = logging.getLogger(__name__)


class SearchLog:
    """Searches that wait to be written."""

    def __init__(self, cluster: Cluster, pseudonyms: Pseudonyms) -> None:
        self._cluster, self._pseudonyms = cluster, pseudonyms
        self._waiting: deque[SearchRecord] = deque()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to write."""
        self._task = asyncio.create_task(self._write_on())

    def add(self, served: ServedSearch, asked: SearchRequest, response: SearchResponse) -> None:
        """Has a search written soon, after its answer is sent."""
        asyncio.get_running_loop().call_soon(self._add, served, asked, response)

    def _add(self, served: ServedSearch, asked: SearchRequest, response: SearchResponse) -> None:
        if len(self._waiting) >= WAITING:
            metrics.SEARCHES_LOGGED.labels("dropped").inc()
            return
        self._waiting.append(record_of(served, asked, response))

    async def close(self) -> None:
        """Writes what waits, if the cluster is quick."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(TimeoutError, LtrError):
            await asyncio.wait_for(self.write(), LAST_WRITE_S)

    async def write(self) -> None:
        """Writes all that waits. ClusterError where the cluster is out of reach; what is not written waits on."""
        while self._waiting:
            searches = [self._waiting[number] for number in range(min(PER_WRITE, len(self._waiting)))]
            refused = await run_in_threadpool(record_searches, self._cluster, searches, self._pseudonyms)
            for _ in searches:
                self._waiting.popleft()
            metrics.SEARCHES_LOGGED.labels("written").inc(len(searches) - refused)
            metrics.SEARCHES_LOGGED.labels("refused").inc(refused)

    async def _write_on(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(AGAIN_AFTER_S if failing else EVERY_S)
            try:
                await self.write()
            except LtrError as error:
                if not failing:
                    log.warning("searches cannot be logged: %s", error)
                failing = True
            except Exception:
                log.exception("searches cannot be logged")
                self._waiting.clear()
            else:
                failing = False


def record_of(served: ServedSearch, asked: SearchRequest, response: SearchResponse) -> SearchRecord:
    """The record of a search. Of photos and recordings it has only that there were some."""
    options = {
        "from": asked.start,
        "size": asked.size,
        "filters": asked.filters,
        "sort": asked.sort,
        "language": asked.language,
        "ranker": response.ranker,
        "release": response.release,
        "degraded": response.degraded,
        "relaxed": response.relaxed,
        "corrected": response.corrected,
    }
    return SearchRecord(
        query_id=response.query_id,
        user_query=asked.text,
        index=served.index.alias,
        moment=datetime.now(UTC),
        total=0 if response.relaxed else response.total,  # what the text as it was typed found
        hits=[hit.id for hit in response.hits],
        object_id_field=served.index.profile.product.id,
        query_attributes={name: value for name, value in options.items() if value},
        client_id=asked.client_id,
        session_id=asked.session_id,
    )
