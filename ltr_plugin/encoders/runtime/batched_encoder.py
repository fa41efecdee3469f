"""What encoders share whatever runs them: batches within memory, in streams, and videos in the space of photos."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.runtime.batch_packing import pack
from ltr_plugin.encoders.runtime.batch_size_tuner import BatchSizeTuner
from ltr_plugin.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

MIN_MEASURED_S = 1.0
"""How long a size of batches is tried at least, where one holds fewer items than are tried of a larger size."""


class BatchedEncoder:
    """Base of the encoders: a subclass prepares items and says what its model makes of a batch of them.

    An encoder of photos encodes videos too: a video is prepared frame by frame, and its vector is the mean direction
    of its frames' vectors, so that photos and words find videos as they find photos.
    """

    def __init__(
        self,
        fingerprint: Fingerprint,
        modalities: frozenset[Modality],
        batch_size: int,
        tuner: BatchSizeTuner | None = None,
    ) -> None:
        """`batch_size` holds until there is as much work as that, on which `trial` then finds a better one."""
        self.fingerprint = fingerprint
        self.modalities: frozenset[Modality] = modalities | {"video"} if "image" in modalities else modalities
        stated = Settings.from_env().batch_size
        self._batch = stated or batch_size
        self.batch_size = self._batch * max(map(self._streams, modalities))
        self._tuner = None if stated else tuner
        self._token_budgets: dict[Modality, int] = {}
        self._sizes: dict[Modality, set[int]] = {modality: set() for modality in self.modalities}
        self._lock = threading.RLock()
        self._pools: dict[Modality, ThreadPoolExecutor] = {}

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401 - each modality has its own
        """See Encoder. A video comes back as the list of its prepared frames."""
        if self._by_frames(modality):
            return [self._prepare("image", frame) for frame in item.frames]
        return self._prepare(modality, item)

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """See Encoder."""
        vectors = np.empty((len(prepared), self.fingerprint.dimension), np.float32)
        for places, made in self.encode_in_parts(modality, prepared):
            vectors[places] = made
        return vectors

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Iterator[tuple[Sequence[int], Vectors]]:
        """See Encoder. Items of like length share a batch (`pack`), so that little is spent on padding.

        Where memory does not suffice, batches are halved from there on; the library's own error when one item is too
        much for it.
        """
        if not len(prepared):
            return
        if self._by_frames(modality):
            frames = self.encode("image", [frame for video in prepared for frame in video])
            yield range(len(prepared)), _mean_directions(frames, [len(video) for video in prepared])
            return
        items = self._tokens(prepared) if modality == "text" else list(prepared)
        lengths = [self._length(item) for item in items]
        with self._lock:
            token_budget = self._token_budget(modality, items, lengths)
            batches = pack(lengths, token_budget, -(-len(items) // self._streams(modality)), self._sizes[modality])
            # a library readies itself for each new size, which takes time and memory that it keeps
            self._sizes[modality].update(len(batch) * max(1, lengths[batch[0]]) for batch in batches)
        work = [[items[place] for place in batch] for batch in batches]
        yield from zip(batches, self._each(modality, partial(self._in_parts, modality), work), strict=True)

    def _prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        raise NotImplementedError

    def _vectors(self, modality: Modality, batch: list[Any]) -> Vectors:
        raise NotImplementedError

    def _tokens(self, texts: Sequence[Any]) -> list[Any]:
        """What batches of texts are made of: tokens, where they are better made for all texts of a call than for each,
        beside other calls' batches."""
        return list(texts)

    def _length(self, item: Any) -> int:  # noqa: ANN401 - tokens, or what `prepare` gave
        """What all items of a batch are padded to."""
        return len(item)

    def _streams(self, modality: Modality) -> int:  # noqa: ARG002
        """How many threads run the model side by side, each on a batch of its own."""
        return 1

    def _start_stream(self, modality: Modality) -> None:
        """What each such thread does first."""

    def _running(self) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext()

    def _out_of_memory(self, error: Exception) -> bool:
        return isinstance(error, MemoryError)

    def _free_memory(self) -> None:
        """Gives back what a larger batch than is made now took."""

    def _token_budget(self, modality: Modality, items: list[Any], lengths: list[int]) -> int:
        """What a batch may hold: its count of items times the longest of them."""
        if modality in self._token_budgets:
            return self._token_budgets[modality]
        if self._tuner is None or len(items) < self._batch:
            return self._batch * max(1, *lengths)
        middle = sorted(range(len(items)), key=lengths.__getitem__)[len(items) // 2]
        typical = items[middle]
        self._seconds(modality, [typical] * 2)  # what a first batch alone takes, such as compiling, is not timed
        size = self._tuner.best(lambda size: self._seconds(modality, [typical] * size, MIN_MEASURED_S), self._batch)
        log.info("%s: %d items a batch, found by trial", modality, size)
        self._token_budgets[modality] = size * max(1, lengths[middle])
        self._free_memory()
        if modality != "text":
            self.batch_size = size * self._streams(modality)
        return self._token_budgets[modality]

    def _seconds(self, modality: Modality, batch: list[Any], measured_s: float = 0) -> float | None:
        """What the batch takes in each stream; None when memory does not suffice.

        The mean of as many as hold `_batch` items or take `measured_s`: a slow moment counts more against one batch.
        """
        began, turns, took = time.perf_counter(), 0, 0.0
        while turns == 0 or (took < measured_s and turns * len(batch) < self._batch):
            found = list(
                self._each(modality, partial(self._within_memory, modality), [batch] * self._streams(modality))
            )
            if any(made is None for made in found):
                return None
            turns, took = turns + 1, time.perf_counter() - began
        return took / turns

    def _each(self, modality: Modality, run: Callable[[list[Any]], T], batches: list[list[Any]]) -> Iterator[T]:
        """What `run` makes of each batch, in order: side by side where the model runs in several streams.

        A stream has a thread of its own even where it is the only one: a model that goes from one caller's thread to
        the next finds another core's caches each time, a tenth of a small model's time.
        """
        streams = self._streams(modality)
        with self._lock:
            if len(batches) < streams:
                return map(run, batches)
            if modality not in self._pools:
                self._pools[modality] = ThreadPoolExecutor(streams, "encoder", self._start_stream, (modality,))
        return self._pools[modality].map(run, batches)

    def _in_parts(self, modality: Modality, batch: list[Any]) -> Vectors:
        """The batch's vectors, made in smaller parts where memory does not suffice."""
        parts: list[Vectors] = []
        while rest := batch[sum(map(len, parts)) :]:
            longest = max(1, self._length(rest[0]))
            part = rest[: max(1, self._token_budgets[modality] // longest)] if modality in self._token_budgets else rest
            found = self._within_memory(modality, part)
            if found is None:
                self._token_budgets[modality] = len(part) // 2 * longest
            else:
                parts.append(found)
        return np.concatenate(parts)

    def _within_memory(self, modality: Modality, batch: list[Any]) -> Vectors | None:
        """The batch's vectors; None when it is too large for the memory there is."""
        try:
            with self._running():
                return self._vectors(modality, batch)
        except Exception as error:
            if len(batch) == 1 or not self._out_of_memory(error):
                raise
        self._free_memory()  # only here, since the error keeps the batch in memory while it is handled
        return None

    def _by_frames(self, modality: Modality) -> bool:
        return modality == "video" and "image" in self.modalities


def _mean_directions(vectors: Vectors, counts: Sequence[int]) -> Vectors:
    """(len(counts), dimension): the mean direction of each run of `counts[i]` unit vectors; zeros where they cancel."""
    sums = np.zeros((len(counts), vectors.shape[1]), np.float32)
    np.add.at(sums, np.repeat(np.arange(len(counts)), counts), vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    directions: Vectors = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 1e-6)
    return directions
