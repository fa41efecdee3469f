"""Messages that are no tasks of ours, or have other arguments than their task: logged in a line, counted, dropped."""

import inspect
import logging
from typing import Any

from celery import Task
from celery.worker.consumer import Consumer

from ltr_plugin.broker.messages import TASK_FAILED
from ltr_plugin.validation import shorten

log = logging.getLogger(__name__)


class CheckedTask(Task):  # type: ignore[misc]
    """A task that runs only with the arguments that it takes."""

    abstract = True

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Runs the task; a message with other arguments is dropped."""
        try:
            inspect.signature(self.run).bind(*args, **kwargs)
        except TypeError as error:
            count_malformed(self.name)
            arguments = f"{shorten(args)}, {shorten(kwargs)}"
            log.error("%s: message of %s: %s; its arguments are %s", TASK_FAILED, self.name, error, arguments)  # noqa: TRY400
            return None
        return super().__call__(*args, **kwargs)


class TolerantConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which logs a traceback for each of these and stops at some of them."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The handler of messages, for which one that it cannot read is malformed too."""
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:  # noqa: ANN401
            try:
                body = message.payload  # decoded once; Celery would do it here too
            except Exception as error:  # a decoder may raise anything
                self._drop(message, f"is not JSON: {error}")
                return
            if not _is_task(body):
                self._drop(message, "is not [arguments, {keywords}, {options}]")
                return
            if not isinstance(message.headers.get("shadow") or "", str):  # the task would never be acknowledged
                self._drop(message, "has a wrong header: shadow is no text")
                return
            try:
                handle(message)
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                self._drop(message, f"has a wrong header: {type(error).__name__}: {error}")

        return on_message

    def on_decode_error(self, message: Any, exc: Exception) -> None:  # noqa: ANN401
        """Drops a message that is not compressed as it says."""
        self._drop(message, f"cannot be read: {exc}")

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ANN401, ARG002
        """Drops a message that names no task."""
        self._drop(message, "names no task")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ANN401, ARG002
        """Drops a message of a task that this worker does not know."""
        self._drop(message, f"there is no task {shorten((message.headers or {}).get('task') or str(exc))}")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ANN401, ARG002
        """Drops a message whose content is no task's."""
        self._drop(message, str(exc))

    def _drop(self, message: Any, reason: str) -> None:  # noqa: ANN401
        count_malformed("unknown")
        log.error("%s: message %s: %s; dropped: %s", TASK_FAILED, message.delivery_tag, reason, shorten(message.body))
        message.reject_log_error(log, self.connection_errors)


def _is_task(body: object) -> bool:
    if isinstance(body, dict):  # of Celery's first protocol
        return isinstance(body.get("args", []), list) and isinstance(body.get("kwargs", {}), dict)
    types = (list, dict, dict | None)
    if not (isinstance(body, list) and len(body) == 3 and all(map(isinstance, body, types))):
        return False
    return not any((body[2] or {}).values())  # tasks to follow this one: a wrong one would never be acknowledged


def count_malformed(task: str) -> None:
    """Counts a message for this task as malformed."""
    from ltr_workers.metrics import TASKS

    TASKS.labels(task, "malformed").inc()
