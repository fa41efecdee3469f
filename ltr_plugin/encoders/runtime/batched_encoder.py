"""The base of all encoders: batches that fit into memory, parallel streams, and videos encoded by their frames."""

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
from ltr_plugin.encoders.protocol import Parts, Vectors, join_parts
from ltr_plugin.encoders.runtime.batch_packing import pack
from ltr_plugin.encoders.runtime.batch_size_tuner import BatchSizeTuner
from ltr_plugin.encoders.runtime.vector_cache import VectorCache
from ltr_plugin.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

MIN_MEASURED_S = 1.0
"""Minimum time for timing a batch size that is smaller than the default."""


class BatchedEncoder:
    """Base of the encoders: a subclass implements `_prepare` for one item and `_vectors` for a batch.

    An image encoder also encodes videos: a video is prepared frame by frame, and its vector is the mean direction of
    its frames' vectors, so that photos and text find videos as they find photos.
    """

    def __init__(
        self,
        fingerprint: Fingerprint,
        modalities: frozenset[Modality],
        batch_size: int,
        tuner: BatchSizeTuner | None = None,
    ) -> None:
        """`batch_size` is used until a call has that many items; then `tuner` finds a better one with them."""
        self.fingerprint = fingerprint
        self.modalities: frozenset[Modality] = modalities | {"video"} if "image" in modalities else modalities
        settings = Settings.from_env()
        self._batch = settings.batch_size or batch_size
        self.batch_size = self._batch * max(map(self._streams, modalities))
        self._tuner = None if settings.batch_size else tuner
        self._token_budgets: dict[Modality, int] = {}
        self._sizes: dict[Modality, set[int]] = {modality: set() for modality in self.modalities}
        self._cache = VectorCache(settings.cached_texts)
        self._lock = threading.RLock()
        self._pools: dict[Modality, ThreadPoolExecutor] = {}

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401 - each modality has its own
        """The item in the form that `encode` takes; of an image encoder, a video is the list of its prepared frames."""
        if self._by_frames(modality):
            return [self._prepare("image", frame) for frame in item.frames]
        return self._prepare(modality, item)

    def prepare_query(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """A shopper's item in the form that `encode` takes; models with a prefix for queries have another."""
        return self.prepare(modality, item)

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of prepared items, float32 (n, dimension) of unit length, in their order."""
        return join_parts(self.encode_in_parts(modality, prepared), len(prepared), self.fingerprint.dimension)

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Parts:
        """Positions in `prepared` with their vectors, batch by batch; items of similar length share a batch (`pack`).

        When memory does not suffice, batches are halved from then on. When a single item does not fit, the library's
        own error is raised.
        """
        if not len(prepared):
            return
        if self._by_frames(modality):
            frames = self.encode("image", [frame for video in prepared for frame in video])
            yield range(len(prepared)), _mean_directions(frames, [len(video) for video in prepared])
        elif isinstance(prepared[0], str):
            yield from self._encode_texts(modality, prepared)
        else:
            yield from self._encode_batches(modality, list(prepared))

    def _encode_texts(self, modality: Modality, texts: Sequence[str]) -> Parts:
        """Those whose vectors are known first, then the others, whose vectors are kept."""
        known = self._cache.find(texts)
        if known:
            yield list(known), np.stack(list(known.values()))
        new = [position for position in range(len(texts)) if position not in known]
        if new:
            for positions, vectors in self._encode_batches(modality, [texts[position] for position in new]):
                self._cache.keep([texts[new[position]] for position in positions], vectors)
                yield [new[position] for position in positions], vectors

    def _encode_batches(self, modality: Modality, prepared: list[Any]) -> Parts:
        items = self._tokens(prepared) if modality == "text" else prepared
        lengths = [self._length(item) for item in items]
        with self._lock:
            token_budget = self._token_budget(modality, items, lengths)
            batches = pack(lengths, token_budget, -(-len(items) // self._streams(modality)), self._sizes[modality])
            # libraries set up each new size, which takes time, and memory that they keep
            self._sizes[modality].update(len(batch) * max(1, lengths[batch[0]]) for batch in batches)
        work = [[items[position] for position in batch] for batch in batches]
        yield from zip(batches, self._each(modality, partial(self._in_parts, modality), work), strict=True)

    def _prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        raise NotImplementedError

    def _vectors(self, modality: Modality, batch: list[Any]) -> Vectors:
        raise NotImplementedError

    def _tokens(self, texts: Sequence[Any]) -> list[Any]:
        """The items that batches of texts are made of: the texts, or tokens made for all texts of a call at once."""
        return list(texts)

    def _length(self, item: Any) -> int:  # noqa: ANN401 - tokens, or what `prepare` gave
        """The item's length, to which shorter items of its batch are padded."""
        return len(item)

    def _streams(self, modality: Modality) -> int:  # noqa: ARG002
        """How many threads run the model in parallel, each on its own batch."""
        return 1

    def _start_stream(self, modality: Modality) -> None:
        """Initialises such a thread."""

    def _running(self) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext()

    def _out_of_memory(self, error: Exception) -> bool:
        return isinstance(error, MemoryError)

    def _free_memory(self) -> None:
        """Releases memory that a larger batch took."""

    def _token_budget(self, modality: Modality, items: list[Any], lengths: list[int]) -> int:
        """The maximum of a batch's count of items times the length of its longest item."""
        if modality in self._token_budgets:
            return self._token_budgets[modality]
        if self._tuner is None or len(items) < self._batch:
            return self._batch * max(1, *lengths)
        middle = sorted(range(len(items)), key=lengths.__getitem__)[len(items) // 2]
        typical = items[middle]
        self._seconds(modality, [typical] * 2)  # not timed: a first batch may compile the model
        size = self._tuner.best(lambda size: self._seconds(modality, [typical] * size, MIN_MEASURED_S), self._batch)
        log.info("%s: batches of %d items are fastest", modality, size)
        self._token_budgets[modality] = size * max(1, lengths[middle])
        self._free_memory()
        if modality != "text":
            self.batch_size = size * self._streams(modality)
        return self._token_budgets[modality]

    def _seconds(self, modality: Modality, batch: list[Any], measured_s: float = 0) -> float | None:
        """The mean time of the batch, run in all streams at once; None when memory does not suffice.

        It is repeated until `_batch` items were encoded or `measured_s` have passed.
        """
        began, runs, elapsed_s = time.perf_counter(), 0, 0.0
        while runs == 0 or (elapsed_s < measured_s and runs * len(batch) < self._batch):
            results = self._each(modality, partial(self._within_memory, modality), [batch] * self._streams(modality))
            if any(vectors is None for vectors in list(results)):
                return None
            runs, elapsed_s = runs + 1, time.perf_counter() - began
        return elapsed_s / runs

    def _each(self, modality: Modality, run: Callable[[list[Any]], T], batches: list[list[Any]]) -> Iterator[T]:
        """The result of `run` for each batch, in order; in parallel if the model has several streams.

        A stream has its own thread even if it is the only one: a model that is called from alternating threads loses
        the core's caches, 10 % of a small model's time.
        """
        streams = self._streams(modality)
        with self._lock:
            if len(batches) < streams:
                return map(run, batches)
            if modality not in self._pools:
                self._pools[modality] = ThreadPoolExecutor(streams, "encoder", self._start_stream, (modality,))
        return self._pools[modality].map(run, batches)

    def _in_parts(self, modality: Modality, batch: list[Any]) -> Vectors:
        """The batch's vectors, made in smaller parts if memory does not suffice."""
        parts: list[Vectors] = []
        while rest := batch[sum(map(len, parts)) :]:
            longest = max(1, self._length(rest[0]))
            part = rest[: max(1, self._token_budgets[modality] // longest)] if modality in self._token_budgets else rest
            vectors = self._within_memory(modality, part)
            if vectors is None:
                self._token_budgets[modality] = len(part) // 2 * longest
            else:
                parts.append(vectors)
        return np.concatenate(parts)

    def _within_memory(self, modality: Modality, batch: list[Any]) -> Vectors | None:
        """The batch's vectors; None when memory does not suffice."""
        try:
            with self._running():
                return self._vectors(modality, batch)
        except Exception as error:
            if len(batch) == 1 or not self._out_of_memory(error):
                raise
        self._free_memory()  # not in the handler, where the error still keeps the batch in memory
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
