"""Log-mel spectrograms: how loud a sound is over time in bands as wide as hearing resolves (Stevens et al. 1937)."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.errors import NothingToEncode
from ltr_plugin.media.sounds import Sound, resampled

RATE = 32_000
WINDOW, HOP = 1024, 640
BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 14_000.0

FLOOR_DB = -80.0
"""What is so far below the loudest does not count: it is the noise of converters and coding."""

PAUSE_DB = -60.0
"""Before the first and after the last frame that is louder than this, relative to the loudest, a sound is cut."""

FRAMES_A_SECOND = RATE / HOP

DESCRIPTION = (
    f"{RATE} Hz, first to last frame above {PAUSE_DB:g} dB, Hann {WINDOW} every {HOP}, "
    f"{BANDS} mel bands (Slaney) {LOWEST_HZ:g}-{HIGHEST_HZ:g} Hz, dB below the loudest to {FLOOR_DB:g}"
)
"""For fingerprints."""

Spectrogram = NDArray[np.float32]
"""(frames, BANDS) decibels from FLOOR_DB to 0, the loudest band of the loudest frame; a frame is 20 ms."""


def log_mel(sound: Sound) -> Spectrogram:
    """The sound's spectrogram, without the pauses before and after it; at least one frame."""
    from scipy.fft import rfft

    samples = resampled(sound, RATE).samples
    padded = np.pad(samples - samples.mean(), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = rfft(frames * np.hanning(WINDOW + 1)[:-1].astype(np.float32), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) @ mel_bank()
    decibels = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-20), 10 ** (FLOOR_DB / 10)))
    heard = np.flatnonzero(decibels.max(axis=1) > PAUSE_DB)
    return np.asarray(decibels[heard[0] : heard[-1] + 1], np.float32)


@cache
def mel_bank() -> NDArray[np.float32]:
    """(WINDOW / 2 + 1, BANDS) weights of the frequencies in each band."""
    from transformers.audio_utils import mel_filter_bank

    bank = mel_filter_bank(WINDOW // 2 + 1, BANDS, LOWEST_HZ, HIGHEST_HZ, RATE, norm=None, mel_scale="slaney")
    return np.asarray(bank, np.float32)


def sound_of(source: Modality, item: Any) -> Sound:  # noqa: ANN401 - a Sound or a Video
    """The sound to encode: the item itself, or a video's sound track; NothingToEncode when none is to be heard."""
    sound: Sound | None = item.soundtrack if source == "video" else item
    if sound is None:
        raise NothingToEncode("no sound track that can be heard")
    return sound
