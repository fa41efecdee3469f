"""Audio files and soundtracks of videos: opened within limits, mixed down to one channel."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.errors import MediaError
from ltr_plugin.media.containers import open_container
from ltr_plugin.media.memory import DECODING
from ltr_plugin.media.reading import TimedBytes, read_media

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

MAX_BYTES = 64 << 20
MAX_SECONDS = 60.0
"""Only this much is decoded from the start."""

MIN_SECONDS = 0.05
MAX_DECODING_S = 20.0
SAMPLE_RATES_HZ = (4_000, 384_000)

BYTES_PER_SAMPLE = 16
"""Memory of each sample in time while audio is decoded: the samples, joined, and scaled."""

SILENCE_LEVEL = 1e-4
"""Audio that never exceeds this level (80 dB below full scale) is silence with the noise of a converter."""

MIN_COMPLETE = 0.95
"""A file with at least this share of its declared length is complete: encoders pad, writers round."""


@dataclass(frozen=True)
class Audio:
    """One channel of audio: `samples` float32 (n,) from -1 to 1, at a sample rate of `rate` Hz."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return len(self.samples) / self.rate

    @property
    def silent(self) -> bool:
        """Whether nothing is louder than the noise of a converter."""
        return not np.ptp(self.samples) > 2 * SILENCE_LEVEL


def open_audio(root: Path, reference: str) -> Audio:
    """The first minute of the audio of a reference (a path under `root`, or a URL), which may be a video.

    The content decides, not the file name. MediaError with the reason when it is unusable.
    """
    return decode_audio(read_media(root, reference, max_bytes=MAX_BYTES))


def decode_audio(data: bytes, *, allow_silence: bool = False) -> Audio:
    """The audio in these bytes, as `open_audio` gives it; the first one of several audio tracks."""
    import av

    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with open_container(source) as container:
            if not container.streams.audio:
                raise MediaError("no audio track")
            codec = container.streams.audio[0].codec_context
            rate = min(codec.sample_rate or 0, SAMPLE_RATES_HZ[1]) if codec else 0
            with DECODING.reserve(int(MAX_SECONDS * rate) * BYTES_PER_SAMPLE):
                source.restart()
                audio = _decoded(container, source)
    except MediaError:
        raise
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError):
        raise MediaError("not audio in a readable format, or damaged at its start") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged audio: {error}") from None
    if audio.silent and not allow_silence:
        raise MediaError("silent")
    return audio


def resample(audio: Audio, rate: int) -> Audio:
    """The audio at another sample rate (Hz), by a polyphase anti-aliasing filter."""
    from scipy.signal import resample_poly

    ratio = Fraction(rate, audio.rate).limit_denominator(1000)  # at most a millionth off, and the filter stays short
    if ratio == 1:
        return audio
    samples = resample_poly(audio.samples, ratio.numerator, ratio.denominator)
    return Audio(np.asarray(samples, np.float32), rate)


def _decoded(container: "InputContainer", source: TimedBytes) -> Audio:
    parts: list[NDArray[np.float32]] = []
    rate = count = 0
    for frame in _frames(container, source):
        if frame.sample_rate != rate and rate:
            raise MediaError(f"its sample rate changes from {rate:,} to {frame.sample_rate:,} Hz")
        rate = frame.sample_rate
        if not SAMPLE_RATES_HZ[0] <= rate <= SAMPLE_RATES_HZ[1]:
            raise MediaError(
                f"its sample rate is {rate:,} Hz; usable are {SAMPLE_RATES_HZ[0]:,} to {SAMPLE_RATES_HZ[1]:,} Hz"
            )
        parts.append(_mono(frame, int(MAX_SECONDS * rate) - count))
        count += len(parts[-1])
        if count >= int(MAX_SECONDS * rate):
            break
    else:
        if rate and _breaks_off(container, source.getvalue(), count / rate):
            raise MediaError(f"breaks off after {count / rate:.2f} s")
    if count < MIN_SECONDS * rate or not count:
        raise MediaError(f"too short: {count} sample{'s' * (count != 1)}; the minimum is {MIN_SECONDS} s")
    samples = np.concatenate(parts)
    if not np.isfinite(samples).all():
        raise MediaError("has samples that are not numbers")
    return Audio(samples / max(1.0, float(np.abs(samples).max())), rate)


def _frames(container: "InputContainer", source: TimedBytes) -> "Iterator[AudioFrame]":
    """The frames that can be decoded within the time limit; single damaged packets are skipped, as players do."""
    import av

    good = bad = 0
    for packet in container.demux(container.streams.audio[0]):
        source.check()
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            bad += 1
        else:
            good += bool(frames)
            yield from frames
    if bad > 1 + good / 20:
        raise MediaError(f"damaged audio: {bad} of {good + bad} packets cannot be decoded")


def _mono(frame: "AudioFrame", max_samples: int) -> NDArray[np.float32]:
    """The mean of a frame's channels, float32 (n,), full scale 1; n <= max_samples, because a frame may be the file."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    offset, scale = _SCALES.get(samples.dtype.str[1:], (0, 1))
    with np.errstate(invalid="ignore", over="ignore"):  # infinite samples are found at the end
        mean: NDArray[np.float32] = samples[:, :max_samples].mean(axis=0, dtype=np.float32)
        return (mean - np.float32(offset)) / np.float32(scale)


_SCALES = {"u1": (128, 128), "i2": (0, 1 << 15), "i4": (0, 1 << 31)}
"""Zero and full scale of integer samples, by NumPy's dtype code."""


def _breaks_off(container: "InputContainer", data: bytes, seconds: float) -> bool:
    """Whether a file ends before the length that its header declares; some formats declare none."""
    if (container_format := container.format.name) == "ogg":
        page = data[data.rfind(b"OggS") :]
        return len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
    if container_format == "aac" or (
        container_format == "mp3" and not (b"Xing" in data[: 1 << 20] or b"Info" in data[: 1 << 20])
    ):
        return False  # the duration is FFmpeg's estimate from the file size
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return seconds < MIN_COMPLETE * float(stream.duration * stream.time_base) - MIN_SECONDS
    return not container.streams.video and seconds < MIN_COMPLETE * (container.duration or 0) / 1e6 - MIN_SECONDS
