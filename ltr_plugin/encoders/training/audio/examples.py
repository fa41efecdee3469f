"""Audio to learn from, in memory as spectrograms, and crops of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.audio.log_mel import FLOOR_DB, MEL_BANDS, Spectrogram, log_mel
from ltr_plugin.encoders.audio.mel_cnn import AUDIBLE_DB
from ltr_plugin.encoders.training.examples import Examples, MediaSource, captions, read_usable
from ltr_plugin.encoders.training.random_tensors import uniform
from ltr_plugin.media.audio import open_audio
from ltr_plugin.progress import Progress


@dataclass(frozen=True)
class AudioExamples(Examples):
    """`spectrograms` are float16 (frames, MEL_BANDS) decibels, each with any number of frames."""

    spectrograms: tuple[NDArray[np.float16], ...]

    def spectrogram(self, item: int) -> Spectrogram:
        """The spectrogram of one item, float32 (frames, MEL_BANDS)."""
        return self.spectrograms[item].astype(np.float32)

    def crops(self, items: Sequence[int], frames: int, generator: torch.Generator) -> torch.Tensor:
        """float32 (n, frames, MEL_BANDS) decibels: a random stretch of each item that contains an audible frame."""
        crops = np.full((len(items), frames, MEL_BANDS), FLOOR_DB, np.float32)
        draws = uniform(0, 1, len(items), 2, generator=generator).tolist()
        for crop, item, (which, where) in zip(crops, items, draws, strict=True):
            whole = self.spectrograms[item]
            loud = np.flatnonzero(whole.max(axis=1) > AUDIBLE_DB)
            start = int(loud[int(which * len(loud))]) - int(where * frames)
            if len(whole) > frames:
                start = min(max(start, 0), len(whole) - frames)
            end = min(start + frames, len(whole))
            crop[max(0, -start) : end - start] = whole[max(0, start) : end]
        return torch.from_numpy(crops)


def read_audio(products: Sequence[Product], sources: Sequence[MediaSource], progress: Progress) -> AudioExamples:
    """The examples of all usable audio."""
    usable: list[MediaSource] = []
    spectrograms: list[NDArray[np.float16]] = []
    unusable: list[str] = []
    for source, spectrogram in read_usable(
        sources, lambda source: log_mel(open_audio(source.root, source.reference)), unusable, progress
    ):
        usable.append(source)
        spectrograms.append(spectrogram.astype(np.float16))
    return AudioExamples(
        shows=tuple(source.shows for source in usable),
        from_judgment=tuple(source.from_judgment for source in usable),
        captions=tuple(tuple(captions(product)) for product in products),
        unusable=tuple(unusable),
        spectrograms=tuple(spectrograms),
    )
