"""What stays with the process: the memory that a model takes anew at every layer, and what a worker has loaded."""

import ctypes
import gc
from collections.abc import Hashable
from functools import cache

ARENAS, MAPPED, TRIM_FROM = -8, -4, -1
"""Names of glibc's settings, as `mallopt` knows them (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

MOST_KEPT = 1 << 30
"""Bytes that are free at the end of the heap before it gets any back to the system."""


def keep_memory() -> None:
    """Has glibc keep what is freed, in one pool for all threads; does nothing where there is another C library.

    By itself it gives a thread's large blocks back at once, and the system clears them page by page when the next layer
    asks for them: a tenth of the time of a model with large layers, in some threads and not in others. So no block is
    mapped by itself: the limit from which that is done is 32 MB at most, and layers of CLAP take more.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for setting, value in ((ARENAS, 1), (MAPPED, 0), (TRIM_FROM, MOST_KEPT)):
            mallopt(setting, value)


@cache
def keep_loaded(encoders: Hashable) -> None:  # noqa: ARG001 - once for these
    """Has Python's collector of garbage pass by all that there is once these encoders have done a first task.

    Libraries and models are some hundred thousand objects: each time that the collector looked at all of them, as it
    does when a few tasks' tokens have been made, no thread could encode for a third of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
