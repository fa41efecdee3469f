"""Work that requests at the same time share: what waits while a batch runs is the next batch."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class QueueFullError(Exception):
    """More items wait than will be done in a useful time."""


class SharedBatches(Generic[Item, Result]):
    """Calls `run` with many items at once. An item that comes alone is not held back for others.

    `run` returns a result for each item, in order; a result that is an exception is raised for its item alone. An item
    whose caller gave up before its batch began is left out.
    """

    def __init__(
        self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]], *, batch: int, waiting: int
    ) -> None:
        """`batch` is the maximum number of items of a call of `run`, `waiting` that of items that wait for theirs."""
        self._run, self._batch, self._waiting = run, batch, waiting
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """The result of an item. QueueFullError when too many wait."""
        if len(self._queue) >= self._waiting:
            raise QueueFullError
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._queue:
                pairs = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                await self._do([(item, future) for item, future in pairs if not future.done()])
        finally:
            self._running = None

    async def _do(self, pairs: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        if not pairs:
            return
        try:
            results: Sequence[Result | Exception] = await self._run([item for item, _ in pairs])
        except Exception as error:
            results = [error] * len(pairs)
        for (_, future), result in zip(pairs, results, strict=True):
            with suppress(asyncio.InvalidStateError):  # its caller gave up meanwhile
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
