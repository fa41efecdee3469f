"""Rules of merchandisers for an index, as a file `rules.yaml` states them: what comes first for which queries."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    field_validator,
    model_validator,
)

from ltr_plugin.validation import StrictModel, shorten

RULES_VERSION = 1
"""Version of the form of rules."""

MAX_PINS, MAX_RULES = 10, 1000
"""Products that are pinned for one query, and rules of one index."""

_ACCENTED = re.compile("(?<=[a-z])[\u0300-\u036f]+")

ACTIONS = ("in_stock_first", "boost", "bury", "pin", "redirect", "search_as")

NEEDED: Mapping[str, Sequence[str]] = {"where": ("boost", "bury"), "queries": ("pin", "redirect", "search_as")}
"""Actions that need a key. They alone may have it; boosts and buries may have `queries` too."""


def _moment(value: object) -> date:
    """A date or a time with its zone, also where it is text, as YAML in quotes and JSON have it."""
    given = value
    if isinstance(value, str):
        parse = date.fromisoformat if len(value) == len("2026-11-27") else datetime.fromisoformat
        with suppress(ValueError):
            value = parse(value)
    match value:
        case datetime(tzinfo=None):
            raise ValueError(f"{value.isoformat()} has no zone; write {value.isoformat()}+01:00, or the date alone")
        case date(year=year) if 1970 <= year <= 9000:
            return value
        case date():
            raise ValueError(f"{value.isoformat()} is not between 1970 and 9000; leave it out if there is no limit")
        case _:
            raise ValueError(f"{shorten(given)} is neither a date, such as 2026-11-27, nor a time")


def _text(value: object) -> object:
    match value:
        case int() | float():  # which YAML may have read as another one than the file has, such as 0123
            raise ValueError(f"{value} is a number; write it in quotes")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Moment = Annotated[date | datetime, PlainValidator(_moment), PlainSerializer(lambda moment: moment.isoformat())]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_text)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=512), BeforeValidator(_text)]


def _address(value: str) -> str:
    """An http(s) address, or a path of the shop's own site: nothing that a browser would run."""
    plain = not re.search(r"[\\\s\x00-\x1f\x7f]", value)
    if plain and (re.match("/(?!/)", value) or (re.match("https?://", value) and _host_of(value))):
        return value
    raise ValueError(f"{shorten(value)} is neither an http or https address nor a path, such as /sale")


def _host_of(address: str) -> str | None:
    with suppress(ValueError):  # such as an IPv6 address that is none
        return urlsplit(address).hostname
    return None


class Rule(StrictModel):
    """One rule: what it does to which products or queries, and from when to when."""

    name: Name = Field(description="Name, which no other rule has.")
    start: Moment | None = Field(default=None, description="From when it holds: a date, or a time with its zone.")
    end: Moment | None = Field(default=None, description="Until when: the whole of a date, or before a time.")
    in_stock_first: Literal[True] | None = Field(default=None, description="Products in stock come before all others.")
    boost: float | None = Field(default=None, gt=1, le=100, description="Factor on the scores of the products `where`.")
    bury: float | None = Field(default=None, ge=0.01, lt=1, description="Factor below 1 on such scores.")
    where: dict[str, Any] | None = Field(
        default=None, description="Values of the profile's filters, which a product needs all of."
    )
    pin: Annotated[tuple[Id, ...], BeforeValidator(_listed)] | None = Field(
        default=None, max_length=MAX_PINS, description="Ids of the products that come first, in order."
    )
    redirect: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_address)] | None = Field(
        default=None, description="Address that the queries lead to: http, https, or a path of the shop's site."
    )
    search_as: Name | None = Field(default=None, description="Text that the queries are searched as: a synonym.")
    queries: Annotated[tuple[Name, ...], BeforeValidator(_listed)] | None = Field(
        default=None,
        max_length=MAX_RULES,
        description="Queries that it is for. A boost or bury without them is for all queries.",
    )

    @field_validator("where")
    @classmethod
    def _plain(cls, where: dict[str, Any] | None) -> dict[str, Any] | None:
        """Dates as text, as the cluster keeps them."""
        return where and {name: _without_dates(value) for name, value in where.items()}

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        if empty := [key for key in ("where", "pin", "queries") if getattr(self, key) in ({}, ())]:
            raise ValueError(f"`{empty[0]}` is empty")
        given = [action for action in ACTIONS if getattr(self, action) is not None]
        if len(given) != 1:
            raise ValueError(f"a rule has exactly one of {', '.join(ACTIONS)}, not {' and '.join(given) or 'none'}")
        for key, actions in NEEDED.items():
            needed, there = given[0] in actions, getattr(self, key) is not None
            if needed != there and not (key == "queries" and self.where):
                raise ValueError(f"{given[0]} {'needs' if needed else 'has no'} `{key}`")
        return self

    @property
    def action(self) -> str:
        """The one of ACTIONS that it has."""
        return next(action for action in ACTIONS if getattr(self, action) is not None)

    def is_active(self, now: datetime, zone: tzinfo) -> bool:
        """Whether it holds at a time; its dates are days of `zone`."""
        start, end = self.period(zone)
        return start <= now < end

    def period(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """When it begins to hold, and when it does no more."""
        start = _midnight(self.start, zone) if self.start else _ALWAYS[0]
        if self.end is None:
            return start, _ALWAYS[1]
        return start, _midnight(self.end, zone, days=0 if isinstance(self.end, datetime) else 1)


class Rules(StrictModel):
    """The rules of an index. Dates are days of `time_zone`."""

    version: int = Field(default=RULES_VERSION, ge=1, le=RULES_VERSION, description="Version of this form.")
    time_zone: str = Field(default="UTC", description="Zone of the dates, such as Europe/Berlin.")
    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = Field(default=(), description="The rules.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            raise ValueError(f"{shorten(name)} is no time zone, such as Europe/Berlin or UTC") from None
        return name

    @cached_property
    def zone(self) -> tzinfo:
        """The zone of dates."""
        return ZoneInfo(self.time_zone)

    def active(self, now: datetime | None = None) -> list[Rule]:
        """The rules that hold at a time, by default now."""
        return self._active(self.rules, now)

    def ordering(self, text: str = "", now: datetime | None = None) -> list[Rule]:
        """The rules that hold and order products by what they are: those of all queries, and those of this text."""
        wanted = folded(text)
        return [
            rule
            for rule in self.active(now)
            if (rule.where or rule.in_stock_first) and (not rule.queries or _names(rule, wanted))
        ]

    def _active(self, rules: Iterable[Rule], now: datetime | None) -> list[Rule]:
        now = now or datetime.now(UTC)
        return [rule for rule in rules if rule.is_active(now, self.zone)]

    def pins(self, text: str, now: datetime | None = None) -> list[str]:
        """The ids of the products that are pinned for a query's text, those of earlier rules first.

        Texts are compared as `folded` has them: without case and accents, but other forms of a word are other texts.
        """
        pinned = [id_ for rule in self._naming(text, "pin", now) for id_ in rule.pin or ()]
        return list(dict.fromkeys(pinned))[:MAX_PINS]

    def redirect(self, text: str, now: datetime | None = None) -> str | None:
        """The address that a query's text leads to, that of the first such rule; texts are compared as for `pins`."""
        return next((rule.redirect for rule in self._naming(text, "redirect", now)), None)

    def searched_text(self, text: str, now: datetime | None = None) -> str:
        """The text that a query's text is searched as: that of the first such rule, else itself; texts are compared as
        for `pins`, and what one becomes is not looked for again."""
        return next((rule.search_as for rule in self._naming(text, "search_as", now) if rule.search_as), text)

    def _naming(self, text: str, action: str, now: datetime | None) -> list[Rule]:
        """The rules with an action that hold at a time and name a query of this text."""
        rules = [rule for rule in self.rules if rule.action == action]
        wanted = folded(text) if rules else ""
        return [rule for rule in self._active(rules, now) if _names(rule, wanted)]


def _names(rule: Rule, wanted: str) -> bool:
    return wanted in {folded(query) for query in rule.queries or ()}


def folded(text: str) -> str:
    """A query's text as it is compared with others: without case, width and Latin accents, single blanks in between."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(unicodedata.normalize("NFC", _ACCENTED.sub("", letters)).split())


_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def _midnight(moment: date, zone: tzinfo, *, days: int = 0) -> datetime:
    """The time of a moment; of a date its beginning, or that of the day so many days later."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment + timedelta(days=days), time.min, zone)


def _without_dates(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_dates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_dates(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def named_changes(before: Rules, after: Rules) -> Iterator[str]:
    """What changed between two revisions: the rules that were added, removed and changed, a line for each."""
    old, new = ({rule.name: rule for rule in rules.rules} for rules in (before, after))
    for what, names in {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
    }.items():
        yield from (f"{what}: {name}" for name in names)
