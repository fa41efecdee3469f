"""Work ahead of a loop, in threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from ltr_plugin.prefetching import Prefetcher


def test_work_ahead_stays_within_its_bound():
    with ThreadPoolExecutor(2) as pool:
        started = []
        ahead = Prefetcher(pool, lambda item: started.append(item) or item * 2, range(100), 5)
        assert ahead.take(1) == [(0, 0)]
        assert len(started) <= 5
        taken = []
        while some := ahead.take(3):
            taken += some
            assert len(started) <= len(taken) + 1 + 2
        assert taken == [(item, item * 2) for item in range(1, 100)]


def test_work_ahead_tells_whether_it_is_ready():
    free = Event()
    with ThreadPoolExecutor(1) as pool:
        ahead = Prefetcher(pool, lambda item: item < 4 or free.wait(), range(8), 4)
        assert not ahead.is_ready(2)
        assert ahead.take(2) == [(0, True), (1, True)]
        pool.submit(int).result()
        assert ahead.is_ready(2)
        assert ahead.take(2) == [(2, True), (3, True)]
        assert not ahead.is_ready(2)
        free.set()
        assert len(ahead.take(4)) == 4
        assert not ahead.is_ready(1)
        assert ahead.take(1) == []


def test_a_loop_gets_each_item_with_its_result_and_leaves_the_rest_undone():
    started = []
    with ThreadPoolExecutor(1) as pool:
        assert list(Prefetcher(pool, lambda item: -item, range(10), 5)) == [(item, -item) for item in range(10)]
        free = Event()
        for item, _ in Prefetcher(pool, lambda item: started.append(item) or item == 0 or free.wait(), range(100), 5):
            if item == 0:
                break
        free.set()
    assert len(started) <= 2
