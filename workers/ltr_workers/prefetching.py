"""Items prepared ahead of the encoder, and results written in the background."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Prefetcher(Generic[T, R]):
    """Applies `work` to items in a pool, in order; at most `ahead` results wait in memory."""

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


def write_in_background(work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
    """The result of `work` for each part, in order; it runs in a thread of its own while the next parts are made.

    After an error of `work` it is not called again, and the error is raised before another part is made. When making a
    part fails, the parts before it are finished first.
    """
    running: deque[Future[R]] = deque()
    last: Future[R] | None = None

    def work_after(before: Future[R] | None, part: T) -> R:
        if before:
            before.result()
        return work(part)

    with ThreadPoolExecutor(1, "write_in_background") as thread:
        for part in parts:
            last = thread.submit(copy_context().run, work_after, last, part)  # for log lines to say whose they are
            running.append(last)
            while running and running[0].done():
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
