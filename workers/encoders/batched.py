"""What encoders share whatever runs them: batches of like length, one call at a time, videos in the space of photos."""

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from workers.encoders.protocol import Vectors


class BatchedEncoder:
    """Base of the encoders: a subclass prepares items and says what its model makes of a batch of them.

    An encoder of photos encodes videos too: a video is prepared frame by frame, and its vector is the mean direction
    of its frames' vectors, so that photos and words find videos as they find photos.
    """

    def __init__(self, fingerprint: Fingerprint, sources: frozenset[Modality], batch_size: int) -> None:
        self.fingerprint = fingerprint
        self.sources: frozenset[Modality] = sources | {"video"} if "image" in sources else sources
        self.batch_size = batch_size
        self._lock = threading.Lock()

    def prepare(self, source: Modality, item: Any) -> Any:  # noqa: ANN401 - each modality has its own
        """See Encoder. A video comes back as the list of its prepared frames."""
        if self._by_frames(source):
            return [self._prepare("image", frame) for frame in item.frames]
        return self._prepare(source, item)

    def encode(self, source: Modality, prepared: Sequence[Any]) -> Vectors:
        """See Encoder. Items of like length share a batch, so that little is spent on padding."""
        if self._by_frames(source):
            frames = self.encode("image", [frame for video in prepared for frame in video])
            return _mean_directions(frames, [len(video) for video in prepared])
        vectors = np.empty((len(prepared), self.fingerprint.dimension), np.float32)
        order = sorted(range(len(prepared)), key=lambda place: self._length(prepared[place]))
        with self._lock, self._running():
            for start in range(0, len(order), self.batch_size):
                places = order[start : start + self.batch_size]
                vectors[places] = self._vectors(source, [prepared[place] for place in places])
        return vectors

    def _prepare(self, source: Modality, item: Any) -> Any:  # noqa: ANN401
        raise NotImplementedError

    def _vectors(self, source: Modality, batch: list[Any]) -> Vectors:
        raise NotImplementedError

    def _length(self, prepared: Any) -> int:  # noqa: ANN401 - what `prepare` gave
        return len(prepared)

    def _running(self) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext()

    def _by_frames(self, source: Modality) -> bool:
        return source == "video" and "image" in self.sources


def _mean_directions(vectors: Vectors, counts: Sequence[int]) -> Vectors:
    """(len(counts), dimension): the mean direction of each run of `counts[i]` unit vectors; zeros where they cancel."""
    sums = np.zeros((len(counts), vectors.shape[1]), np.float32)
    np.add.at(sums, np.repeat(np.arange(len(counts)), counts), vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    directions: Vectors = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 1e-6)
    return directions
