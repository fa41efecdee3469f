"""Mustache templates of JSON, built from values, so that quotes and commas are never written by hand."""

import json
from dataclasses import dataclass

Body = object
"""A JSON value in which any part may be a RawTemplate."""


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


def to_json(parameter: str) -> RawTemplate:
    """A parameter that is a vector or a list, as JSON. (A string would lose its quotes: write `"{{name}}"` instead.)"""
    return RawTemplate("{{#toJson}}" + parameter + "{{/toJson}}")


def when(flag: str, body: Body, otherwise: Body) -> RawTemplate:
    """`body` when the parameter `flag` is true, else `otherwise`.

    `flag` must be a boolean: mustache repeats a section for every number of a vector.
    """
    opened, closed, inverted = f"{{{{#{flag}}}}}", f"{{{{/{flag}}}}}", f"{{{{^{flag}}}}}"
    return RawTemplate(opened + render(body) + closed + inverted + render(otherwise) + closed)
