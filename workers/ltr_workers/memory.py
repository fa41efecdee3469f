"""What stays with the process: the memory that a model takes anew at every layer, and what a worker has loaded."""

import atexit
import ctypes
import gc
from collections.abc import Hashable
from functools import cache

M_ARENA_MAX, M_MMAP_MAX, M_TRIM_THRESHOLD = -8, -4, -1
"""Names of glibc's settings, as `mallopt` knows them (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

TRIM_THRESHOLD_BYTES = 1 << 30
"""Bytes that are free at the end of the heap before it gets any back to the system."""


def disable_trim() -> None:
    """Has glibc keep what is freed, in one pool for all threads; does nothing where there is another C library.

    By itself it gives a thread's large blocks back at once, and the system clears them page by page when the next layer
    asks for them: a tenth of the time of a model with large layers, in some threads and not in others. So no block is
    mapped by itself: the limit from which that is done is 32 MB at most, and layers of CLAP take more.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for setting, value in ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES)):
            mallopt(setting, value)


@cache
def freeze_gc(encoders: Hashable) -> None:  # noqa: ARG001 - once for these
    """Has Python's collector of garbage pass by all that there is once these encoders have done a first task.

    Libraries and models are some hundred thousand objects: each time that the collector looked at all of them, as it
    does when a few tasks' tokens have been made, no thread could encode for a third of a second. The end of the process
    sees them again: libraries take what is frozen then for lost, and print all of it.
    """
    atexit.register(gc.unfreeze)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
