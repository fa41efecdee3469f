"""The vectors of the texts that were encoded last."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_uncached: ContextVar[bool] = ContextVar("uncached", default=False)


@contextlib.contextmanager
def uncached() -> Iterator[None]:
    """In the block, this thread neither finds nor keeps vectors in any cache: what is measured must be encoded."""
    token = _uncached.set(True)
    try:
        yield
    finally:
        _uncached.reset(token)


class VectorCache:
    """Vectors of the last `size` texts; several threads may share it.

    The text of a product or a query is needed by several vector fields whose encoders have the same text tower.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._vectors: OrderedDict[tuple[type, bytes], NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, texts: Sequence[str]) -> dict[int, NDArray[np.float32]]:
        """The vectors of those texts that are known, by their position."""
        if _uncached.get():
            return {}
        found = {}
        with self._lock:
            for at, text in enumerate(texts):
                if (key := _key(text)) in self._vectors:
                    self._vectors.move_to_end(key)
                    found[at] = self._vectors[key]
        return found

    def keep(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Adds vectors (n, dimension); those used longest ago are forgotten."""
        if _uncached.get():
            return
        with self._lock:
            for text, vector in zip(texts, vectors, strict=True):
                self._vectors[_key(text)] = vector.copy()  # a row alone would keep the whole array
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)


def _key(text: str) -> tuple[type, bytes]:
    """A key of few bytes, however long the text; a query has a type of its own where a model has a prefix for it."""
    return type(text), blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
