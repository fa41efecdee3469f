"""JSON with mustache in it: query bodies are built as values, so that nothing is ever joined by hand."""

import json
from dataclasses import dataclass

Body = object
"""A JSON value in which any leaf may be Raw."""


@dataclass(frozen=True)
class RawTemplate:
    """Text that stands in the JSON as it is: a section, or a parameter that is a number or a list."""

    text: str


def render(body: Body) -> str:
    """The template text of a query body. Strings keep their `{{name}}`, which the plugin escapes for JSON."""
    match body:
        case RawTemplate(text):
            return text
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{render(value)}" for key, value in body.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(render, body)) + "]"
        case _:
            return json.dumps(body)


def to_json(parameter: str) -> RawTemplate:
    """A parameter written as JSON: for vectors and lists. (For a string it would lose the quotes: use `{{name}}`.)"""
    return RawTemplate("{{#toJson}}" + parameter + "{{/toJson}}")


def when(flag: str, body: Body, otherwise: Body) -> RawTemplate:
    """`body` where the flag parameter is true, else `otherwise`.

    Only a boolean can open a section here: on a vector mustache would repeat it for every number.
    """
    return RawTemplate(
        "{{#"
        + flag
        + "}}"
        + render(body)
        + "{{/"
        + flag
        + "}}{{^"
        + flag
        + "}}"
        + render(otherwise)
        + "{{/"
        + flag
        + "}}"
    )
