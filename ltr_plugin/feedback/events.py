"""Records of User Behavior Insights (UBI 1.3): events and queries. Forms of earlier versions are read too.

https://github.com/o19s/ubi/tree/main/schema/1.3.0
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints, model_validator

MAX_ID, MAX_OBJECT_ID, MAX_MESSAGE, MAX_USER_QUERY = 100, 256, 1024, 1000
"""Characters of ids and names, of the id of an object, of a message, and of what was typed."""

MAX_ATTRIBUTES_BYTES, MAX_ATTRIBUTES_DEPTH = 8 << 10, 8
"""Bytes of the attributes of an event as JSON, and levels of objects and lists in them."""

MAX_POSITION = 100_000
MAX_HITS = 1000

PERSONAL = ("client_id", "session_id", "user_id")
"""Fields that say who acted. Earlier versions have them among the attributes of an event."""

EARLIER_ACTIONS: Mapping[str, str] = {"item_click": "click"}
"""Names of actions in earlier versions, with those of today."""


def read_time(value: object) -> datetime:
    """A moment, in UTC: from ISO 8601, in which no zone is UTC, or from milliseconds since 1970. ValueError else."""
    try:
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            "is no time; write ISO 8601, such as 2026-11-30T12:00:00Z, or milliseconds since 1970"
        ) from None


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, StringConstraints(max_length=MAX_ID)]
Id = Annotated[Name, BeforeValidator(_as_text)]
ObjectId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_ID), BeforeValidator(_as_text)]
Moment = Annotated[datetime, BeforeValidator(read_time)]


class _Extensible(BaseModel):
    """A part of a record that takes further keys, and keeps them."""

    model_config = ConfigDict(frozen=True, extra="allow")


class EventObject(_Extensible):
    """What an event is about: a product at the level of a SKU. `object_id_field` names the field that has its id."""

    object_id: ObjectId | None = None
    object_id_field: Name | None = None


class Point(_Extensible):
    """Coordinates on the screen."""

    x: float
    y: float


class Position(_Extensible):
    """Where it was: the `ordinal` on the result page, counted from left to right over all rows, or `xy` on the screen.

    `row`, `column` and `columns` say which place of a grid it was. Earlier versions write the ordinal alone as a
    number, and x and y without `xy`.
    """

    ordinal: Annotated[int, Field(ge=0, le=MAX_POSITION)] | None = None
    xy: Point | None = None
    row: Annotated[int, Field(ge=0, le=MAX_POSITION)] | None = None
    column: Annotated[int, Field(ge=0, le=MAX_POSITION)] | None = None
    columns: Annotated[int, Field(ge=0, le=MAX_POSITION)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _earlier_forms(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"ordinal": value}
        if isinstance(value, dict) and not {"ordinal", "xy"} & value.keys() and {"x", "y"} <= value.keys():
            rest = {key: one for key, one in value.items() if key not in ("x", "y")}
            return {**rest, "xy": {"x": value["x"], "y": value["y"]}}
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> "Position":
        if self.ordinal is not None and self.xy is not None:
            raise ValueError("has an ordinal and xy; leave one of them out")
        return self


class EventAttributes(_Extensible):
    """Details of an event, at most MAX_ATTRIBUTES_BYTES as JSON."""

    object: EventObject | None = None
    position: Position | None = None

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if too_deep(value):
            raise ValueError(f"is nested more than {MAX_ATTRIBUTES_DEPTH} levels deep")
        try:
            size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
        except (ValueError, TypeError):
            raise ValueError("has a value that JSON cannot express") from None
        if size > MAX_ATTRIBUTES_BYTES:
            raise ValueError(f"has {size:,} bytes; the limit is {MAX_ATTRIBUTES_BYTES:,}")
        return value


class _Record(BaseModel):
    """A record. Keys beyond those of UBI are read and not kept: attributes are the place for more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    application: Name | None = None
    client_id: Id | None = None
    session_id: Id | None = None
    user_id: Id | None = None


class UbiEvent(_Record):
    """What a shopper did: an impression, a click, a purchase or anything else that `action_name` names.

    `consent` says whether the shopper agreed that it is stored who did it. It may also be among the attributes; None
    where neither says so.
    """

    action_name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]
    timestamp: Moment
    query_id: Id | None = None
    message_type: Name | None = None
    message: Annotated[str, StringConstraints(max_length=MAX_MESSAGE)] | None = None
    user_query: Annotated[str, StringConstraints(max_length=MAX_USER_QUERY)] | None = None
    event_attributes: EventAttributes = Field(default_factory=EventAttributes)
    consent: StrictBool | None = None

    @model_validator(mode="before")
    @classmethod
    def _earlier_forms(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if not isinstance(value, dict):
            return value
        action, attributes = value.get("action_name"), value.get("event_attributes")
        moved: dict[str, Any] = {}
        if attributes is None:
            moved = {"event_attributes": {}}
        elif isinstance(attributes, dict):
            personal = (*PERSONAL, "consent")
            moved = {key: attributes[key] for key in personal if key in attributes and value.get(key) is None}
            moved["event_attributes"] = {key: one for key, one in attributes.items() if key not in personal}
        renamed = {"action_name": EARLIER_ACTIONS[action]} if action in (*EARLIER_ACTIONS,) else {}
        return {**value, **moved, **renamed}

    @property
    def object_id(self) -> str | None:
        """The id of what it is about."""
        return self.event_attributes.object.object_id if self.event_attributes.object else None


class UbiQuery(_Record):
    """A query with the ids of what was shown for it, in order."""

    user_query: str
    query_id: Id | None = None
    object_id_field: Name | None = None
    query_attributes: dict[str, Any] = Field(default_factory=dict)
    timestamp: Moment | None = None
    query_response_id: Id | None = None
    query_response_hit_ids: Annotated[tuple[ObjectId, ...], Field(max_length=MAX_HITS)] = ()

    @model_validator(mode="before")
    @classmethod
    def _earlier_forms(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if not isinstance(value, dict) or "query_response_object_ids" not in value:
            return value
        return {"query_response_hit_ids": value["query_response_object_ids"], **value}


def too_deep(value: object, levels: int = MAX_ATTRIBUTES_DEPTH) -> bool:
    """Whether a value has more than so many levels of objects and lists.

    It does not call itself: senders choose the depth.
    """
    level = [value]
    for _ in range(levels + 1):
        parts = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [inner for part in parts for inner in part]
        if not level:
            return False
    return True
