"""The stamp of a change: a number that says which of two changes of a product is the newer one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field


def _to_number(value: object) -> object:
    """Microseconds since 1970 for a time; numbers as they are."""
    if isinstance(value, bool):
        raise ValueError("true and false are no stamps; write a time with its zone, or a number")  # noqa: TRY004
    if not isinstance(value, str):
        return value
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = datetime.min
    if time.tzinfo is None:
        raise ValueError(f"{value[:40]!r} is no time with its zone; write one such as 2026-05-01T12:00:00Z")
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


Stamp = Annotated[int, BeforeValidator(_to_number), Field(ge=0, lt=2**63 - 1)]
"""A time, which is read as microseconds since 1970, or a number; the cluster keeps 63 bits."""
