"""Runs: what a ranker returned for each query."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ltr_plugin.judgments.qrels import Qrels

Run = Mapping[str, Sequence[tuple[str, float]]]
"""For each query its products with their scores, best first. The order counts, not the scores."""


def run_from_scores(
    queries: npt.NDArray[np.object_], products: npt.NDArray[np.object_], scores: npt.NDArray[np.floating]
) -> Run:
    """The run of scored rows, such as those of a feature table; equal scores keep the order of the rows."""
    run: dict[str, list[tuple[str, float]]] = {}
    for row in np.argsort(-scores, kind="stable"):
        run.setdefault(queries[row], []).append((products[row], float(scores[row])))
    return run


def judged_only(run: Run, qrels: Qrels) -> Run:
    """The run without the products that nobody judged for the query: what a ranker does with what is known."""
    return {query: [hit for hit in hits if hit[0] in qrels.for_query(query)] for query, hits in run.items()}
