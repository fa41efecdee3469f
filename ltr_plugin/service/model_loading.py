"""Models that are loaded in the background, and again when the process that has them dies."""

import asyncio
import logging
from typing import Protocol

from ltr_plugin.errors import EncoderError

RELOAD_AFTER_S = 5.0

log = logging.getLogger(__name__)


class LoadsModels(Protocol):
    """A process with models: `EncoderProcess` is one."""

    ready: bool

    async def load(self) -> None:
        """Loads the models. EncoderError when one cannot be loaded."""


class ModelLoading:
    """Loads the models of a process, and tries again until they are loaded."""

    def __init__(self, process: LoadsModels, without: str) -> None:
        """`without` says, for the log, what happens until then."""
        self._process, self._without = process, without
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to load, unless that goes on already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._load())

    def restart(self) -> None:
        """Loads again: the process failed."""
        self._process.ready = False
        self.start()

    def stop(self) -> None:
        """Ends the loading."""
        if self._task:
            self._task.cancel()

    async def _load(self) -> None:
        while not self._process.ready:
            try:
                await self._process.load()
            except EncoderError as error:
                log.warning("%s: %s", self._without, error)
                await asyncio.sleep(RELOAD_AFTER_S)
