"""Mustache templates of JSON, built from values, so that quotes and commas are never written by hand."""

import json
import re
from dataclasses import dataclass

Body = object
"""A JSON value in which any part may be a RawTemplate."""

OPENED = re.compile(r"\{\{\{?\s*[#^/&]?\s*")
"""The start of a tag, up to the name in it."""

FUNCTION = re.compile(r"\{\{#\s*(?:toJson|join|url)\b[^}]*\}\}\s*")
"""The tag of a function of the cluster's templates; the name of a parameter follows."""

_NAME = re.compile(rf"{OPENED.pattern}([A-Za-z_][\w-]*)")
_INSIDE = re.compile(rf"{FUNCTION.pattern}([A-Za-z_][\w-]*)")
_FUNCTIONS = {"toJson", "join", "url"}


@dataclass(frozen=True)
class RawTemplate:
    """Template text that is written without quotes: a section, or a parameter that is a number or a list."""

    text: str


def render(body: Body) -> str:
    """The template text of a body. A `{{name}}` in a string stays, and the cluster escapes its value for JSON."""
    match body:
        case RawTemplate(text):
            return text
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{render(value)}" for key, value in body.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(render, body)) + "]"
        case _:
            return json.dumps(body)


def parameters_of(text: str) -> set[str]:
    """The names of the search parameters that a template text reads."""
    return {*_NAME.findall(text), *_INSIDE.findall(text)} - _FUNCTIONS


def to_json(parameter: str) -> RawTemplate:
    """A parameter that is a vector or a list, as JSON. (A string would lose its quotes: write `"{{name}}"` instead.)"""
    return RawTemplate("{{#toJson}}" + parameter + "{{/toJson}}")


def when(flag: str, body: Body, otherwise: Body) -> RawTemplate:
    """`body` when the parameter `flag` is true, else `otherwise`.

    `flag` must be a boolean or a string: mustache repeats a section for every number of a vector.
    """
    return RawTemplate(_section(flag, render(body)) + _inverted(flag, render(otherwise)))


def when_list(name: str, body: Body, otherwise: Body) -> RawTemplate:
    """`body` when the parameter `name` is a list, else `otherwise`; `body` may insert it by `to_json`.

    Lists have a key `size` in templates, and strings and numbers have not. An object may bring its own `size`: were
    that an object or a list again, it would be the section's scope, and a string in it under `name` would be written
    raw. Nothing is rendered then, so that the cluster refuses the search.
    """
    size = f"{name}.size"
    guarded = _inverted(f"{size}.size", _inverted(f"{size}.{name}", _section(size, render(body))))
    return RawTemplate(guarded + _inverted(size, render(otherwise)))


def _section(name: str, text: str) -> str:
    return f"{{{{#{name}}}}}{text}{{{{/{name}}}}}"


def _inverted(name: str, text: str) -> str:
    return f"{{{{^{name}}}}}{text}{{{{/{name}}}}}"
