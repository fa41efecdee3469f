"""Parity check: whether the cluster's scores equal the local ones, row by row and pair by pair within each query."""

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import counted

TOLERANCE = 1e-5
"""Default tolerance, relative to the larger of 1 and the score; float32 sums of a few hundred leaves stay far below."""


@dataclass(frozen=True)
class Parity:
    """The result of a parity check.

    `rows` of `queries` queries were compared. `largest_difference` is relative. `out_of_order` of the `pairs` with
    different local scores are ranked the other way round in the cluster.
    """

    rows: int
    queries: int
    largest_difference: float
    pairs: int
    out_of_order: int
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether rows were compared, every score is within the tolerance and no pair is out of order."""
        return self.rows > 0 and self.largest_difference <= self.tolerance and self.out_of_order == 0

    def to_json(self) -> dict[str, float | int | bool]:
        """The fields and `passed`, for JSON."""
        return {**asdict(self), "passed": self.passed}

    def __str__(self) -> str:
        return (
            f"parity: {counted(self.rows, 'row')} of {counted(self.queries, 'query')} compared, "
            f"largest relative difference {self.largest_difference:.1e} (limit {self.tolerance:.0e}), "
            f"pairs out of order: {self.out_of_order} of {self.pairs:,}"
        )


def compare_scores(
    queries: npt.NDArray[np.object_],
    local: npt.NDArray[np.floating],
    remote: npt.NDArray[np.floating],
    tolerance: float = TOLERANCE,
) -> Parity:
    """Compares local and remote scores, both (rows,); `queries` names the query of each row, and its rows are adjacent.

    A pair is out of order when one side ranks it by a difference above the tolerance and the other side ranks it the
    other way round; smaller differences count as ties. NaN on one side alone is an infinite difference.
    """
    scale = np.maximum(1.0, np.abs(local))
    differences = np.where(np.isnan(local) & np.isnan(remote), 0.0, np.abs(local - remote) / scale)
    largest = float(np.nan_to_num(differences, nan=np.inf).max(initial=0.0))
    pairs = out_of_order = 0
    names, starts = np.unique(queries.astype(str), return_index=True)
    bounds = [*np.sort(starts), len(queries)]
    for start, stop in pairwise(bounds):
        local_gaps, remote_gaps = (scores[start:stop, None] - scores[None, start:stop] for scores in (local, remote))
        margin = tolerance * np.maximum(scale[start:stop, None], scale[None, start:stop])
        distinct = local_gaps > margin
        pairs += int(distinct.sum())
        out_of_order += int(((distinct & (remote_gaps < 0)) | ((remote_gaps > margin) & (local_gaps < 0)).T).sum())
    return Parity(len(queries), len(names), largest, pairs, out_of_order, tolerance)
