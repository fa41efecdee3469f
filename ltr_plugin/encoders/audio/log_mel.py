"""Log-mel spectrograms: the level of audio over time in bands as wide as hearing resolves.

The mel scale is by Stevens et al. 1937, https://doi.org/10.1121/1.1915893.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.errors import NothingToEncodeError
from ltr_plugin.media.audio import Audio, resample

SAMPLE_RATE = 32_000
WINDOW_SAMPLES, HOP_SAMPLES = 1024, 640
MEL_BANDS = 64
MIN_HZ, MAX_HZ = 50.0, 14_000.0

FLOOR_DB = -80.0
"""Floor of a spectrogram, relative to the loudest band: below it is the noise of converters and coding."""

SILENCE_DB = -60.0
"""Audio is cut before the first and after the last frame that is louder than this, relative to the loudest."""

FRAMES_PER_SECOND = SAMPLE_RATE / HOP_SAMPLES

DESCRIPTION = (
    f"{SAMPLE_RATE} Hz, first to last frame above {SILENCE_DB:g} dB, Hann {WINDOW_SAMPLES} every {HOP_SAMPLES}, "
    f"{MEL_BANDS} mel bands (Slaney) {MIN_HZ:g}-{MAX_HZ:g} Hz, dB below the loudest to {FLOOR_DB:g}"
)
"""The preprocessing, for fingerprints."""

Spectrogram = NDArray[np.float32]
"""float32 (frames, MEL_BANDS) decibels from FLOOR_DB to 0, the loudest band of the loudest frame; a frame is 20 ms."""


def log_mel(audio: Audio) -> Spectrogram:
    """The spectrogram of audio, without silence before and after it; at least one frame."""
    from scipy.fft import rfft

    samples = resample(audio, SAMPLE_RATE).samples
    padded = np.pad(samples - samples.mean(), WINDOW_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
    spectrum = rfft(frames * np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) @ mel_filters()
    decibels = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-20), 10 ** (FLOOR_DB / 10)))
    audible = np.flatnonzero(decibels.max(axis=1) > SILENCE_DB)
    return np.asarray(decibels[audible[0] : audible[-1] + 1], np.float32)


@cache
def mel_filters() -> NDArray[np.float32]:
    """float32 (WINDOW_SAMPLES / 2 + 1, MEL_BANDS): weights of the frequencies in each band."""
    from transformers.audio_utils import mel_filter_bank

    bank = mel_filter_bank(
        WINDOW_SAMPLES // 2 + 1, MEL_BANDS, MIN_HZ, MAX_HZ, SAMPLE_RATE, norm=None, mel_scale="slaney"
    )
    return np.asarray(bank, np.float32)


def audio_of(modality: Modality, item: Any) -> Audio:  # noqa: ANN401 - an Audio or a Video
    """The audio to encode: the item itself, or a video's soundtrack. NothingToEncodeError when the video has none."""
    audio: Audio | None = item.soundtrack if modality == "video" else item
    if audio is None:
        raise NothingToEncodeError("no audible soundtrack")
    return audio
