"""Do the cluster's scores equal the local ones? Compared row by row, and pair by pair within each query."""

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

TOLERANCE = 1e-5
"""Relative to the larger of 1 and the score: float32 sums of a few hundred leaves stay well below it."""


@dataclass(frozen=True)
class Parity:
    """The outcome: rows and pairs compared, the largest relative difference, pairs that changed places."""

    rows: int
    queries: int
    largest_difference: float
    pairs: int
    out_of_order: int
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether every score is within the tolerance and no pair changed places."""
        return self.rows > 0 and self.largest_difference <= self.tolerance and self.out_of_order == 0

    def to_json(self) -> dict[str, float | int | bool]:
        """The outcome as plain values."""
        return {**asdict(self), "passed": self.passed}

    def __str__(self) -> str:
        return (
            f"parity: {self.rows:,} rows of {self.queries} queries compared, largest relative difference "
            f"{self.largest_difference:.1e} (limit {self.tolerance:.0e}), "
            f"pairs out of order: {self.out_of_order} of {self.pairs:,}"
        )


def compare_scores(
    queries: npt.NDArray[np.object_],
    local: npt.NDArray[np.floating],
    remote: npt.NDArray[np.floating],
    tolerance: float = TOLERANCE,
) -> Parity:
    """Compares local and remote scores, all (rows,), rows of one query together. A NaN on one side never agrees.

    A pair is out of order when one side tells it apart by more than the tolerance and the other has it the other way
    round; closer pairs count as ties.
    """
    scale = np.maximum(1.0, np.abs(local))
    differences = np.where(np.isnan(local) & np.isnan(remote), 0.0, np.abs(local - remote) / scale)
    largest = float(np.nan_to_num(differences, nan=np.inf).max(initial=0.0))
    pairs = swapped = 0
    names, starts = np.unique(queries.astype(str), return_index=True)
    bounds = [*np.sort(starts), len(queries)]
    for start, stop in pairwise(bounds):
        here, there, unit = local[start:stop], remote[start:stop], scale[start:stop]
        ours, theirs = here[:, None] - here[None, :], there[:, None] - there[None, :]
        margin = tolerance * np.maximum(unit[:, None], unit[None, :])
        distinct = ours > margin
        pairs += int(distinct.sum())
        swapped += int(((distinct & (theirs < 0)) | ((theirs > margin) & (ours < 0)).T).sum())
    return Parity(len(queries), len(names), largest, pairs, swapped, tolerance)
