"""How many items a model looks at together, found by trial on the work at hand."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

MIN_SPEEDUP = 1.03
"""A size that is not this much faster than the usual one may well be slower in the long run."""

REPEATS = 5
"""How often each size is run, by turns: a slow moment of the machine then counts against no size alone."""


@dataclass(frozen=True)
class BatchSizeTuner:
    """The `sizes`, of which the usual one, larger ones and smaller ones are tried, in `budget_s` seconds or so."""

    sizes: tuple[int, ...]
    budget_s: float

    def best(self, seconds: Callable[[int], float | None], default: int) -> int:
        """The size that does most items a second, or the one nearest to `default` that does nearly as many.

        `seconds` runs a batch of a size, None where memory is too short. No further one is tried on a side once three
        in a row did not pay (a CPU may be slower with 8 and 16 than with 4, and half as fast again with 32), or where
        the next would outlast the budget; what is left of it goes into further turns. So a slow model may be tried with
        the usual size alone, and keeps it.
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


CPU_TUNER = BatchSizeTuner((4, 8, 16, 32, 64, 128), budget_s=8)
GPU_TUNER = BatchSizeTuner((16, 32, 64, 128, 256, 512), budget_s=4)
"""No more than a task has items: workers that share a GPU also share the time that their trials take."""
