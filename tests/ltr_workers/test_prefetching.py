"""Work ahead of a loop and behind it, in threads."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Event

import pytest
from ltr_workers.prefetching import Prefetcher, write_in_background


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


def test_work_behind_goes_on_while_the_next_part_is_made():
    done = [Event() for _ in range(4)]

    def parts():
        for number in range(4):
            yield number
            assert done[number].wait(30)

    assert list(write_in_background(lambda number: done[number].set() or number * 2, parts())) == [0, 2, 4, 6]


def test_an_error_behind_ends_the_making_of_parts_and_what_waits():
    made, worked, free = [], [], Event()

    def parts():
        for number in range(100):
            made.append(number)
            if number == 3:
                free.set()
            yield number
            time.sleep(0.02 * (number >= 3))

    def work(number):
        free.wait(30)
        worked.append(number)
        raise OSError(number)

    with pytest.raises(OSError, match="0"):
        list(write_in_background(work, parts()))
    assert 4 <= len(made) < 100
    assert worked == [0]


def test_an_error_of_the_parts_comes_after_what_was_made_before_it():
    worked = []

    def parts():
        yield from (1, 2, 3)
        raise KeyError

    with pytest.raises(KeyError):
        list(write_in_background(lambda number: time.sleep(0.02) or worked.append(number), parts()))
    assert worked == [1, 2, 3]


def test_work_behind_knows_what_the_loop_is_about():
    about = ContextVar("about")
    about.set("a task")
    assert list(write_in_background(lambda _: about.get(), [1])) == ["a task"]
