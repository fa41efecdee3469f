"""Audio by statistics of its spectrum over time: the classical baseline, without weights or training.

`log-mel` uses the bands themselves; `mfcc` uses mel-frequency cepstral coefficients (Davis and Mermelstein 1980,
https://doi.org/10.1109/TASSP.1980.1163420), each scaled by a power of its order, because higher ones vary less. Audio
and the soundtracks of videos become float32 (n, 3 * bands or coefficients).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.audio.log_mel import (
    DESCRIPTION,
    MEL_BANDS,
    SAMPLE_RATE,
    WINDOW_SAMPLES,
    audio_of,
    log_mel,
    mel_filters,
)
from ltr_plugin.encoders.protocol import Library, Vectors
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.errors import EncoderSpecError
from ltr_plugin.media.audio import Audio

COEFFICIENTS, LIFTER = 20, 0.6

TYPICAL_MEAN_DB, TYPICAL_STD_DB, TYPICAL_DELTA_DB = 10.0, 6.0, 4.0
"""Typical values of a band: its difference from pink noise of the same loudness, its standard deviation over time, and
the standard deviation of its change from frame to frame."""

MIN_DB = 0.5

NUM_COEFFICIENTS = {"log-mel": MEL_BANDS, "mfcc": COEFFICIENTS}


class SpectralEncoder(BatchedEncoder):
    """Encodes audio as mean, standard deviation and change of each log-mel band or cepstral coefficient.

    Each number is relative to its typical value, so that none dominates and unrelated audio is far from a cosine of 1:
    means in decibels relative to pink noise of the same loudness, deviations and changes in octaves relative to
    constants.
    """

    def __init__(self, model: str) -> None:
        lifter = f", coefficients 1-{COEFFICIENTS} times order**{LIFTER}" if model == "mfcc" else ""
        typical = (
            f"{TYPICAL_MEAN_DB:g} dB from pink noise, {TYPICAL_STD_DB:g} dB spread, {TYPICAL_DELTA_DB:g} dB a frame"
        )
        fingerprint = Fingerprint(
            library=LIBRARY.name,
            model=model,
            revision="",
            dimension=3 * NUM_COEFFICIENTS[model],
            preprocessing=f"{DESCRIPTION}{lifter}; mean, standard deviation, change against {typical}",
            weights="",
        )
        super().__init__(fingerprint, frozenset({"audio", "video"}), batch_size=256)

    def _prepare(self, modality: Modality, item: Audio) -> Vectors:
        bands = log_mel(audio_of(modality, item)) - _pink()
        bands -= bands.mean()
        scale = np.ones(MEL_BANDS, np.float32)
        if self.fingerprint.model == "mfcc":
            bands, scale = _cepstrum(bands)
        steps = np.diff(bands, axis=0) if len(bands) > 1 else np.zeros_like(bands)
        std, step = (np.maximum(part.std(axis=0) * scale, MIN_DB) for part in (bands, steps))
        parts = (
            bands.mean(axis=0) * scale / TYPICAL_MEAN_DB,
            np.log2(std / TYPICAL_STD_DB),
            np.log2(step / TYPICAL_DELTA_DB),
        )
        return np.concatenate(parts).astype(np.float32)

    def _vectors(self, modality: Modality, batch: list[Vectors]) -> Vectors:  # noqa: ARG002 - videos are prepared to the same numbers
        vectors = np.stack(batch)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _cepstrum(bands: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each frame's cepstral coefficients without the first, which is loudness; and the scale of each coefficient."""
    from scipy.fft import dct

    order = np.arange(1, COEFFICIENTS + 1)
    coefficients = dct(bands, type=2, norm="ortho", axis=1)[:, 1 : COEFFICIENTS + 1]
    return np.asarray(coefficients, np.float32), np.asarray(order**LIFTER * (5 / MEL_BANDS) ** 0.5, np.float32)


@cache
def _pink() -> NDArray[np.float32]:
    """float32 (MEL_BANDS,): decibels of pink noise, whose power falls with frequency as in most sounds."""
    hertz = np.maximum(np.arange(WINDOW_SAMPLES // 2 + 1) * SAMPLE_RATE / WINDOW_SAMPLES, 1)
    return np.asarray(10 * np.log10((1 / hertz) @ mel_filters()), np.float32)


def load(model: str) -> SpectralEncoder:
    """The encoder `log-mel` or `mfcc`; EncoderError for any other name."""
    if model not in NUM_COEFFICIENTS:
        raise EncoderSpecError(f"encoder 'spectral:{model}' is not known; write spectral:log-mel or spectral:mfcc")
    return SpectralEncoder(model)


LIBRARY = Library(
    name="spectral",
    module="av",
    modalities=("audio", "video"),
    models="log-mel or mfcc: statistics over time, no weights",
    load=load,
    example="mfcc",
)
