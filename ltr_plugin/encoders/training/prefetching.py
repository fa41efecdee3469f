"""Work done in threads ahead of its use, by a limited number of results."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def map_ahead(pool: ThreadPoolExecutor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """The result of `work` for each item, in order; at most `ahead` of them wait in memory, unlike with `pool.map`."""
    remaining = iter(items)
    running: deque[Future[R]] = deque(pool.submit(work, item) for item in islice(remaining, ahead))
    try:
        while running:
            result = running.popleft().result()
            running.extend(pool.submit(work, item) for item in islice(remaining, 1))
            yield result
    finally:
        for future in running:
            future.cancel()
