"""Functions that run at the same time, as commands of several people do."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def together(*functions: Callable[[], object]) -> list[object]:
    """What each function returned, or the error that it raised; all begin at the same moment."""
    begin = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        begin.wait()
        try:
            return function()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(functions)) as threads:
        return list(threads.map(run, functions))
