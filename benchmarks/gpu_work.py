"""How busy the GPU is while something runs, as its driver says."""

import subprocess
import time
from typing import IO, cast

EVERY_MS = 100
ASKED = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", f"--loop-ms={EVERY_MS}"]


class GpuWork:
    """The first GPU's time at work from now on: that in which it ran anything at all."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(ASKED, stdout=subprocess.PIPE, text=True)
        self._lines = cast("IO[str]", self._process.stdout)
        self._lines.readline()  # it takes its time to start
        self._began = time.perf_counter()

    def encoding(self) -> float:
        """Seconds, from what it said ten times each of them; to be asked once."""
        took = time.perf_counter() - self._began
        self._process.terminate()
        shares = [int(line) for line in self._lines if line.strip().isdecimal()]
        self._process.wait()
        return took * sum(shares) / len(shares) / 100 if shares else 0.0
