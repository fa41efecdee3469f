"""Files and wire JSON in, checked objects out: every mistake of a value together, each with its `$.path`."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ltr_plugin.errors import InputError, Problem

T = TypeVar("T")


class StrictModel(BaseModel):
    """Base of every form of data that is read from a file: immutable, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def decode(type_: type[T], value: object, *, source: str) -> T:
    """`value` (as JSON or YAML gave it) as a `type_`; InputError lists every mistake with its path."""
    try:
        return TypeAdapter(type_).validate_python(value)
    except ValidationError as error:
        raise InputError(source, problems_of(error, value)) from None


def problems_of(error: ValidationError, value: object = None) -> list[Problem]:
    """What pydantic found, as our own mistakes; `value` is what was decoded, to tell real keys from union tags."""
    return [Problem(_location(details, value), message_of(details)) for details in error.errors(include_url=False)]


def _location(details: ErrorDetails, value: object) -> str:
    path = _path(details["loc"], value)
    return f"{path}.{_discriminator(details)}" if details["type"].startswith("union_tag") else path


def _discriminator(details: ErrorDetails) -> str:
    return str(details["ctx"]["discriminator"]).strip("'")


def _path(location: tuple[int | str, ...], value: object) -> str:
    """`$.features[3].kind`. A tag of a union stands in the location too, but is no key of the value: left out."""
    path, last = "$", len(location) - 1
    for position, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif position == last or not isinstance(value, Mapping) or step in value:
            path += f".{step}"
            value = value.get(step) if isinstance(value, Mapping) else None
    return path


def message_of(details: ErrorDetails) -> str:
    """What is wrong with a value, for a `Problem`."""
    match details["type"]:
        case "extra_forbidden":
            return "unknown key; remove it or correct its name"
        case "missing":
            return "required key missing"
        case "union_tag_invalid":
            known = details["ctx"]["expected_tags"]
            return f"unknown {_discriminator(details)} {details['ctx']['tag']!r} (expected one of: {known})"
        case "union_tag_not_found":
            return "required key missing"
        case "value_error":
            return str(details["ctx"]["error"])
        case _:
            return f"{details['msg']}, not {details['input']!r}"
