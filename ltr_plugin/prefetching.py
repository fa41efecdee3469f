"""Items prepared in threads ahead of their use."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Prefetcher(Generic[T, R]):
    """Applies `work` to items in a pool, in order; at most `ahead` results wait in memory, unlike with `pool.map`.

    Iterating gives each item with its result; what is not used any more when the loop ends is not begun.
    """

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> None:
        self._pool, self._work, self._items, self._ahead = pool, work, iter(items), ahead
        self._running: deque[tuple[T, Future[R]]] = deque()

    def take(self, count: int) -> list[tuple[T, R]]:
        """The next `count` items with their results, or all that remain; waits until they are ready."""
        for item in islice(self._items, self._ahead - len(self._running)):
            self._running.append((item, self._pool.submit(self._work, item)))
        batch = [self._running.popleft() for _ in range(min(count, len(self._running)))]
        return [(item, future.result()) for item, future in batch]

    def is_ready(self, count: int) -> bool:
        """Whether `take(count)` would return items without waiting."""
        return bool(self._running) and all(future.done() for _, future in islice(self._running, count))

    def __iter__(self) -> Iterator[tuple[T, R]]:
        """Each item with its result."""
        try:
            while batch := self.take(1):
                yield from batch
        finally:
            for _, future in self._running:
                future.cancel()
