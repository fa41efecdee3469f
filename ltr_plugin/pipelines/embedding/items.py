"""The items of a task (texts, or media references): read and opened ahead, in threads, and encoded in batches."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.catalog.references import is_url, public_reference
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.encoders import Encoder, Vectors
from ltr_plugin.encoders.runtime.cores import cores, lower_priority
from ltr_plugin.errors import ItemsRefusedError, MediaError, MediaUnavailableError, NothingToEncodeError
from ltr_plugin.media.fetching import TIMEOUT_S
from ltr_plugin.media.memory import FILES
from ltr_plugin.media.openers import DECODERS, MAX_BYTES
from ltr_plugin.media.reading import read_media
from ltr_plugin.prefetching import Prefetcher

PREFETCH_BATCHES = 4
"""Batches of media that are decoded ahead of the encoder."""

MAX_FETCH_S = 120.0
"""Seconds, of all threads together, that the URLs of one product may take in one task; the rest is left for later."""

ENCODE_LOCKS: Mapping[Modality, Lock] = {modality: Lock() for modality in MODALITIES}
"""A task holds its modality's lock while it has items ready to encode. If two tasks alternated batch by batch, both
would end at the same time, and the encoder would wait while both read the next media."""

VECTORS_PER_WRITE = 128
"""Vectors written in one bulk request when more are encoded together; smaller requests would cost the cluster more."""

IMAGES_PER_ITEM: Mapping[Modality, int] = {"video": 8}
"""How many photos one item holds in memory, where it is more than one."""

log = logging.getLogger(__name__)


@dataclass
class EncoderTimes:
    """`waited_s` is the time in which the encoder had no items, `encoded_s` the time in which it was busy."""

    waited_s: float = 0.0
    encoded_s: float = 0.0


ItemResult = np.ndarray[Any, Any] | str | MediaUnavailableError | None
"""An item's vector (dimension,); or what is wrong with it, for good (a text) or for now (an error); None: the item has
nothing to encode."""

Results = Mapping[VectorField, Mapping[str, ItemResult]]


def encode_items(
    encoders: Mapping[VectorField, Encoder],
    wanted: Mapping[VectorField, set[str]],
    source: Modality,
    owners: Mapping[str, str],
    roots: MediaRoots,
    times: EncoderTimes,
) -> Iterator[Results]:
    """The results so far, by field and item; the same growing mapping again and again.

    `owners` has the items in order, each with the id of its first product. Each item is opened once for all its
    encoders, in threads, ahead of the encoders.
    """
    reader = Reader(source, owners, roots)

    def ready(item: str) -> dict[VectorField, Any]:
        try:
            opened = reader.open(item)
        except MediaError as error:
            return dict.fromkeys(encoders, error)
        return {field: _prepared(encoders[field], source, opened) for field in encoders if item in wanted[field]}

    def encode(batch: Sequence[tuple[str, dict[VectorField, Any]]]) -> Iterator[Results]:
        began, new = time.perf_counter(), 0
        for vector, encoder in encoders.items():
            own = {item: values[vector] for item, values in batch if vector in values}
            errors = {item: value for item, value in own.items() if isinstance(value, MediaError)}
            results[vector] |= {item: _reason(item, error) for item, error in errors.items()}
            good = {item: value for item, value in own.items() if item not in errors}
            names = list(good)
            try:
                for positions, encoded in encoder.encode_in_parts(source, list(good.values())):
                    results[vector] |= _valid(source, [names[position] for position in positions], encoded)
                    new += len(positions)
                    if new >= VECTORS_PER_WRITE:
                        times.encoded_s += time.perf_counter() - began
                        yield results
                        began, new = time.perf_counter(), 0
            except ItemsRefusedError as refused:
                refusals = {names[position]: reason for position, reason in refused.reasons.items()}
                results[vector] |= {item: _about(source, item, reason) for item, reason in refusals.items()}
        times.encoded_s += time.perf_counter() - began
        yield results

    results: dict[VectorField, dict[str, ItemResult]] = {field: {} for field in encoders}
    if source == "text":  # nothing to open; all at once, so that the encoder can batch texts of similar length
        yield from encode([(item, ready(item)) for item in owners])
        return
    items_per_batch = max(1, min(encoder.batch_size for encoder in encoders.values()) // IMAGES_PER_ITEM.get(source, 1))
    # many threads wait for URLs; with files, more threads than cores would only compete with encoding for Python's lock
    threads = None if any(map(is_url, owners)) else cores()
    with ThreadPoolExecutor(threads, initializer=lower_priority) as pool:
        ahead = Prefetcher(pool, ready, owners, PREFETCH_BATCHES * items_per_batch)
        while True:
            began = time.perf_counter()
            batch = ahead.take(items_per_batch)
            times.waited_s += time.perf_counter() - began
            if not batch:
                return
            with ENCODE_LOCKS[source]:
                while batch:
                    yield from encode(batch)
                    batch = ahead.take(items_per_batch) if ahead.is_ready(items_per_batch) else []


class Reader:
    """Opens items, within the memory of this process and the time for the URLs of each product."""

    def __init__(self, source: Modality, owners: Mapping[str, str], roots: MediaRoots) -> None:
        self._source: Modality = source
        self._owners, self._roots = owners, roots
        self._fetched_s: Counter[str] = Counter()
        self._lock = threading.Lock()

    def open(self, item: str) -> Any:  # noqa: ANN401 - what the encoder prepares
        """The opened item. MediaError when it is unusable."""
        if self._source == "text":
            return item
        with FILES.reserve(MAX_BYTES[self._source]):
            return DECODERS[self._source](self._read(item))

    def _read(self, item: str) -> bytes:
        max_bytes = MAX_BYTES[self._source]
        if not is_url(item):
            return read_media(self._roots.root_of(item), item, max_bytes=max_bytes)
        owner = self._owners[item]
        left_s = MAX_FETCH_S - self._fetched_s[owner]
        if left_s <= 0:
            raise MediaUnavailableError(f"the URLs of its product took {MAX_FETCH_S:g} s, before this one was fetched")
        began = time.monotonic()
        try:
            return read_media(self._roots.main, item, max_bytes=max_bytes, timeout_s=min(TIMEOUT_S, left_s))
        finally:
            with self._lock:
                self._fetched_s[owner] += time.monotonic() - began  # type: ignore[assignment]


def _prepared(encoder: Encoder, source: Modality, opened: Any) -> Any:  # noqa: ANN401 - what the encoder prepares
    try:
        return encoder.prepare(source, opened)
    except MediaError as error:
        return error
    except Exception as error:  # a library may raise anything; one item must not fail its batch
        log.exception("%s cannot be prepared", source)
        return MediaError(f"cannot be prepared: {type(error).__name__}: {error}")


def _reason(item: str, error: MediaError) -> ItemResult:
    if isinstance(error, NothingToEncodeError):
        return None
    shown = public_reference(item)
    reason = str(error) if shown in str(error) else f"{shown}: {error}"
    return MediaUnavailableError(reason) if isinstance(error, MediaUnavailableError) else reason


def _valid(source: Modality, items: Sequence[str], encoded: Vectors) -> dict[str, ItemResult]:
    """The vectors by item, with an error for those that a cluster refuses, and all others of the product with them."""
    lengths = np.linalg.norm(encoded, axis=1)
    valid = (lengths > 0) & (lengths < np.inf)
    return {
        item: one if is_valid else _about(source, item, "its vector is zero, or not of numbers")
        for item, one, is_valid in zip(items, encoded, valid, strict=True)
    }


def _about(source: Modality, item: str, reason: str) -> str:
    return reason if source == "text" else f"{public_reference(item)}: {reason}"
