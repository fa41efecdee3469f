"""A worker's memory: freed blocks stay in the process, and loaded models are excluded from garbage collection."""

import atexit
import ctypes
import gc
from collections.abc import Hashable
from functools import cache

M_ARENA_MAX, M_MMAP_MAX, M_TRIM_THRESHOLD = -8, -4, -1
"""Parameters of glibc's `mallopt` (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

TRIM_THRESHOLD_BYTES = 1 << 30
"""Free bytes at the end of the heap above which glibc returns memory to the system."""


def disable_trim() -> None:
    """Makes glibc keep freed memory in one pool for all threads; does nothing with another C library.

    By default a thread's large blocks go back to the system at once, which clears them page by page when the next layer
    asks for them: 10 % of the time of a model with large layers, in some threads. Blocks are never mapped singly
    either: glibc's threshold for that is at most 32 MB, and layers of CLAP are larger.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for setting, value in ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES)):
            mallopt(setting, value)


@cache
def freeze_gc(encoders: Hashable) -> None:  # noqa: ARG001 - once for these
    """Excludes all present objects from garbage collection, once for each set of encoders, after their first task.

    Libraries and models are several hundred thousand objects. A full collection, which a few tasks' tokens trigger,
    would stop all threads for 0.3 s.
    """
    atexit.register(gc.unfreeze)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
