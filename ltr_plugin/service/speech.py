"""Spoken queries: the words of a recording, within a time."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from ltr_plugin.errors import EncoderError, InputError, MediaError, Problem
from ltr_plugin.service import metrics
from ltr_plugin.service.batches import QueueFullError, SharedBatches
from ltr_plugin.service.model_loading import LoadsModels, ModelLoading
from ltr_plugin.service.models import MAX_TEXT, QueryRequest
from ltr_plugin.speech.models import missing_voice
from ltr_plugin.speech.recognizer import Transcript

WAITING = 8
"""Recordings that wait at most: each takes most of a second of the recognizer, and more would be late."""

log = logging.getLogger(__name__)

Recording = tuple[bytes, str | None]
"""The bytes of a recording, and the code of the language that is spoken."""

Asked = TypeVar("Asked", bound=QueryRequest)


class SpeechProcess(LoadsModels, Protocol):
    """What recognizes speech: `EncoderProcess` does."""

    async def transcribe(self, data: bytes, language: str | None) -> Transcript | MediaError:
        """The words of a recording, or why it cannot be used. EncoderError when the model fails or the process dies."""

    def pid(self) -> int | None:
        """The id of the process; None before it runs."""

    def close(self) -> None:
        """Ends the process."""


@dataclass(frozen=True)
class Heard:
    """What is known of a query's speech: `transcript` is None without any, and where it was not heard in time, which
    `degraded` says."""

    transcript: str | None = None
    degraded: tuple[Literal["speech"], ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether speech was sent that has no words that count."""
        return self.transcript == "" or bool(self.degraded)


class SpeechRecognition:
    """Turns what shoppers say into words, one recording at a time. Recordings and words are neither kept nor logged."""

    def __init__(self, process: SpeechProcess | None, *, budget_s: float) -> None:
        """`process` is None where the service has no model; `budget_s` is how long a request waits for the words."""
        self._process, self._budget_s = process, budget_s
        self._batches = SharedBatches(self._run, batch=1, waiting=WAITING)
        self._loading = (
            ModelLoading(process, "the speech model cannot be loaded, spoken queries are not heard")
            if process
            else None
        )

    @property
    def available(self) -> bool:
        """Whether the service has a model."""
        return self._process is not None

    def start(self) -> None:
        """Loads the model in the background, and tries again until it is loaded."""
        if self._loading:
            self._loading.start()

    def pid(self) -> int | None:
        """The process of the recognizer; None without a model."""
        return self._process.pid() if self._process else None

    def close(self) -> None:
        """Ends the recognizer."""
        if self._loading:
            self._loading.stop()
        if self._process:
            self._process.close()

    async def transcribe(self, data: bytes, language: str | None) -> Transcript | None:
        """The words of a recording; None when they are not there in time.

        InputError for a recording that cannot be used, and where the service has no model.
        """
        if self._process is None:
            reason = missing_voice() or "the service was started with --speech-model none"
            raise InputError("query", [Problem("speech", reason)])
        try:
            if not self._process.ready:
                self.start()
                raise EncoderError("the model is being loaded")
            return await asyncio.wait_for(self._batches((data, language)), self._budget_s)
        except MediaError as error:
            raise InputError("query", [Problem("speech", str(error))]) from None
        except (TimeoutError, QueueFullError, EncoderError) as error:
            metrics.DEGRADED.labels("speech", type(error).__name__).inc()
            return None

    async def hear(
        self, asked: Asked, files: Mapping[str, bytes], language: str | None, *, sounds: bool
    ) -> tuple[Asked, dict[str, bytes], Heard]:
        """A query with the words of its speech as text, where none was typed, and with its other files.

        Where the index can be searched by `sounds`, speech without words is one of the files, as a sound (`audio`),
        unless it is silent or there is another sound. InputError as of `transcribe`.
        """
        others = {name: data for name, data in files.items() if name != "speech"}
        if "speech" not in files:
            return asked, others, Heard()
        transcript = await self.transcribe(files["speech"], language)
        if transcript is None:
            return asked, others, Heard(degraded=("speech",))
        if sounds and not (transcript.text or transcript.silent or asked.audio):
            others = {"audio": files["speech"], **others}
        words = transcript.text[:MAX_TEXT]
        return asked.model_copy(update={"text": asked.text or words}), others, Heard(words)

    async def _run(self, items: Sequence[Recording]) -> Sequence[Transcript | Exception]:
        process, loading = self._process, self._loading
        if process is None or loading is None:
            raise EncoderError("there is no speech model")
        metrics.BATCH_ITEMS.labels("speech").observe(len(items))
        with metrics.ENCODE_SECONDS.labels("speech").time():
            try:
                return [await process.transcribe(*item) for item in items]
            except EncoderError as error:
                log.warning("speech cannot be recognized: %s", error)
                loading.restart()
                raise
