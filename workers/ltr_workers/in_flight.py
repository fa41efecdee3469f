"""What this worker process is doing: the tasks in flight, and whether it is stopping."""

import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager

from celery import signals

running: dict[str, float] = {}
"""Start of each task in flight (`time.monotonic`), by id."""


@contextmanager
def deduplicate(task_id: str) -> Iterator[bool]:
    """True while the task is registered here; False when this very message is in flight already.

    A broker delivers a message again after it was away, or after it waited too long for the acknowledgement.
    """
    began = time.monotonic()
    if running.setdefault(task_id, began) is not began:
        yield False
        return
    try:
        yield True
    finally:
        del running[task_id]


_told_to_stop = mmap.mmap(-1, 1)
"""A byte that the processes of a `prefork` pool share with the worker, which alone gets the signal to stop."""


@signals.worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
def _tell_processes(**_: object) -> None:
    _told_to_stop[0] = 1


def is_stopping() -> bool:
    """Whether this worker was told to stop."""
    from celery.worker import state

    told = (state.should_stop, state.should_terminate)
    return bool(_told_to_stop[0]) or any(code is not None and code is not False for code in told)
