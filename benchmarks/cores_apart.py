"""Whose cores are whose while encoding is measured: the node on other ones, and how busy its own keep an encoder."""

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
    """Holds the development node to the cores that are not encoded on, until the end; False where there is no such
    node or core."""
    own = os.sched_getaffinity(0)
    others = sorted(own)[encoder_cores:] if encoder_cores else []
    node = node_state(settings) if settings.opensearch_url is None else None
    if node is None or not others:
        yield False
        return

    def hold(to: Iterable[int]) -> None:
        for thread in Path(f"/proc/{node.pid}/task").iterdir():
            with suppress(ProcessLookupError):  # it ended just now
                os.sched_setaffinity(int(thread.name), to)

    hold(others)
    try:
        yield True
    finally:
        hold(own)


class Work:
    """The processor time of a process's threads from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._times()

    def encoding(self) -> float:
        """Seconds, by core, of the threads that took the most: those that encode, of which there is one a core."""
        taken = sorted(time - self._before.get(thread, 0) for thread, time in self._times().items())
        return sum(taken[-cores() :]) / cores()

    def _times(self) -> dict[str, float]:
        found = {}
        for thread in Path(f"/proc/{self._pid}/task").iterdir():
            with suppress(OSError):  # it ended just now
                user, system = (thread / "stat").read_text().rpartition(")")[2].split()[11:13]
                found[thread.name] = (int(user) + int(system)) / TICKS
        return found
