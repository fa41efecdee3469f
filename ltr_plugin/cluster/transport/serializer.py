"""JSON for the cluster, fast for vectors: their numbers are most of what is written."""

import json
from typing import Any

import orjson

from ltr_plugin.cluster.responses import Json

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def dumps(data: Json) -> str:
    """The text of a body; a string is returned as it is. ValueError, TypeError or RecursionError when JSON cannot
    express it.

    Arrays of float32 are written with as few digits as tell them apart, in a third of the space of Python's floats.
    """
    if isinstance(data, str):
        return data
    try:
        return orjson.dumps(data, option=_OPTIONS).decode()
    except orjson.JSONEncodeError:  # such as an integer of more than 64 bits
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_plain)


def loads(text: str) -> Json:
    """The decoded text of a response; ValueError when it is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # such as an integer of more digits than a float has, or half a character
        return json.loads(text)


def _plain(value: Any) -> Json:  # noqa: ANN401 - whatever is in a body
    """An array or number of numpy as Python's; TypeError for what is none."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
