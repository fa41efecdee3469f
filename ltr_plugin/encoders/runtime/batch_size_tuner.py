"""The batch size of a model, found by timing batches of the items at hand."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

MIN_SPEEDUP = 1.03
"""A smaller gain than this is within the noise of the timing."""

REPEATS = 5
"""How often each size is timed, in turns, so that a slow moment of the machine does not count against one size."""


@dataclass(frozen=True)
class BatchSizeTuner:
    """Times batch `sizes` around the default for about `budget_s` seconds."""

    sizes: tuple[int, ...]
    budget_s: float

    def best(self, seconds: Callable[[int], float | None], default: int) -> int:
        """The size nearest to `default` whose items per second are within MIN_SPEEDUP of the fastest.

        `seconds` runs a batch of a size and returns its time, or None when memory does not suffice. Larger and smaller
        sizes are timed until three in a row bring no speed-up, or until the next one would exceed the
        budget. The rest of the budget goes into repeats. A slow model may time only the default, and keeps it.
        """
        took: dict[int, float] = {}
        rate = 0.0
        ends = time.perf_counter() + self.budget_s
        larger = [size for size in self.sizes if size >= default]
        smaller = [size for size in reversed(self.sizes) if size < default]
        for side in (larger, smaller):
            slower_in_a_row = 0
            for size in side:
                if slower_in_a_row == 3 or (took and time.perf_counter() + size / rate > ends):
                    break
                duration = seconds(size)
                if duration is None:
                    if side is larger:
                        break
                    continue
                took[size] = duration
                slower_in_a_row = 0 if size / duration > MIN_SPEEDUP * rate else slower_in_a_row + 1
                rate = max(rate, size / duration)
        for size in list(took) * (REPEATS - 1):
            if time.perf_counter() + took[size] > ends:
                break
            again = seconds(size)
            took[size] = math.inf if again is None else min(again, took[size])
        rates = {size: size / least for size, least in took.items()}
        good = [size for size in rates if MIN_SPEEDUP * rates[size] >= max(rates.values())]
        return min(good, key=lambda size: abs(math.log(size / default)), default=self.sizes[0])


GPU_TUNER = BatchSizeTuner((16, 32, 64, 128, 256, 512), budget_s=4)
"""Sizes up to the number of items in a task. The budget is short, because workers may share a GPU."""
