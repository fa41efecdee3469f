"""The memory that threads share while they open media."""

import io
import threading
import time

import pytest
from PIL import Image

from ltr_plugin.media.images import _webp_size
from ltr_plugin.media.memory import MemoryBudget


def start(budget, sizes, hold_s=0.05):
    """Threads that hold these sizes, started in order; the most that was held together, and the order."""
    held, most, order, lock = 0, 0, [], threading.Lock()

    def work(size):
        nonlocal held, most
        with budget.reserve(size):
            with lock:
                held += size
                most = max(most, held)
                order.append(size)
            time.sleep(hold_s)
            with lock:
                held -= size

    threads = [threading.Thread(target=work, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    return most, order


def test_threads_wait_for_room_in_their_order():
    most, order = start(MemoryBudget(100), [60, 50, 30, 60, 20])
    assert most <= 100
    assert order == [60, 50, 30, 60, 20], "a large one is not passed by small ones for ever"


def test_what_is_larger_than_the_budget_is_held_alone():
    most, order = start(MemoryBudget(100), [30, 500, 30])
    assert (most, order) == (500, [30, 500, 30])


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM"}])
def test_the_size_of_a_webp_photo_is_known_before_it_takes_memory(options):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 201), "red").save(buffer, "WEBP", **options)
    assert _webp_size(buffer.getvalue()) == (300, 201)


def test_room_is_given_back_after_an_error():
    budget = MemoryBudget(100)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.reserve(80):
            raise ZeroDivisionError
    with budget.reserve(100):
        pass
