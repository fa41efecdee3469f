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
    import yaml

    line = yaml.safe_dump(dict(feature), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    if len(line) + 3 <= WIDTH and not any(isinstance(value, dict) for value in feature.values()):
        return [f"  - {line.strip()}"]
    text = yaml.safe_dump(dict(feature), default_flow_style=None, sort_keys=False, allow_unicode=True, width=WIDTH - 6)
    first, *others = text.splitlines()
    return [f"  - {first}", *(f"    {one}" for one in others)]
