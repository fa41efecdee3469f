"""Which items share a batch: a model pads every one of them to the longest."""

from collections.abc import Collection, Sequence

import numpy as np

PADDING, START, NEW = 100, 3, 10
"""What a column of an item costs, and a batch beside its items for each column of its room: sizes are chosen of which
twice as much is hardly faster (see `trial`). NEW is what it costs more when no batch had its size before.
Whole numbers, for costs that are the same to be equal."""


def packed(lengths: Sequence[int], room: int, most: int, known: Collection[int] | None = None) -> list[list[int]]:
    """The places of items of these lengths, batch by batch, the longest first.

    A batch has `most` items at most, and its size, its count times its longest, is within `room`, unless one item is
    more by itself. Of all such batches these cost the least, with their padding, START, and NEW where their size is not
    in `known`, if that is given: the shortest path through the items in order of length.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    count = len(order)
    least = np.zeros(count + 1, np.int64)
    ends = [0] * count
    news = np.full(1 + max(room, *lengths, 1), 0 if known is None else NEW * room)
    news[[size for size in known or () if size < len(news)]] = 0
    for first in reversed(range(count)):
        longest = max(1, lengths[order[first]])
        taken = np.arange(1, 1 + min(count - first, most, max(1, room // longest)))
        costs = PADDING * longest * taken + news[longest * taken] + least[first + taken]
        best = len(taken) - 1 - int(costs[::-1].argmin())  # the most items, where some cost the same
        least[first] = costs[best] + START * room
        ends[first] = first + int(taken[best])
    batches, first = [], 0
    while first < count:
        batches.append(order[first : ends[first]])
        first = ends[first]
    return batches
