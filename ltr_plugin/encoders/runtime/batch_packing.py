"""Which items share a batch: a model pads every one of them to the longest."""

from collections.abc import Collection, Sequence

import numpy as np

PADDING_COST, BATCH_COST, NEW_SIZE_COST = 100, 3, 10
"""What a column of an item costs, and a batch beside its items for each column of its room: sizes are chosen of which
twice as much is hardly faster (see `trial`). NEW is what it costs more when no batch had its size before.
Whole numbers, for costs that are the same to be equal."""


def pack(
    lengths: Sequence[int], token_budget: int, max_items: int, seen_sizes: Collection[int] | None = None
) -> list[list[int]]:
    """The places of items of these lengths, batch by batch, the longest first.

    A batch has `max_items` items at most, and its size, its count times its longest, is within `token_budget`, unless one item is
    more by itself. Of all such batches these cost the least, with their padding, START, and NEW where their size is not
    in `seen_sizes`, if that is given: the shortest path through the items in order of length.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    count = len(order)
    least = np.zeros(count + 1, np.int64)
    ends = [0] * count
    news = np.full(1 + max(token_budget, *lengths, 1), 0 if seen_sizes is None else NEW_SIZE_COST * token_budget)
    news[[size for size in seen_sizes or () if size < len(news)]] = 0
    for first in reversed(range(count)):
        longest = max(1, lengths[order[first]])
        taken = np.arange(1, 1 + min(count - first, max_items, max(1, token_budget // longest)))
        costs = PADDING_COST * longest * taken + news[longest * taken] + least[first + taken]
        best = len(taken) - 1 - int(costs[::-1].argmin())  # the most items, where some cost the same
        least[first] = costs[best] + BATCH_COST * token_budget
        ends[first] = first + int(taken[best])
    batches, first = [], 0
    while first < count:
        batches.append(order[first : ends[first]])
        first = ends[first]
    return batches
