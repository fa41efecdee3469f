"""Messages of an index that cannot be written now wait in a queue of that index, so that those of others go on.

Later messages for the index join the queue until it is empty, which keeps their order. A queue has the names of the
indices that have one, so that a worker finds them after a restart.
"""

import threading
from collections.abc import Callable
from typing import Any

from celery import Celery

from ltr_plugin.broker.messages import PARKED_QUEUE, parked_queue_of
from ltr_plugin.pipelines.enqueue import broker_connection, length_of, queue_length


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
        with broker_connection(app) as connection:
            names = connection.SimpleQueue(PARKED_QUEUE)
            for _ in range(length_of(connection, PARKED_QUEUE)):
                name = names.get(block=False)
                index = name.payload
                with self.lock:
                    if not self._write_all(connection, index, write):
                        names.put(index)
                name.ack()

    def _write_all(self, connection: Any, index: str, write: Callable[[dict[str, Any]], bool]) -> bool:  # noqa: ANN401
        """Whether the queue of the index is empty afterwards."""
        name = parked_queue_of(index)
        queue = connection.SimpleQueue(name)
        try:
            while True:
                self._set_length(index, length_of(connection, name))
                message = queue.get(block=False)
                try:
                    written = write(message.payload)
                except BaseException:
                    message.requeue()
                    raise
                if not written:
                    message.requeue()
                    return False
                message.ack()
        except queue.Empty:
            self._set_length(index, 0)
            return True

    def _set_length(self, index: str, length: int) -> None:
        from ltr_workers.metrics import PARKED

        self._lengths[index] = length
        PARKED.labels(index).set(length)
