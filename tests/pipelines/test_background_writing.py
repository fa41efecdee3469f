"""Work behind a loop, in a thread."""

import time
from contextvars import ContextVar
from threading import Event

import pytest

from ltr_plugin.pipelines.embedding.background_writing import write_in_background


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
