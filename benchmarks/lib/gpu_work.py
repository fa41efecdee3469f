"""How busy the GPU is while something runs, according to its driver."""

import subprocess
import time
from typing import IO, cast

EVERY_MS = 100
COMMAND = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", f"--loop-ms={EVERY_MS}"]


class GpuWork:
    """Measures how long the first GPU runs anything, from its construction on."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True)
        self._lines = cast("IO[str]", self._process.stdout)
        self._lines.readline()  # nvidia-smi takes a while to start
        self._began = time.perf_counter()

    def encoding(self) -> float:
        """Seconds, sampled ten times a second; to be called once."""
        took = time.perf_counter() - self._began
        self._process.terminate()
        shares = [int(line) for line in self._lines if line.strip().isdecimal()]
        self._process.wait()
        return took * sum(shares) / len(shares) / 100 if shares else 0.0
