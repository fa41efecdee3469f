"""Which items share a batch: a model pads each item of a batch to the longest."""

from collections.abc import Collection, Sequence

import numpy as np

PADDING_COST, BATCH_COST, NEW_SIZE_COST = 100, 3, 10
"""Relative costs: of one column (token) of an item; of starting a batch, for each column of the token budget; and the
surcharge, in the same unit, for a batch size that the library has not run yet. Integers, so that equal costs compare
equal."""


def pack(
    lengths: Sequence[int], token_budget: int, max_items: int, seen_sizes: Collection[int] | None = None
) -> list[list[int]]:
    """Batches of positions in `lengths`, the longest items first, at the lowest total cost.

    A batch has at most `max_items` items. Its size, count times longest item, is within `token_budget`, unless a single
    item is longer. Costs are padding, starting a batch, and the surcharge for sizes not in `seen_sizes`, if that is
    given. The batches are the shortest path through the items in order of length.
    """
    order = sorted(range(len(lengths)), key=lambda item: -lengths[item])
    count = len(order)
    lowest_cost = np.zeros(count + 1, np.int64)  # of the items from a position on
    ends = [0] * count
    size_costs = np.full(1 + max(token_budget, *lengths, 1), 0 if seen_sizes is None else NEW_SIZE_COST * token_budget)
    size_costs[[size for size in seen_sizes or () if size < len(size_costs)]] = 0
    for first in reversed(range(count)):
        longest = max(1, lengths[order[first]])
        counts = np.arange(1, 1 + min(count - first, max_items, max(1, token_budget // longest)))
        costs = PADDING_COST * longest * counts + size_costs[longest * counts] + lowest_cost[first + counts]
        best = len(counts) - 1 - int(costs[::-1].argmin())  # the most items among equal costs
        lowest_cost[first] = costs[best] + BATCH_COST * token_budget
        ends[first] = first + int(counts[best])
    batches, first = [], 0
    while first < count:
        batches.append(order[first : ends[first]])
        first = ends[first]
    return batches
