"""Turns values of YAML and JSON files into typed objects and lists every problem of a value with its `$.path`."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ltr_plugin.declaring import declaring_advice
from ltr_plugin.errors import InputError, Problem

T = TypeVar("T")

MAX_QUOTED = 120
"""Characters of a wrong value that a message quotes."""

MAX_VALUES = 100_000
"""Values in a YAML file."""

PRODUCTS = ("Product", "CatalogEntry", "ProductUpdate")
"""Titles of types whose keys an index declares."""

FIXED = ("reviews",)
"""Their keys below which none can be declared."""

_NO_RENAMED_KEYS: Mapping[str, str] = MappingProxyType({})


class StrictModel(BaseModel):
    """Base class of the data read from files: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def decode(type_: type[T], value: object, *, source: str, renamed_keys: Mapping[str, str] = _NO_RENAMED_KEYS) -> T:
    """`value`, as a JSON or YAML parser gives it, as a `type_`.

    InputError about `source` lists every problem. `renamed_keys` maps the keys of earlier versions to what the message
    says that they are called now.
    """
    try:
        return TypeAdapter(type_).validate_python(value)
    except ValidationError as error:
        raise InputError(source, problems_of(error, value, renamed_keys)) from None


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON
    """The value in a JSON file; InputError when it cannot be read or is not JSON."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror or error}") from None
    return parse_json(content, source=str(path))


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - any YAML
    """The value in a YAML file; InputError when it cannot be read, is not YAML, or has over MAX_VALUES values."""
    import yaml

    try:
        value = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        position = getattr(error, "problem_mark", None)
        location = f"line {position.line + 1}" if position else ""
        message = f"is not YAML: {getattr(error, 'problem', error)}"
        raise InputError(str(path), [Problem(location, message)]) from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:  # as for 2026-13-45
        raise InputError(str(path), f"has a value that YAML cannot read: {error}") from None
    if _exceeds(value, MAX_VALUES):
        raise InputError(str(path), f"has more than {MAX_VALUES:,} values, counting each use of an alias")
    return value


def _exceeds(value: object, most: int) -> bool:
    """Whether a value holds more than so many; YAML's aliases let a short file hold any number."""
    left = [value]
    for _ in range(most):
        if not left:
            return False
        one = left.pop()
        left += [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else ()
    return True


def parse_json(content: bytes | str, *, source: str) -> Any:  # noqa: ANN401 - any JSON
    """The value of JSON text; InputError about `source` when it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(source, f"is not JSON: {error}") from None


def problems_of(
    error: ValidationError, value: object = None, renamed_keys: Mapping[str, str] = _NO_RENAMED_KEYS
) -> list[Problem]:
    """The problems that pydantic found. `value` is what was decoded: it tells keys from the tags of a union."""
    errors = error.errors(include_url=False)
    given = {
        (*details["loc"][:-1], renamed_keys[str(details["loc"][-1])].strip("`"))
        for details in errors
        if details["type"] == "extra_forbidden" and details["loc"][-1] in renamed_keys
    }
    return [
        Problem(_location(details, value), message_of(details, renamed_keys, error.title))
        for details in errors
        if not (details["type"] == "missing" and details["loc"] in given)  # it has its earlier name, which is reported
    ]


def _location(details: ErrorDetails, value: object) -> str:
    path = _path(details["loc"], value)
    return f"{path}.{_discriminator(details)}" if details["type"].startswith("union_tag") else path


def _discriminator(details: ErrorDetails) -> str:
    return str(details["ctx"]["discriminator"]).strip("'")


def _path(location: tuple[int | str, ...], value: object) -> str:
    """Such as `$.features[3].kind`. The tag of a union is a step of the location, but no key of the value: left out."""
    path, last = "$", len(location) - 1
    for position, step in enumerate(location):
        if step == "[key]":  # pydantic's mark of a name that is wrong itself
            continue
        if isinstance(step, int):
            path += f"[{step}]"
            value = value[step] if isinstance(value, list) and step < len(value) else None
        elif position == last or not isinstance(value, Mapping) or step in value:
            path += f".{step}"
            value = value.get(step) if isinstance(value, Mapping) else None
    return path


_BY_LANGUAGE = (
    "; only title, description, category and declared texts may be by language, where the index's profile states "
    "`languages`"
)


def message_of(details: ErrorDetails, renamed_keys: Mapping[str, str] = _NO_RENAMED_KEYS, title: str = "") -> str:
    """What is wrong with a value, for a `Problem`; `title` is that of the type which it is part of."""
    match details["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return f"unknown key; {_advice(details, renamed_keys, title)}"
        case "missing" | "union_tag_not_found":
            return "required key missing"
        case "union_tag_invalid":
            known = details["ctx"]["expected_tags"]
            return f"unknown {_discriminator(details)} {details['ctx']['tag']!r} (expected one of: {known})"
        case "too_long":
            return f"has more than {details['ctx']['max_length']:,} entries; leave some out"
        case "value_error":
            return str(details["ctx"]["error"])
        case kind:
            what = "Input should be a list" if kind == "tuple_type" else details["msg"]
            by_language = kind != "tuple_type" and title in PRODUCTS and isinstance(details["input"], Mapping)
            return f"{what}, not {shorten(details['input'])}{_BY_LANGUAGE if by_language else ''}"


def _advice(details: ErrorDetails, renamed_keys: Mapping[str, str], title: str) -> str:
    if title in PRODUCTS and details["loc"][0] not in FIXED:
        name = ".".join(step for step in details["loc"] if isinstance(step, str))
        return declaring_advice(name, details["input"])
    new_name = renamed_keys.get(str(details["loc"][-1]))
    return f"it is called {new_name} now" if new_name else "remove it or correct its name"


def shorten(value: object) -> str:
    """A value as messages quote it, cut after MAX_QUOTED characters."""
    try:
        text = repr(value[: MAX_QUOTED + 1] if isinstance(value, str) else value)
    except ValueError:  # Python refuses to write longer integers
        return "a number of over 4,300 digits"
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."
