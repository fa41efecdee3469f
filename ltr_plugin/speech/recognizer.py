"""Speech recognition by Whisper: the words of a recording, and none where nobody speaks."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.errors import EncoderError, MediaError
from ltr_plugin.media.audio import Audio, resample
from ltr_plugin.speech.models import model_folder
from ltr_plugin.validation import shorten

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

RATE_HZ = 16_000

MAX_SECONDS = 30.0
"""Only this much of a recording is heard."""

MAX_TOKENS = 160
"""Words and parts of words of a recording: quick speech has four a second."""

SPEECH_PROBABILITY, MIN_SPEECH_MS, PADDING_MS = 0.5, 100, 300
"""Voice activity: the probability above which a moment is speech, the length of the shortest speech, and what is kept
before and after it."""

MAX_NO_SPEECH, MIN_LOG_PROBABILITY, MAX_COMPRESSION = 0.35, -1.0, 2.4
"""Whisper invents words for noises and music. A segment is not speech above this probability of no speech, below this
mean log-probability of its tokens, or above this ratio of compression by zlib (words that repeat). Of 40 spoken orders
the least certain has 0.13 and -0.74; for dogs, sneezes and engines it writes `Thank you` with 0.36 or more."""

ENGLISH = "en"


@dataclass(frozen=True)
class Transcript:
    """The words of a recording, empty where nobody speaks; the seconds that were heard; and the code of the language.

    `silent` is whether nothing at all is in it.
    """

    text: str
    seconds: float
    language: str | None = None
    silent: bool = False


class Recognizer:
    """A Whisper model in 8-bit integers, on the cores of LTR_CORES."""

    def __init__(self, model: "WhisperModel", name: str) -> None:
        self._model, self._name = model, name
        self.languages = frozenset(model.supported_languages)
        """Codes of the languages that it hears."""

    @classmethod
    def load(cls, model: str) -> Self:
        """The model of a name or a folder (`model_folder`). InputError as there; EncoderError for damaged files."""
        folder = model_folder(model)
        from faster_whisper import WhisperModel

        try:
            whisper = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=cores(), local_files_only=True
            )
        except Exception as error:  # the runtime raises its own errors for damaged files, and so does the tokenizer
            raise EncoderError(f"speech model {model} cannot be loaded: {error}") from None
        return cls(whisper, model)

    def transcribe(self, audio: Audio, language: str | None = None) -> Transcript:
        """The words of the first MAX_SECONDS of a recording. Without a `language`, a model of several finds it out.

        MediaError for a language that the model does not hear.
        """
        spoken = self._language(language)
        samples = resample(Audio(audio.samples[: int(MAX_SECONDS * audio.rate)], audio.rate), RATE_HZ).samples
        seconds = round(len(samples) / RATE_HZ, 2)
        speech = _speech(samples)
        if not len(speech):
            return Transcript("", seconds, spoken, audio.silent)
        try:
            segments, found = self._model.transcribe(
                speech,
                language=spoken,
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                max_new_tokens=MAX_TOKENS,
            )
            text = " ".join(segment.text.strip() for segment in segments if _is_speech(segment))
        except RuntimeError as error:
            raise EncoderError(f"speech model {self._name}: {error}") from None
        return Transcript(_tidy(text), seconds, found.language)

    def _language(self, code: str | None) -> str | None:
        known = re.split("[-_]", code.lower())[0] if code else None
        if known is None:
            return ENGLISH if self.languages == {ENGLISH} else None
        if known not in self.languages:
            heard = "English only" if self.languages == {ENGLISH} else f"{len(self.languages)} languages"
            raise MediaError(
                f"the speech model {self._name} understands {heard}, and not {shorten(code)}; start the service with "
                "--speech-model FOLDER of a model that does"
            )
        return known


def _speech(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """From the first speech to the last, with the pauses between; empty where there is none."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(threshold=SPEECH_PROBABILITY, min_speech_duration_ms=MIN_SPEECH_MS, speech_pad_ms=PADDING_MS)
    spans = get_speech_timestamps(samples, options, sampling_rate=RATE_HZ)
    return samples[spans[0]["start"] : spans[-1]["end"]] if spans else samples[:0]


def _is_speech(segment: "Segment") -> bool:
    return bool(
        segment.no_speech_prob <= MAX_NO_SPEECH
        and segment.avg_logprob >= MIN_LOG_PROBABILITY
        and segment.compression_ratio <= MAX_COMPRESSION
    )


def _tidy(text: str) -> str:
    """Words as people type them: without the full stop that Whisper ends a sentence with, and without its notes on
    sounds, such as `[Music]` or `(dog barking)`."""
    said = re.sub(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫]", " ", text)
    said = " ".join(said.split()).rstrip(" .,!?;:…。！？")  # noqa: RUF001 - the punctuation of Chinese
    return said if re.search(r"\w", said) else ""
