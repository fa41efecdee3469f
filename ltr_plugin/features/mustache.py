"""Mustache templates of JSON, built from values, so that quotes and commas are never written by hand."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
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


NOTHING = RawTemplate("")


_LISTS = re.compile(r"\{\{[#^]([^\s{}]+)\.size\}\}")


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


def members(body: Mapping[str, Body]) -> RawTemplate:
    """The members of a JSON object, each with a comma behind it, as `object_with` takes them."""
    return RawTemplate("".join(f"{json.dumps(key)}:{render(value)}," for key, value in body.items()))


def object_with(optional: Iterable[RawTemplate], body: Mapping[str, Body]) -> RawTemplate:
    """A JSON object with the members of `body`, of which there must be one, and those that are rendered before them.

    (The blank keeps its brace apart from those of a section.)
    """
    return RawTemplate("{ " + "".join(part.text for part in optional) + members(body).text.removesuffix(",") + "}")


def element(body: Body) -> RawTemplate:
    """An element of a JSON list with a comma behind it, as `list_with` takes it."""
    return RawTemplate(f"{render(body)},")


def list_with(optional: Iterable[RawTemplate], body: Iterable[Body]) -> RawTemplate:
    """A JSON list of `body`, which is not empty, with the elements that are rendered before."""
    return RawTemplate("[" + "".join(part.text for part in optional) + ",".join(map(render, body)) + "]")


def list_before(body: Iterable[Body], optional: Iterable[RawTemplate]) -> RawTemplate:
    """A JSON list of `body`, which is not empty, with the elements that are rendered behind (`further_element`)."""
    return RawTemplate("[" + ",".join(map(render, body)) + "".join(part.text for part in optional) + "]")


def further_element(body: Body) -> RawTemplate:
    """An element of a JSON list with a comma before it, as `list_before` takes it."""
    return RawTemplate(f",{render(body)}")


def literal(value: str | float | bool | Sequence[str | float | bool]) -> RawTemplate:
    """A value, or a list of values, that a template has as it is: braces in a text are no mustache."""
    return RawTemplate(json.dumps(value).replace("{", "\\u007b").replace("}", "\\u007d"))


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

    Lists have a key `size` in templates, and strings and numbers have not. The whole template must be `guarded`.
    """
    size = f"{name}.size"
    return RawTemplate(_section(size, render(body)) + _inverted(size, render(otherwise)))


def guarded(template: RawTemplate) -> RawTemplate:
    """The template, which renders nothing, so that the cluster refuses it, for an object where `when_list` expects a
    list: its `size` could be an object or a list, which would be the section's scope, and a string in it under the
    name of the parameter would be written raw."""
    for name in sorted(set(_LISTS.findall(template.text))):
        size = f"{name}.size"
        template = RawTemplate(_inverted(f"{size}.size", _inverted(f"{size}.{name}", template.text)))
    return template


def _section(name: str, text: str) -> str:
    return f"{{{{#{name}}}}}{text}{{{{/{name}}}}}" if text else ""


def _inverted(name: str, text: str) -> str:
    return f"{{{{^{name}}}}}{text}{{{{/{name}}}}}" if text else ""
