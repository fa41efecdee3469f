"""The cores that encoding may use, and how threads share them."""

import os
import sys
import threading

from ltr_plugin.settings import Settings

ENV_CORES = "LTR_CORES"
"""Environment variable: how many cores to encode on; default: all that this process may run on."""

SWITCH_INTERVAL_S = 0.00005
"""How long a thread keeps Python's lock while another one waits for it. Encoding acquires the lock at every layer of a
model, and would wait that long each time while other threads read or write products."""

BACKGROUND_NICE = 10
"""The `nice` value of threads that prepare items, so that encoding comes first."""

ENV_LIBRARY_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables that limit the threads of numerical libraries, read when these are imported."""

ENV_TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"
"""Environment variable: whether the tokenizers of transformers use their own threads."""


def cores() -> int:
    """The number in LTR_CORES or OMP_NUM_THREADS, else the cores that this process may run on."""
    settings = Settings.from_env()
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.cores or settings.omp_num_threads or available


def limit_threads() -> None:
    """Sets one thread for each numerical library; it must run before they are imported.

    Media are prepared and batches encoded in parallel already. Further threads inside a library would compete for the
    same cores, and wait for each other at every step.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    os.environ[ENV_CORES] = str(cores())
    for name in ENV_LIBRARY_THREADS:
        os.environ[name] = "1"
    os.environ[ENV_TOKENIZER_THREADS] = "false"


def lower_priority() -> None:
    """Lowers the priority of the calling thread; only on Linux, where each thread has its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICE)
