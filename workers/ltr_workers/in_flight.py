"""The tasks that this process works on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

running: dict[str, float] = {}
"""When each task began (`time.monotonic`), by id."""


@contextmanager
def deduplicate(task_id: str) -> Iterator[bool]:
    """False when this very message is being worked on already: a broker that was away, or waited long, hands it out
    again."""
    began = time.monotonic()
    if running.setdefault(task_id, began) is not began:
        yield False
        return
    try:
        yield True
    finally:
        del running[task_id]


def is_stopping() -> bool:
    """Whether this process, a worker, was told to end."""
    from celery.worker import state

    return any(code is not None and code is not False for code in (state.should_stop, state.should_terminate))
