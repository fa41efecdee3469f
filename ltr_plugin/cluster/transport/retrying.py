"""How calls to a cluster that is busy or unreachable are repeated, within a time limit."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception

from ltr_plugin.errors import ClusterError

INITIAL_DELAY_S, MAX_DELAY_S = 0.25, 8.0

log = logging.getLogger(__name__)


class PartlyDoneError(ClusterError):
    """The cluster took a part of a request and rejected the rest."""


def retrying(
    timeout_s: float, on_retry: Callable[[ClusterError], None], retry_if: Callable[[ClusterError], bool]
) -> Retrying:
    """Calls a function again while it raises a ClusterError that satisfies `retry_if`.

    Delays double and are drawn at random, so that many callers do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `timeout_s` counts from the first
    failure; after it, the last error is raised. PartlyDoneError starts the limit and the delays anew. `on_retry` gets
    each error that is followed by another try.
    """
    limit = _Limit(timeout_s)

    def before_sleep(state: RetryCallState) -> None:
        error = _error(state)
        on_retry(error)
        log.info("%s; trying again in %.1f s", error, state.upcoming_sleep)

    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, ClusterError) and retry_if(error)),
        wait=limit.delay_s,
        stop=lambda state: state.upcoming_sleep <= 0,
        before_sleep=before_sleep,
        reraise=True,
    )


class _Limit:
    """The time that is left since the first failure, or since the last one that came with progress."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._deadline: float | None = None
        self._next_delay_s = INITIAL_DELAY_S

    def delay_s(self, state: RetryCallState) -> float:
        """Seconds until the next try; 0 when the limit is reached."""
        now = time.monotonic()
        if self._deadline is None or isinstance(_error(state), PartlyDoneError):
            self._deadline, self._next_delay_s = now + self._timeout_s, INITIAL_DELAY_S
        delay_s = random.uniform(0.5, 1) * self._next_delay_s  # noqa: S311 - no secret
        self._next_delay_s = min(2 * self._next_delay_s, MAX_DELAY_S)
        return max(0.0, min(delay_s, self._deadline - now))


def _error(state: RetryCallState) -> Any:  # noqa: ANN401 - tenacity does not know which exception it retries
    return state.outcome and state.outcome.exception()
