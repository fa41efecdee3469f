"""Redis as the queue, for workers: what is in a list of Redis need not be a message, and order matters.

Kombu's own transport ends the worker at an item that it cannot read, and requeues a message behind all others.
"""

import logging
from typing import Any

from kombu.transport import redis
from redis.exceptions import DataError

from ltr_plugin.broker.messages import TASK_FAILED
from ltr_workers.malformed import count_malformed

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, DataError)
"""What reading an item that is no message raises; what a broken connection raises is none of these."""

log = logging.getLogger(__name__)


class _QoS(redis.QoS):
    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Drops a message, or puts it back to the head of its queue."""
        if requeue:
            self.restore_by_tag(delivery_tag)  # type: ignore[no-untyped-call]
        super().reject(delivery_tag)  # type: ignore[no-untyped-call]


class _Tolerant:
    QoS = _QoS

    def _brpop_read(self, **options: Any) -> Any:  # noqa: ANN401 - kombu's
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except UNREADABLE as error:  # the item is out of its list already
            count_malformed("unknown")
            log.error("%s: an item is no message: %s: %s; dropped", TASK_FAILED, type(error).__name__, error)  # noqa: TRY400
            return True


class _Channel(_Tolerant, redis.Channel):
    pass


class _SentinelChannel(_Tolerant, redis.SentinelChannel):
    pass


class Transport(redis.Transport):
    """For redis:// and rediss://."""

    Channel = _Channel


class SentinelTransport(redis.SentinelTransport):
    """For sentinel://."""

    Channel = _SentinelChannel
