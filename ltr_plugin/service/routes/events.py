"""`/v1/events`: what shoppers do with results, as events of User Behavior Insights (UBI)."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from ltr_plugin.errors import Problem
from ltr_plugin.feedback.events import UbiEvent
from ltr_plugin.feedback.reading import MAX_EVENTS, read_events
from ltr_plugin.pipelines.feedback.record_events import dated_event, time_problem
from ltr_plugin.service import metrics, models
from ltr_plugin.service.access import beacon_caller, needs
from ltr_plugin.service.batches import QueueFullError
from ltr_plugin.service.keys import Caller, Scope
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(prefix="/v1", tags=["feedback"])

MAX_BYTES = 2 << 20

IMPORTERS: frozenset[Scope] = frozenset({"catalog", "admin"})
"""Scopes whose events count for searches of other services too."""


class RefusedEvent(BaseModel):
    """An event that is not stored, with everything wrong with it."""

    position: int = Field(description="Its position among those that were sent, from 1.")
    problems: list[models.Problem]


class EventsResponse(BaseModel):
    """What became of events."""

    stored: int = Field(description="Events that are stored, now or by an earlier request with the same ones.")
    refused: list[RefusedEvent] = []


def _body() -> dict[str, Any]:
    event = UbiEvent.model_json_schema()
    one = {key: value for key, value in event.items() if key != "$defs"}
    listed = {"type": "array", "items": one, "maxItems": MAX_EVENTS}
    together = {"type": "object", "properties": {"consent": {"type": "boolean"}, "events": listed}}
    content = {"application/json": {"schema": {"oneOf": [listed, together, one], "$defs": event["$defs"]}}}
    texts = {kind: {"schema": {"type": "string"}} for kind in ("application/x-ndjson", "text/plain")}
    return {"requestBody": {"required": True, "content": {**content, **texts}}}


@router.post("/events", status_code=202, openapi_extra=_body(), max_body_size=MAX_BYTES)
async def events(
    request: Request,
    caller: Annotated[Caller, Depends(needs("events", sender=beacon_caller))],
    state: Annotated[ServiceState, Depends(state_of)],
) -> EventsResponse:
    """Stores at most 100 UBI events: a list, one alone, `{"consent": true, "events": [...]}`, or one in each line.

    An event counts for a `query_id` that this service gave out; with a key of scope `catalog` or `admin`, for any.
    `consent: true`, in an event, among its attributes or for all of them, says that the shopper agreed to be stored.
    Without it only the action, the product, the position, the query and the hour are stored. An event that is wrong
    does not stop the others. After a status of 503 all events can be sent again: each is stored once.
    """
    read = read_events(await request.body())
    refused = [(one.position, list(one.problems)) for one in read.refused]
    accepted: list[tuple[int, UbiEvent]] = []
    for position, event in read.events:
        if problems := list(_problems(event, caller, state)):
            refused.append((position, problems))
        else:
            accepted.append((position, event))
    index, pseudonyms = state.served.index.alias, state.feedback.pseudonyms
    try:
        refusals = await state.feedback.record([dated_event(event, index, pseudonyms) for _, event in accepted])
    except QueueFullError:
        raise HTTPException(503, "too many events wait, try again", {"Retry-After": "1"}) from None
    for (position, event), refusal in zip(accepted, refusals, strict=True):
        if refusal:
            refused.append((position, [Problem("", refusal)]))
        else:
            metrics.EVENTS.labels("stored" if event.consent else "counted").inc()
    metrics.EVENTS.labels("refused").inc(len(refused))
    stored = len(accepted) - sum(refusal is not None for refusal in refusals)
    return EventsResponse(
        stored=stored,
        refused=[_refused(position, problems) for position, problems in sorted(refused, key=lambda one: one[0])],
    )


def _problems(event: UbiEvent, caller: Caller, state: ServiceState) -> Iterator[Problem]:
    if not caller.scopes & IMPORTERS and not (event.query_id and state.configuration.query_ids.is_ours(event.query_id)):
        yield Problem("$.query_id", "is of no search of this service; send the query_id of the answer to the search")
    if problem := time_problem(event):
        yield Problem("$.timestamp", problem)


def _refused(position: int, problems: Iterable[Problem]) -> RefusedEvent:
    return RefusedEvent(
        position=position, problems=[models.Problem(location=one.location, message=one.message) for one in problems]
    )
