"""Runs: the ranked results of each query."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ltr_plugin.judgments.qrels import Qrels

Run = Mapping[str, Sequence[tuple[str, float]]]
"""The ids of each query's products with their scores, best first. Measures use the order, not the scores."""


def run_from_scores(
    queries: npt.NDArray[np.object_], products: npt.NDArray[np.object_], scores: npt.NDArray[np.floating]
) -> Run:
    """The run of scored rows, such as those of a feature table; rows with equal scores keep their order."""
    run: dict[str, list[tuple[str, float]]] = {}
    for row in np.argsort(-scores, kind="stable"):
        run.setdefault(queries[row], []).append((products[row], float(scores[row])))
    return run


def judged_only(run: Run, qrels: Qrels) -> Run:
    """The run without the products that have no judgment for the query."""
    return {query: [hit for hit in hits if hit[0] in qrels.for_query(query)] for query, hits in run.items()}
