"""Waiting for a cluster that is busy or away, within a limit."""

import logging
import random
import time
from collections.abc import Callable

from ltr_plugin.errors import ClusterError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 8.0

log = logging.getLogger(__name__)


class Patience:
    """The pauses of one call: each up to twice as long as the one before, drawn at random so that many callers do not
    come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)."""

    def __init__(self, limit_s: float, heard: Callable[[ClusterError], None]) -> None:
        """`limit_s` is counted from the first failure; `heard` is told of each failure that is waited out."""
        self._limit_s = limit_s
        self._heard = heard
        self._pause_s = FIRST_PAUSE_S
        self._until: float | None = None

    def wait(self, error: ClusterError) -> None:
        """Returns when the call should be tried again; raises `error` when the limit is reached."""
        now = time.monotonic()
        self._until = self._until or now + self._limit_s
        left_s = self._until - now
        if left_s <= 0:
            raise error
        pause_s = min(random.uniform(0.5, 1) * self._pause_s, left_s)  # noqa: S311 - no secret
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._heard(error)
        log.info("%s; trying again in %.1f s", error, pause_s)
        time.sleep(pause_s)
