"""Waiting for a cluster that is busy or away, within a limit."""

import logging
import random
import time
from collections.abc import Callable

from ltr_plugin.errors import ClusterError

INITIAL_DELAY_S, MAX_DELAY_S = 0.25, 8.0

log = logging.getLogger(__name__)


class RetryPolicy:
    """The pauses of one call: each up to twice as long as the one before, drawn at random so that many callers do not
    come back together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)."""

    def __init__(self, timeout_s: float, on_retry: Callable[[ClusterError], None]) -> None:
        """`timeout_s` is counted from the first failure; `on_retry` is told of each failure that is waited out."""
        self._timeout_s = timeout_s
        self._on_retry = on_retry
        self._delay_s = INITIAL_DELAY_S
        self._deadline: float | None = None

    def wait(self, error: ClusterError) -> None:
        """Returns when the call should be tried again; raises `error` when the limit is reached."""
        now = time.monotonic()
        self._deadline = self._deadline or now + self._timeout_s
        left_s = self._deadline - now
        if left_s <= 0:
            raise error
        delay_s = min(random.uniform(0.5, 1) * self._delay_s, left_s)  # noqa: S311 - no secret
        self._delay_s = min(2 * self._delay_s, MAX_DELAY_S)
        self._on_retry(error)
        log.info("%s; trying again in %.1f s", error, delay_s)
        time.sleep(delay_s)
