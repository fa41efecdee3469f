"""A worker that was started for one command does not outlive it."""

import os
import threading
import time

from ltr_plugin.settings import Settings


def exit_with_command() -> None:
    """In a worker: ends it in order when the command that started it is gone."""
    if parent := Settings.from_env().worker_parent:
        exit_with_parent(parent)


def exit_with_parent(parent: int) -> None:
    """Ends this process in order when its parent is no longer this one."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), 15)

    threading.Thread(target=watch, daemon=True).start()
