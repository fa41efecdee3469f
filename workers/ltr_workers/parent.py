"""A worker that was started for one command does not outlive it."""

import os
import threading
import time

from ltr_plugin.pipelines.local_worker import PARENT


def follow_parent() -> None:
    """In a worker: ends it in order when the command that started it is gone."""
    if parent := int(os.environ.get(PARENT) or 0):
        end_without(parent)


def end_without(parent: int) -> None:
    """Ends this process in order when its parent is no longer this one."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), 15)

    threading.Thread(target=watch, daemon=True).start()
