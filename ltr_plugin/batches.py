"""Items in groups."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in order, in groups of `size`; the last may be smaller."""
    rest = iter(items)
    while group := tuple(islice(rest, size)):
        yield group
