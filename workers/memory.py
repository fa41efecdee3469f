"""The memory that a model takes anew at every layer, and that stays with the process in between."""

import ctypes

ARENAS, MMAP_FROM, TRIM_FROM = -8, -3, -1
"""Names of glibc's settings, as `mallopt` knows them (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

LARGEST_KEPT = 32 << 20
"""Bytes; the most that glibc takes for MMAP_FROM."""

MOST_KEPT = 1 << 30
"""Bytes that are free at the end of the heap before it gets any back to the system."""


def keep_memory() -> None:
    """Has glibc keep what is freed, in one pool for all threads; does nothing where there is another C library.

    By itself it gives a thread's large blocks back at once, and the system clears them page by page when the next layer
    asks for them: a tenth of the time of a model with large layers, in some threads and not in others.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for setting, value in ((ARENAS, 1), (MMAP_FROM, LARGEST_KEPT), (TRIM_FROM, MOST_KEPT)):
            mallopt(setting, value)
