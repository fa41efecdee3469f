"""The queue without a broker: a folder, as a transport of Celery (kombu).

A message is a file, which appears as a whole and stays until it is acknowledged. The worker that processes it holds a
lock on it. When a worker dies, the operating system releases the lock, and another worker takes the message, which says
that it is delivered again: a message that was taken once has a modification time of 1970.
"""

import contextlib
import fcntl
import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any, BinaryIO

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

from ltr_plugin.files import open_regular

UNREADABLE_SUFFIX = ".unreadable"
"""Added to the name of a file that is not a message, so that it is not read again."""

WRITING_S = 5.0
"""Seconds since the last write to a file that is no message yet, in which its writer may still be at work."""

log = logging.getLogger(__name__)

Payload = dict[str, Any]


class Channel(filesystem.Channel):
    """Files named by the time they were sent, which is the order of delivery, and by their queue."""

    supports_fanout = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - kombu's
        self._in_flight: dict[str, tuple[Path, BinaryIO]] = {}
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Deletes the message."""
        self._release(delivery_tag, delete=True)
        super().basic_ack(delivery_tag, multiple)  # type: ignore[no-untyped-call]

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Deletes the message, or leaves it for another worker."""
        self._release(delivery_tag, delete=not requeue)
        super().basic_reject(delivery_tag, requeue=False)  # type: ignore[no-untyped-call]

    def _lookup(self, exchange: str, routing_key: str, default: str | None = None) -> list[str]:  # noqa: ARG002
        """Messages go to the queue that they name: a file with a table of bindings could be read half-written.

        Celery's events and remote control go nowhere: nobody reads them here.
        """
        return [] if exchange.startswith("celeryev") or exchange.endswith("pidbox") else [routing_key]

    def _put(self, queue: str, payload: Payload, **_: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        name = f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg"
        partial = Path(self.data_folder_out, f"{name}.part")
        try:
            partial.write_text(dumps(payload), "utf-8")  # type: ignore[no-untyped-call]
            partial.rename(Path(self.data_folder_out, name))
        except OSError as error:
            raise ChannelError(f"cannot put a message into {self.data_folder_out}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Payload:  # noqa: ARG002
        for name in sorted(os.listdir(self.data_folder_in)):  # noqa: PTH208 - names alone, often
            if name.partition(".")[2] == f"{queue}.msg" and (payload := self._claim(Path(self.data_folder_in, name))):
                return payload
        raise Empty

    def _claim(self, path: Path) -> Payload | None:
        """The message in this file, locked; None when another worker holds it, it is gone, or it is not a message."""
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(path, "rb", opener=open_regular))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                content = file.read()
                status = os.fstat(file.fileno())
            except (FileNotFoundError, BlockingIOError):
                return None
            except OSError as error:
                _set_aside(path, error)
                return None
            if not status.st_nlink:  # acknowledged just now
                return None
            try:
                payload: Payload = loads(content.decode())  # type: ignore[no-untyped-call]
                tag = self.Message(payload, channel=self).delivery_tag  # type: ignore[no-untyped-call]
                delivery_info = payload["properties"].setdefault("delivery_info", {})
                delivery_info["redelivered"] = not status.st_mtime_ns
                self._in_flight[tag] = path, file
            except Exception as error:  # whatever else the file holds, a decoder may raise anything
                if time.time() - status.st_mtime > WRITING_S:
                    _set_aside(path, error)
                return None
            os.utime(path, ns=(0, 0))
            stack.pop_all()
        return payload

    def _restore(self, message: Any) -> None:  # noqa: ANN401 - kombu's
        self._release(message.delivery_tag, delete=False)

    def _release(self, tag: str, *, delete: bool) -> None:
        """Unlocks a message; does nothing for one that is unlocked already."""
        path, file = self._in_flight.pop(tag, (None, None))
        if path and file:
            with file:
                if delete:
                    path.unlink(missing_ok=True)
                elif path.exists():
                    os.utime(path)  # the worker lives


def _set_aside(path: Path, error: Exception) -> None:
    name = f"{path.name}{UNREADABLE_SUFFIX}"
    log.error("not a message: %s (%s: %s); renamed to %s", path, type(error).__name__, error, name)
    with contextlib.suppress(FileNotFoundError):
        path.rename(path.with_name(name))


class Transport(filesystem.Transport):
    """`broker_transport` of the application without a broker."""

    Channel = Channel
