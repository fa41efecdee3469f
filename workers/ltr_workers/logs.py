"""Log lines of a worker as JSON, with the facts of the task that they belong to."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

log_context: ContextVar[Mapping[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - never written to
"""Facts of the task that this thread works on."""


@contextmanager
def bind_log_context(**facts: object) -> Iterator[None]:
    """Adds these facts to every line that this thread logs in the block."""
    token = log_context.set({**log_context.get(), **facts})
    try:
        yield
    finally:
        log_context.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the facts of its task, the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        celery = getattr(record, "data", None)  # Celery logs its own lines about a task outside of the task
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **(
                {"task": celery["name"], "task_id": celery["id"]} if isinstance(celery, dict) and "id" in celery else {}
            ),
            **log_context.get(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
