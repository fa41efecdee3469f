"""Feature-set files as this library writes them: groups of features, each with a comment that says what they are."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

FeatureEntry = Mapping[str, Any]
"""A feature with the keys of a feature-set file."""

WIDTH = 120


@dataclass(frozen=True)
class FeatureGroup:
    """Features with their comment, which may be empty; each of its lines is wrapped by itself."""

    comment: str
    features: Sequence[FeatureEntry]


def feature_file(name: str, version: int, groups: Iterable[FeatureGroup], *, comment: str) -> str:
    """The text of a feature-set file, with this comment at its top."""
    lines = [*_comment(comment, ""), f"name: {name}", f"version: {version}", "features:"]
    for number, group in enumerate(one for one in groups if one.comment or one.features):
        lines += [""] * (number > 0)
        lines += _comment(group.comment, "  ")
        for feature in group.features:
            lines += _entry(feature)
    return "\n".join(lines) + "\n"


def slug(text: str) -> str:
    """A name that a feature or a feature set may have, made of any text."""
    ascii_only = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
    return (words if re.match("[a-z]", words) else f"f_{words}".rstrip("_"))[:64]


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of NAME_2, NAME_3 and so on that is not taken."""
    known, number, made = set(taken), 1, name
    while made in known:
        number += 1
        made = f"{name[:60]}_{number}"
    return made


def _comment(text: str, indent: str) -> list[str]:
    start = f"{indent}# "
    return [
        piece
        for line in text.splitlines()
        for piece in wrap(line, WIDTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False)
    ]


def _entry(feature: FeatureEntry) -> list[str]:
    """A feature on one line where it fits, else a line for each key."""
    line = f"  - {_yaml(dict(feature), flow=True, width=10_000).strip()}"
    if len(line) <= WIDTH and not any(isinstance(value, dict) or "\n" in str(value) for value in feature.values()):
        return [line]
    first, *others = (one for key, value in feature.items() for one in _lines(key, value))
    return [f"  - {first}", *(f"    {one}" for one in others)]


def _lines(key: str, value: object) -> list[str]:
    """A key with its value; a text of several lines keeps them, and a long one is folded between words."""
    if isinstance(value, str) and "\n" in value and value == value.strip():
        own = value.split("\n")
        if all(line.isprintable() for line in own):
            return [f"{key}: |-", *(f"  {line}" for line in own)]
    flow = None if isinstance(value, dict | list) else False
    lines = _yaml({key: value}, flow=flow, width=WIDTH - 4).splitlines()
    long = len(lines) > 1 or len(lines[0]) > WIDTH - 4
    if long and isinstance(value, str) and value.split(" ") == value.split():
        return [f"{key}: >-", *(f"  {one}" for one in wrap(value, WIDTH - 6, break_long_words=False))]
    return lines


def _yaml(value: dict[str, Any], *, flow: bool | None, width: int) -> str:
    """YAML in braces (`flow`), in lines, or (None) in lines but for what has no further parts."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=width)
    return text
