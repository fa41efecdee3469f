"""Messages of an index that cannot be written now wait in a queue of that index, so that those of others go on.

Later messages for the index join the queue until it is empty, which keeps their order. A queue has the names of the
indices that have one, so that a worker finds them after a restart.
"""

import threading
from collections.abc import Callable
from typing import Any

from celery import Celery

from ltr_plugin.broker.messages import PARKED_QUEUE, parked_queue_of
from ltr_plugin.pipelines.indexing.enqueue import broker_connection, queue_length


class Parking:
    """The parked messages; `lock` is held while one message is written or parked."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._lengths: dict[str, int] = {}

    def holds(self, app: Celery, index: str) -> bool:
        """Whether messages for an index are parked."""
        if index not in self._lengths:
            self._set_length(index, queue_length(app, parked_queue_of(index)))
        return self._lengths[index] > 0

    def park(self, app: Celery, index: str, message: dict[str, Any]) -> None:
        """Puts a message behind those of its index."""
        first = not self.holds(app, index)
        with broker_connection(app) as connection:
            if first:
                connection.SimpleQueue(PARKED_QUEUE).put(index)
            connection.SimpleQueue(parked_queue_of(index)).put(message)
        self._set_length(index, self._lengths[index] + 1)

    def take_up(self, app: Celery, write: Callable[[dict[str, Any]], bool]) -> None:
        """Writes the parked messages of each index in order, up to the first for which `write` returns False."""
        with broker_connection(app) as connection, connection.channel() as channel:
            names = connection.SimpleQueue(PARKED_QUEUE, channel=channel)
            while name := _next(names):
                index = name.payload
                with self.lock:
                    written = _write_all(connection, index, write)
                    # a broker may count the message that it gets back a moment later
                    self._set_length(index, 0 if written else max(1, queue_length(app, parked_queue_of(index))))
                if written:
                    name.ack()

    def _set_length(self, index: str, length: int) -> None:
        from ltr_workers.metrics import PARKED

        self._lengths[index] = length
        PARKED.labels(index).set(length)


def _write_all(connection: Any, index: str, write: Callable[[dict[str, Any]], bool]) -> bool:  # noqa: ANN401
    """Whether all messages of the index are written.

    The first one that is not goes back to the head of its queue because its channel is closed: Redis puts one that is
    requeued behind the others.
    """
    with connection.channel() as channel:
        queue = connection.SimpleQueue(parked_queue_of(index), channel=channel)
        while message := _next(queue):
            if not write(message.payload):
                return False
            message.ack()
    return True


def _next(queue: Any) -> Any:  # noqa: ANN401 - kombu's
    """The next message; None when there is none."""
    try:
        return queue.get(block=False)
    except queue.Empty:
        return None
