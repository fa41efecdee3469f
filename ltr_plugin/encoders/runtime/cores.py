"""The cores that encoding may take, and who shares them out."""

import os
import sys
import threading

from ltr_plugin.settings import Settings

ENV_CORES = "LTR_CORES"
"""Environment variable: how many cores to encode on, where it is not all that this process may run on."""

SWITCH_INTERVAL_S = 0.00005
"""How long a thread keeps Python's lock while another waits for it. Encoding takes it anew at every layer of a model,
and would wait that long at each while products are read or written beside it."""

BACKGROUND_NICE = 10
"""The priority (`nice`) of what is done ahead of the encoder, so that it does not take the cores from encoding."""

ENV_LIBRARY_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


ENV_TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"
"""Whether the tokenizers of transformers make tokens in threads of their own."""


def cores() -> int:
    """The number that LTR_CORES or OMP_NUM_THREADS states, else of the cores that this process may run on."""
    settings = Settings.from_env()
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.cores or settings.omp_num_threads or own


def limit_threads() -> None:
    """Keeps libraries from threads of their own, before they are imported: media are prepared and batches encoded side
    by side already, and threads that wait for each other at every step would only take the cores from them."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    os.environ[ENV_CORES] = str(cores())
    for name in ENV_LIBRARY_THREADS:
        os.environ[name] = "1"
    os.environ[ENV_TOKENIZER_THREADS] = "false"


def lower_priority() -> None:
    """Has the system prefer other threads to the one that calls this, where both want a core."""
    if sys.platform == "linux":  # there priorities are a thread's own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICE)
