"""How to declare a key that products have and the profile of their index does not know: advice in messages."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

MAX_MEMBERS = 5
"""The most members of objects that advice declares; a shop sees from these how the others are declared."""

_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def declaring_advice(name: str, value: object) -> str:
    """What to do about a key of this name, below a nested field behind a dot, which a product has with this value."""
    *above, last = name.split(".")
    path = ".".join([*above[:1], "_".join(map(declarable, [*above[1:], last]))])
    called = "" if path == name else f" as `{path}`"
    objects = _objects(value)
    if above and last == "deleted":
        return "updates alone have it; leave the object out"
    if objects and not above:
        return f"correct its name, or declare it{called} in the index's profile: `{_nested(path, objects)}`"
    if objects:
        return "correct its name, or leave it out: objects in objects cannot be declared"
    if isinstance(value, Mapping):
        return "correct its name, or write each of its values as a field of its own: an object cannot be declared"
    declared = f"`fields: [{{name: {path}, type: {_type(value)}}}]`"
    attribute = "put it into `attributes`, " if above in ([], ["variants"]) else ""
    return f"correct its name, {attribute}or declare it{called} in the index's profile: {declared}"


def declarable(key: str) -> str:
    """A key in the letters that a declared one has."""
    letters = "".join(_LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", key).lower())
    plain = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")[:62]
    return name if name[:1].isalpha() else f"f_{name}".rstrip("_")


def _nested(path: str, objects: Sequence[Mapping[str, Any]]) -> str:
    """The lines of a profile, on one, that declare a list of objects."""
    members: dict[str, Any] = {}
    for one in objects:
        members = {**one, **members}
    key = next((one for one in members if _tells_apart(one, objects)), None)
    fields = [
        f"{{name: {path}.{declarable(one)}, type: {_type(value)}}}" for one, value in members.items() if one != key
    ]
    nested = f"nested: [{{path: {path}{f', key: {declarable(key)}' if key else ''}}}]"
    return f"{nested}`, `fields: [{', '.join(fields[:MAX_MEMBERS])}]" if fields else nested


def _tells_apart(key: str, objects: Sequence[Mapping[str, Any]]) -> bool:
    values = [one.get(key) for one in objects]
    return all(isinstance(one, str) for one in values) and len(set(values)) == len(values)


def _objects(value: object) -> list[Mapping[str, Any]]:
    values = value if isinstance(value, list | tuple) else ()
    objects = [one for one in values if isinstance(one, Mapping)]
    return objects if len(objects) == len(values) else []


def _type(value: object) -> str:
    """The type of a declared field that such a value, or such values, can have."""
    values = value if isinstance(value, list | tuple) else [value]
    if values and all(isinstance(one, bool) for one in values):
        return "boolean"
    numbers = [isinstance(one, int | float) and not isinstance(one, bool) for one in values]
    return "number" if values and all(numbers) else "keyword"
