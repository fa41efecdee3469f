"""Items of requests at the same time share a batch, and a mistake of one is its own."""

import asyncio

import pytest

from ltr_plugin.service.batches import QueueFullError, SharedBatches


class Doubling:
    """Doubles numbers; each batch takes as long as `gate` is closed. A negative number is refused, 666 ends a batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items):
        self.batches.append(list(items))
        await self.gate.wait()
        if 666 in items:
            raise RuntimeError("the encoder died")
        return [ValueError("negative") if item < 0 else 2 * item for item in items]


async def waiting(shared, *items):
    """Tasks for the items, each of which waits."""
    tasks = [asyncio.create_task(shared(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_an_item_that_comes_alone_is_not_held_back():
    async def trial():
        run = Doubling()
        assert await SharedBatches(run, batch=8, waiting=8)(4) == 8
        assert run.batches == [[4]]

    asyncio.run(trial())


def test_what_comes_while_a_batch_runs_is_the_next_batch():
    async def trial():
        run = Doubling()
        shared = SharedBatches(run, batch=3, waiting=8)
        run.gate.clear()
        tasks = await waiting(shared, 1, 2, 3, 4, 5)
        run.gate.set()
        assert await asyncio.gather(*tasks) == [2, 4, 6, 8, 10]
        assert run.batches == [[1, 2, 3], [4, 5]] or run.batches == [[1], [2, 3, 4], [5]]

    asyncio.run(trial())


def test_an_item_that_is_refused_leaves_its_neighbours_alone():
    async def trial():
        run = Doubling()
        shared = SharedBatches(run, batch=8, waiting=8)
        results = await asyncio.gather(*(shared(item) for item in (1, -1, 2)), return_exceptions=True)
        assert [results[0], results[2]] == [2, 4]
        assert isinstance(results[1], ValueError)

    asyncio.run(trial())


def test_a_batch_that_dies_fails_for_its_callers_and_the_next_one_runs():
    async def trial():
        shared = SharedBatches(Doubling(), batch=8, waiting=8)
        results = await asyncio.gather(shared(1), shared(666), return_exceptions=True)
        assert [type(one) for one in results] == [RuntimeError] * 2
        assert await shared(3) == 6

    asyncio.run(trial())


def test_whoever_gives_up_before_its_batch_is_not_encoded():
    async def trial():
        run = Doubling()
        shared = SharedBatches(run, batch=1, waiting=8)
        run.gate.clear()
        first, second, third = await waiting(shared, 1, 2, 3)
        second.cancel()
        await asyncio.sleep(0)
        run.gate.set()
        assert await asyncio.gather(first, third) == [2, 6]
        assert run.batches == [[1], [3]]

    asyncio.run(trial())


def test_more_than_can_wait_are_told_at_once():
    async def trial():
        run = Doubling()
        shared = SharedBatches(run, batch=1, waiting=2)
        run.gate.clear()
        tasks = [*await waiting(shared, 1), *await waiting(shared, 2, 3)]
        with pytest.raises(QueueFullError):
            await shared(4)
        run.gate.set()
        assert await asyncio.gather(*tasks) == [2, 4, 6]

    asyncio.run(trial())
