"""Events read from the body of a request: one event, a list, an object with `events`, or a JSON text in each line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ltr_plugin.errors import InputError, Problem, counted
from ltr_plugin.feedback.events import MAX_ATTRIBUTES_DEPTH, UbiEvent, too_deep
from ltr_plugin.validation import problems_of

MAX_EVENTS = 100
"""Events of a request."""

MAX_DEPTH = MAX_ATTRIBUTES_DEPTH + 4
"""Levels of an event, whose attributes may have fewer and say so themselves."""


@dataclass(frozen=True)
class RefusedEvent:
    """An event that is not stored: its position among those that were sent, from 1, and everything wrong with it."""

    position: int
    problems: Sequence[Problem]


@dataclass(frozen=True)
class ReadEvents:
    """The events of a request with their positions, from 1, and those that are refused."""

    events: Sequence[tuple[int, UbiEvent]]
    refused: Sequence[RefusedEvent]


def read_events(body: bytes) -> ReadEvents:
    """The events of a body. One that is wrong does not stop the others.

    An object with `events` may have `consent`, which counts for all events that do not say otherwise. InputError for a
    body without events, and for one with more than MAX_EVENTS.
    """
    values, consent = _values(body)
    if not values or len(values) > MAX_EVENTS:
        raise InputError("events", f"{counted(len(values), 'event')}; send 1 to {MAX_EVENTS} in a request")
    events: list[tuple[int, UbiEvent]] = []
    refused: list[RefusedEvent] = []
    for position, value in enumerate(values, start=1):
        try:
            if isinstance(value, Problem):
                refused.append(RefusedEvent(position, (value,)))
                continue
            if too_deep(value, MAX_DEPTH):  # a message that quotes it would be too deep as well
                refused.append(RefusedEvent(position, (Problem("$", "is nested too deep"),)))
                continue
            event = UbiEvent.model_validate(value)
        except ValidationError as error:
            refused.append(RefusedEvent(position, problems_of(error, value)))
        else:
            events.append((position, event if event.consent is not None else _with(event, consent)))
    return ReadEvents(events, refused)


def _with(event: UbiEvent, consent: bool | None) -> UbiEvent:
    return event.model_copy(update={"consent": consent})


def _values(body: bytes) -> tuple[list[Any], bool | None]:
    """What each event is, a `Problem` where it is not JSON, and the consent that is stated for all."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return [_line(line) for line in body.splitlines() if line.strip()], None
    if isinstance(whole, list):
        return whole, None
    if isinstance(whole, dict) and isinstance(whole.get("events"), list):
        consent = whole.get("consent")
        if consent is not None and not isinstance(consent, bool):
            raise InputError("events", [Problem("$.consent", "is neither true nor false")])
        return whole["events"], consent
    return [whole], None


def _line(line: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Problem("$", "is not JSON")
