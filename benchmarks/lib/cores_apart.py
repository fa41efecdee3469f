"""Separate cores for the encoder and the development node, and how busy the encoder's cores are."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ltr_plugin.devnode import node_state
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.settings import Settings

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def node_apart(settings: Settings, encoder_cores: int | None) -> Iterator[bool]:
    """Pins the development node to the cores that do not encode; False without such a node or core."""
    own = os.sched_getaffinity(0)
    others = sorted(own)[encoder_cores:] if encoder_cores else []
    node = node_state(settings) if settings.opensearch_url is None else None
    if node is None or not others:
        yield False
        return

    def pin_node(to: Iterable[int]) -> None:
        for thread in Path(f"/proc/{node.pid}/task").iterdir():
            with suppress(ProcessLookupError):  # the thread has ended
                os.sched_setaffinity(int(thread.name), to)

    pin_node(others)
    try:
        yield True
    finally:
        pin_node(own)


class Work:
    """Measures the processor time of a process's threads from its construction on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._times()

    def encoding(self) -> float:
        """Seconds per core of the busiest threads: those that encode, one for each core."""
        seconds = sorted(time - self._before.get(thread, 0) for thread, time in self._times().items())
        return sum(seconds[-cores() :]) / cores()

    def _times(self) -> dict[str, float]:
        times = {}
        for thread in Path(f"/proc/{self._pid}/task").iterdir():
            with suppress(OSError):  # the thread has ended
                user, system = (thread / "stat").read_text().rpartition(")")[2].split()[11:13]
                times[thread.name] = (int(user) + int(system)) / TICKS
        return times
