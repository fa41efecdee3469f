"""What the routes share: the cluster, what is served, the encoders, and who may do what."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar

from anyio import CapacityLimiter
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.responses import Json
from ltr_plugin.errors import ClusterError, LtrError
from ltr_plugin.feedback.privacy import Pseudonyms
from ltr_plugin.pipelines.merchandising.explanations import RankerFolder
from ltr_plugin.pipelines.query_understanding.relaxed_search import RelaxedResult, RelaxedSearch
from ltr_plugin.pipelines.query_understanding.suggest import Suggester
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.service import metrics
from ltr_plugin.service.configuration import LOCAL, PAGE, Configuration, ServiceOptions
from ltr_plugin.service.encoder_process import EncoderProcess
from ltr_plugin.service.encoding import QueryEncoding
from ltr_plugin.service.feedback.feedback import Feedback
from ltr_plugin.service.keys import Caller
from ltr_plugin.service.limits import RateLimit
from ltr_plugin.service.speech import Asked, Heard, SpeechRecognition
from ltr_plugin.settings import Settings

REREAD_S = 30.0
"""Seconds between two readings of the profile, the rules and the release."""

KEY_PER_MINUTE = 60_000
"""Requests of one key, by each process."""

UPLOADS_AT_ONCE = 4
"""Requests with products that are read and written at once; others wait, and searches have the other threads."""

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


@dataclass
class ServiceState:
    """The state of one process of the service."""

    configuration: Configuration
    settings: Settings
    cluster: Cluster
    served: ServedSearch
    encoding: QueryEncoding
    speech: SpeechRecognition
    page_limit: RateLimit
    key_limit: RateLimit
    feedback: Feedback
    suggester: Suggester
    relaxed_search: RelaxedSearch = field(default_factory=RelaxedSearch)
    uploads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(UPLOADS_AT_ONCE))
    ranker_folder: RankerFolder | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def open(cls, configuration: Configuration, settings: Settings) -> Self:
        """Connects, reads what is served, and begins to load the models. ClusterError and InputError as of
        `ServedSearch.open`."""
        options = configuration.options
        cluster = await run_in_threadpool(connect, settings=settings, retry_timeout_s=0, timeout_s=10)
        served = await run_in_threadpool(open_served, cluster, options, settings)
        encoding = _encoding_of(served, options)
        encoding.start()
        speech = _speech_of(options)
        speech.start()
        page_limit, key_limit = (
            RateLimit(rate, burst=max(rate // 6, 10)) for rate in (options.per_minute, KEY_PER_MINUTE)
        )
        pseudonyms = Pseudonyms(configuration.query_ids.derived_key("feedback").encode())
        feedback = Feedback(cluster, served.index.alias, pseudonyms, log_searches=options.log_searches)
        feedback.start()
        suggester = Suggester(feedback.frequent_queries)
        state = cls(
            configuration, settings, cluster, served, encoding, speech, page_limit, key_limit, feedback, suggester
        )
        state.ranker_folder = RankerFolder(options.rankers) if options.rankers else None
        state._tasks.append(asyncio.create_task(state._reread()))
        return state

    def wait_s(self, caller: Caller, address: str, cost: float) -> float:
        """0 where a caller may go on, else the seconds until it may. Everybody has the page's key, so that each address
        has its own limit; a key of its own is limited only as a program that ran wild is."""
        if caller == LOCAL:
            return 0.0
        return self.page_limit.wait_s(address, cost) if caller == PAGE else self.key_limit.wait_s(caller.name, cost)

    async def close(self) -> None:
        """Ends the background work, the encoders and the recognizer."""
        for task in self._tasks:
            task.cancel()
        self.speech.close()
        await self.feedback.close()
        await self.encoding.close()

    async def search(
        self, parameters: Callable[[ServedSearch], Mapping[str, Json]], *, typed: str = "", relax: bool = False
    ) -> tuple[ServedSearch, RelaxedResult]:
        """The result of a search by its parameters and the rules of its typed text, and what served it; with `relax` of
        a second try where it finds nothing; errors as of `ServedSearch.search`, and `call`."""

        def search(served: ServedSearch) -> RelaxedResult:
            params, served = parameters(served), served.of_query(typed)
            with metrics.SEARCH_SECONDS.labels(served.ranker).time():
                return self.relaxed_search.search(served, params) if relax else RelaxedResult(served.search(params))

        return await self.call(search)

    async def call(self, ask: Callable[[ServedSearch], Answer]) -> tuple[ServedSearch, Answer]:
        """What `ask`, called in a thread, says of what is served, and what that was.

        Where the template or the index is gone, what is served now is read first: nobody waits for the next reading.
        """
        served = self.served
        try:
            return served, await run_in_threadpool(ask, served)
        except ClusterError as error:
            if error.status != 404:
                raise
        await self.reread()
        return (served := self.served), await run_in_threadpool(ask, served)

    def spoken_language(self, code: str | None) -> str | None:
        """The code of the language of a recording: the one that is asked for, else the profile's first, if any."""
        return code or next(iter(self.served.index.profile.languages), None)

    async def hear(self, asked: Asked, files: Mapping[str, bytes]) -> tuple[Asked, dict[str, bytes], Heard]:
        """A query with the words of its speech as its text; errors as of `SpeechRecognition.hear`."""
        language, sounds = self.spoken_language(asked.language), "audio" in self.encoding.modalities
        return await self.speech.hear(asked, files, language, sounds=sounds)

    async def reread(self) -> None:
        """Reads what is served now, and changes the encoders where the vector fields are others."""
        options = self.configuration.options
        served = await run_in_threadpool(open_served, self.cluster, options, self.settings)
        if served.index.vectors != self.served.index.vectors:
            before, self.encoding = (
                self.encoding,
                _encoding_of(served, options),
            )
            self.encoding.start()
            await before.close()
        self.served = served

    async def _reread(self) -> None:
        while True:
            await asyncio.sleep(REREAD_S)
            try:
                await self.reread()
            except LtrError as error:
                log.warning("what is served cannot be read again, so it stays as it is: %s", error)


def open_served(cluster: Cluster, options: ServiceOptions, settings: Settings) -> ServedSearch:
    """What a service with these options serves; errors as of `ServedSearch.open`."""
    return ServedSearch.open(cluster, options.index, options.template, media_roots=settings.media_root)


def _encoding_of(served: ServedSearch, options: ServiceOptions) -> QueryEncoding:
    return QueryEncoding(
        served.index.vectors, text_budget_s=options.text_budget_ms / 1000, media_budget_s=options.media_budget_ms / 1000
    )


def _speech_of(options: ServiceOptions) -> SpeechRecognition:
    # a process of its own: in that of the encoders, typed queries would wait most of a second for each recording
    process = EncoderProcess(speech_model=options.speech_model) if options.speech_model else None
    return SpeechRecognition(process, budget_s=options.speech_budget_ms / 1000)


def state_of(request: Request) -> ServiceState:
    """The state of the process, for routes (`Depends`)."""
    state: ServiceState = request.app.state.service
    return state
