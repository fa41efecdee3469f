"""The cores that encoding may take, and who shares them out."""

import os

from ltr_plugin.errors import InputError

CORES = "LTR_CORES"
"""Environment variable: how many cores to encode on, where it is not all that this process may run on."""

LIBRARIES_OWN = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """As many as LTR_CORES or OMP_NUM_THREADS states, else those this process may run on; InputError for nonsense."""
    stated = os.environ.get(CORES) or os.environ.get(LIBRARIES_OWN[0])
    if not stated:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not stated.isdecimal() or int(stated) < 1:
        raise InputError(CORES, f"{stated!r} is no number of cores; write one above 0, or leave it unset")
    return int(stated)


def share_out() -> None:
    """Keeps libraries from threads of their own, before they are imported: media are prepared and batches encoded side
    by side already, and threads that wait for each other at every step would only take the cores from them."""
    os.environ[CORES] = str(cores())
    for name in LIBRARIES_OWN:
        os.environ[name] = "1"
