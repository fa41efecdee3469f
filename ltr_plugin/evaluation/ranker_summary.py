"""How a ranker was trained, as reports show it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class RankerSummary:
    """Part of a ranker's card: its kind, how many `queries` and `rows` it learned from, when, with which settings.

    `importance` says how much each feature counts; its meaning depends on the kind, and is `importance_of` in words.
    """

    kind: str
    queries: int
    rows: int
    created: str
    settings: Mapping[str, Any]
    importance: Mapping[str, float]
    importance_of: str = ""

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """What `to_json` gave, also to another release; None where it is not that."""
        if not isinstance(value, dict):
            return None
        try:
            return cls(**{field.name: value[field.name] for field in fields(cls) if field.name in value})
        except TypeError:
            return None

    def shares(self) -> list[tuple[str, float]]:
        """The share of each feature in the sum of all importances, from 0 to 1, the largest first."""
        total = sum(map(abs, self.importance.values())) or 1.0
        pairs = [(name, abs(value) / total) for name, value in self.importance.items()]
        return sorted(pairs, key=lambda pair: -pair[1])
