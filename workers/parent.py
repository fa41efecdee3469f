"""A worker that was started for one command does not outlive it."""

import os
import threading
import time

PARENT = "LTR_WORKER_PARENT"
"""Environment variable with the process that a worker must not outlive."""


def follow_parent() -> None:
    """In a worker: ends it in order when the command that started it is gone."""
    parent = int(os.environ.get(PARENT) or 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), 15)

    if parent:
        threading.Thread(target=watch, daemon=True).start()
