"""Sounds: opened within limits, mixed down to one channel; also the sound track of a video."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.errors import MediaError
from ltr_plugin.media.containers import open_container
from ltr_plugin.media.reading import TimedBytes, read_media

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

MAX_BYTES = 64 << 20
MAX_SECONDS = 60.0
"""What comes later is not heard: what a sound is shows in its first minute."""

MIN_SECONDS = 0.05
MAX_DECODING_S = 20.0
SAMPLE_RATES_HZ = (4_000, 384_000)

SILENCE_LEVEL = 1e-4
"""A sound that never rises above it (80 dB below full scale) is silence with the noise of a converter."""

MIN_COMPLETE = 0.95
"""The share of the length that a file declares from which it is not broken off: encoders pad, writers round."""


@dataclass(frozen=True)
class Audio:
    """One channel of sound: `samples` float32 (n,), from -1 to 1, `rate` of them a second (Hz)."""

    samples: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def open_audio(root: Path, reference: str) -> Audio:
    """The first minute of the sound of a reference (a path under `root`, or a URL), or of a video's sound track.

    What the bytes are decides, not the name. MediaError with the reason when it is unusable.
    """
    return decode_audio(read_media(root, reference, max_bytes=MAX_BYTES))


def decode_audio(data: bytes) -> Audio:
    """The sound in these bytes, as `open_audio` gives it: of several streams the first."""
    import av

    if not data:
        raise MediaError("empty file")
    source = TimedBytes(data, MAX_DECODING_S)
    try:
        with open_container(source) as container:
            if not container.streams.audio:
                raise MediaError("no sound track")
            audio = _decoded(container, source)
    except MediaError:
        raise
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError):
        raise MediaError("not a sound in a form that can be read, or damaged from its start") from None
    except Exception as error:  # a damaged file may make a decoder raise anything
        raise MediaError(f"damaged sound: {error}") from None
    if not np.ptp(audio.samples) > 2 * SILENCE_LEVEL:
        raise MediaError("silent")
    return audio


def resample(audio: Audio, rate: int) -> Audio:
    """The sound at another rate (Hz), by a polyphase filter that leaves out what the lower rate cannot hold."""
    from scipy.signal import resample_poly

    ratio = Fraction(rate, audio.rate).limit_denominator(1000)  # off by a millionth at most, and short filters
    if ratio == 1:
        return audio
    samples = resample_poly(audio.samples, ratio.numerator, ratio.denominator)
    return Audio(np.asarray(samples, np.float32), rate)


def _decoded(container: "InputContainer", source: TimedBytes) -> Audio:
    parts: list[NDArray[np.float32]] = []
    rate = count = 0
    for frame in _frames(container, source):
        if frame.sample_rate != rate and rate:
            raise MediaError(f"its sample rate changes from {rate:,} to {frame.sample_rate:,} on the way")
        rate = frame.sample_rate
        if not SAMPLE_RATES_HZ[0] <= rate <= SAMPLE_RATES_HZ[1]:
            raise MediaError(
                f"{rate:,} samples a second; from {SAMPLE_RATES_HZ[0]:,} to {SAMPLE_RATES_HZ[1]:,} can be used"
            )
        parts.append(_mono(frame, int(MAX_SECONDS * rate) - count))
        count += len(parts[-1])
        if count >= int(MAX_SECONDS * rate):
            break
    else:
        if rate and _breaks_off(container, source.getvalue(), count / rate):
            raise MediaError(f"breaks off after {count / rate:.2f} s")
    if count < MIN_SECONDS * rate or not count:
        raise MediaError(f"too short: {count} sample{'s' * (count != 1)}, {MIN_SECONDS} s is the least")
    samples = np.concatenate(parts)
    if not np.isfinite(samples).all():
        raise MediaError("has samples that are not numbers")
    return Audio(samples / max(1.0, float(np.abs(samples).max())), rate)


def _frames(container: "InputContainer", source: TimedBytes) -> "Iterator[AudioFrame]":
    """What can be decoded, in time; a damaged packet here and there is left out, as players do."""
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
        raise MediaError(f"damaged sound: {bad} of {good + bad} packets cannot be decoded")


def _mono(frame: "AudioFrame", most: int) -> NDArray[np.float32]:
    """The mean of the frame's channels, float32 at full scale 1: its first `most` samples, since it may be the file."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    offset, scale = _SCALES.get(samples.dtype.str[1:], (0, 1))
    with np.errstate(invalid="ignore", over="ignore"):  # what is not a number is found at the end
        mean: NDArray[np.float32] = samples[:, :most].mean(axis=0, dtype=np.float32)
        return (mean - np.float32(offset)) / np.float32(scale)


_SCALES = {"u1": (128, 128), "i2": (0, 1 << 15), "i4": (0, 1 << 31)}
"""Zero and full scale of samples that are whole numbers, by NumPy's name of their type."""


def _breaks_off(container: "InputContainer", data: bytes, seconds: float) -> bool:
    """Whether a file ends before the length that its header tells; some forms tell none."""
    if (form := container.format.name) == "ogg":
        page = data[data.rfind(b"OggS") :]
        return len(page) < 27 or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
    if form == "aac" or (form == "mp3" and not (b"Xing" in data[: 1 << 20] or b"Info" in data[: 1 << 20])):
        return False  # then the length is FFmpeg's guess from the file's size
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return seconds < MIN_COMPLETE * float(stream.duration * stream.time_base) - MIN_SECONDS
    return not container.streams.video and seconds < MIN_COMPLETE * (container.duration or 0) / 1e6 - MIN_SECONDS
