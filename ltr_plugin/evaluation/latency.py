"""Times of searches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Latency:
    """The median and the 95th percentile of the times of so many `searches`, in milliseconds; 0 without any."""

    searches: int
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """The percentiles of these times."""
        p50, p95 = np.percentile(seconds, [50, 95]) * 1000 if seconds else (0.0, 0.0)
        return cls(len(seconds), round(float(p50), 1), round(float(p95), 1))
