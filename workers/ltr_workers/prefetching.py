"""Items made ready ahead of the encoder, and results written behind it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Prefetcher(Generic[T, R]):
    """The items with what `work` makes of each, in order; never more than `ahead` of them in memory."""

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> None:
        self._pool, self._work, self._items, self._ahead = pool, work, iter(items), ahead
        self._running: deque[tuple[T, Future[R]]] = deque()

    def take(self, count: int) -> list[tuple[T, R]]:
        """The next `count` items, or those that are left, once they are ready."""
        for item in islice(self._items, self._ahead - len(self._running)):
            self._running.append((item, self._pool.submit(self._work, item)))
        taken = [self._running.popleft() for _ in range(min(count, len(self._running)))]
        return [(item, future.result()) for item, future in taken]

    def is_ready(self, count: int) -> bool:
        """Whether there are items to take without waiting for them."""
        return bool(self._running) and all(future.done() for _, future in islice(self._running, count))


def write_in_background(work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
    """What `work` makes of each part, in order, in a thread of its own while the next parts are made.

    After an error of `work` it is not called again, and the error is raised before another part is made. When the parts
    end with an error, those before it are finished first.
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
