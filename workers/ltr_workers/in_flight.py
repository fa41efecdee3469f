"""What this worker process is doing: the tasks in flight, and whether it is stopping."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

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


def is_stopping() -> bool:
    """Whether this worker was told to stop."""
    from celery.worker import state

    return any(code is not None and code is not False for code in (state.should_stop, state.should_terminate))
