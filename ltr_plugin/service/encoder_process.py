"""The process that reads what shoppers send and runs the encoders: when a file or a model ends it, searches go on."""

import asyncio
import io
import multiprocessing
import os
import signal
import wave
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import TypeVar

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import EncoderError, EncoderUnavailableError, LtrError, MediaError
from ltr_plugin.speech.models import BUNDLED
from ltr_plugin.speech.recognizer import Recognizer, Transcript

Item = str | bytes
"""A text, the URL of a medium, or the bytes of one."""

Vectors = dict[str, list[float]]

T = TypeVar("T")


class EncoderProcess:
    """Encodes in a process of its own, one batch at a time. A new process takes the place of one that died."""

    def __init__(self, vectors: Sequence[VectorField] = (), speech_model: str | None = None) -> None:
        """The process has the encoders of these fields, and the recognizer of this model."""
        self._vectors, self._speech_model = tuple(vectors), speech_model
        self._pool = self._new_pool()
        self.ready = False
        """Whether the models are loaded."""

    async def load(self) -> None:
        """Loads all models. EncoderError when one cannot be loaded, or is not the one that filled the index."""
        await self._call(_load)
        self.ready = True

    async def encode(self, modality: Modality, items: Sequence[Item]) -> list[Vectors | Exception]:
        """For each item its vectors by parameter, or a MediaError that says why it cannot be used.

        EncoderUnavailableError when the process dies; EncoderError when an encoder fails.
        """
        return await self._call(_encode, modality, list(items))

    async def transcribe(self, data: bytes, language: str | None) -> Transcript | MediaError:
        """The words of a recording in the language of this code, or why it cannot be used.

        EncoderUnavailableError when the process dies; EncoderError when the recognizer fails.
        """
        return await self._call(_transcribe, data, language)

    def pid(self) -> int | None:
        """The id of the process; None before it runs."""
        return next(iter(self._pool._processes or ()), None)

    def close(self) -> None:
        """Ends the process, also in the midst of a batch."""
        for process in list((self._pool._processes or {}).values()):
            process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _call(self, function: Callable[..., T], *arguments: object) -> T:
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)
        except BrokenProcessPool:
            if pool is self._pool:
                self._pool = self._new_pool()
            raise EncoderUnavailableError("the process of the encoders died; another one takes its place") from None

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        return ProcessPoolExecutor(1, context, initializer=_start, initargs=(self._vectors, self._speech_model))


_fields: Mapping[Modality, tuple[VectorField, ...]] = {}
"""In the process of the encoders: the vector fields by the modality that fills them."""

_speech_model: str | None = None
"""In that process: the model of the recognizer, if it has one."""


def _start(vectors: Sequence[VectorField], speech_model: str | None) -> None:
    global _fields, _speech_model  # noqa: PLW0603 - the one state of this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the service ends this process
    _fields = {one.source: tuple(each for each in vectors if each.source == one.source) for one in vectors}
    _speech_model = speech_model


def _load() -> None:
    """Each model does its work once, too: the first batch of a network takes longest."""
    from ltr_plugin.encoders import encoder_of

    if _speech_model:
        _transcribe(_noise(), None)
    for modality, fields in _fields.items():
        for one in fields:
            encoder_of(one)
        if sample := _sample(modality):
            _encode(modality, [sample])


def _sample(modality: Modality) -> Item | None:
    """Something to encode: a word, a photo, or a second of noise."""
    buffer = io.BytesIO()
    match modality:
        case "text":
            return "a"
        case "image":
            from PIL import Image

            Image.effect_noise((384, 384), 64).save(buffer, "PNG")
        case "audio":
            return _noise()
        case _:
            return None
    return buffer.getvalue()


def _noise() -> bytes:
    """A second of noise."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(os.urandom(32_000))
    return buffer.getvalue()


def _encode(modality: Modality, items: Sequence[Item]) -> list[Vectors | Exception]:
    from ltr_plugin.queries.encoding import QueryEncoder

    refused: dict[int, Exception] = {}

    def refuse(position: int, _: Modality, error: MediaError) -> None:
        refused[position] = MediaError(str(error))  # of all its kinds, one that travels between processes

    encoder = QueryEncoder(_fields.get(modality, ()))
    try:
        vectors = encoder.encode_batch([{modality: item} for item in items], on_media_error=refuse)
    except EncoderUnavailableError as error:
        raise EncoderUnavailableError(str(error)) from None
    except LtrError as error:
        raise EncoderError(str(error)) from None
    return [refused.get(position, one) for position, one in enumerate(vectors)]


@cache
def _recognizer(model: str) -> Recognizer:
    return Recognizer.load(model)


def _transcribe(data: bytes, language: str | None) -> Transcript | MediaError:
    from ltr_plugin.media.audio import decode_audio

    try:
        return _recognizer(_speech_model or BUNDLED).transcribe(decode_audio(data, allow_silence=True), language)
    except MediaError as error:
        return MediaError(str(error))
    except LtrError as error:
        raise EncoderError(str(error)) from None
