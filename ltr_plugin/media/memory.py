"""Memory that media may take in this process at a time, whatever the number of threads that open them."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryBudget:
    """Bytes that all threads may hold at a time. Threads get room in the order in which they ask for it."""

    def __init__(self, size: int) -> None:
        self._size, self._used = size, 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Waits until there is room, and holds it in the block. More than the whole budget is held alone.

        A thread that holds room must not reserve more of the same budget.
        """
        size = min(size, self._size)
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._queue[0] is ticket and self._used + size <= self._size)
                self._used += size
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._used -= size
                self._changed.notify_all()


FILES = MemoryBudget(1 << 30)
"""For the bytes of media that are read or decoded now: each counts as the largest of its modality."""

DECODING = MemoryBudget(1 << 30)
"""For what decoders hold: pixels, frames and samples. A photo of 50 million pixels is decoded alone."""
