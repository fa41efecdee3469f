"""A worker that a command started ends with that command."""

import os
import threading
import time

from ltr_plugin.settings import Settings


def exit_with_command() -> None:
    """Stops this worker in order (SIGTERM) when the command that started it is gone."""
    if parent := Settings.from_env().worker_parent:
        exit_with_parent(parent)


def exit_with_parent(parent: int) -> None:
    """Stops this process in order (SIGTERM) when its parent process is no longer `parent`."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), 15)

    threading.Thread(target=watch, daemon=True).start()
