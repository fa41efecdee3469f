"""Results written in the background."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


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
