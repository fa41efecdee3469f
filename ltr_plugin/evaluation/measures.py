"""Measures of one ranker on judged queries, by ir_measures (MacAvaney, Macdonald and Ounis, ECIR 2022).

All judged queries count: a query without results, or without a relevant product, has 0 in all measures but accuracy. A
product without a judgment is not relevant. Except for nDCG and Judged, a product is relevant from grade 1 on.

The gain of nDCG is the grade, as in trec_eval and in most published numbers. The gain `exponential` is 2**grade - 1
(Burges et al., ICML 2005), which LambdaMART is trained on and which gives more weight to the best products. Numbers
with different gains must not be compared.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels

Gain = Literal["linear", "exponential"]
Values = npt.NDArray[np.float64]

REPORTED_MEASURES = ("nDCG@10", "RR", "P@10", "R@100", "AP", "Judged@10")
"""The measures of tables. Judged@10 is the share of the first ten results that have a judgment. The means of RR and AP
are known as MRR and MAP."""

CUSTOM_MEASURES = ("F1@10", "Acc@10")
"""Measures that ir_measures does not have.

F1@10 is the harmonic mean of P@10 and R@10 of a query, 0 where both are 0 (van Rijsbergen, Information Retrieval,
1979, chapter 7). Acc@10 is the share of the judged products that the first ten results classify correctly: relevant
products among them, others not (Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, section
8.3). As they write, it says little where most products are not relevant: a query without results classifies most of
them correctly. It is not the Accuracy of ir_measures, which is the share of pairs in the right order.
"""

MEASURES = (*REPORTED_MEASURES, "R@10", "Success@10", *CUSTOM_MEASURES)
"""All measures, in the notation of ir_measures. Success@10, the hit rate, is 1 if any of the first ten is relevant."""

CUTOFF = 10


def per_query(run: Run, qrels: Qrels, *, gain: Gain = "linear") -> Values:
    """The measures of each query, float64 (queries, measures), in the order of `qrels.queries()` and MEASURES.

    InputError when a product is twice in the results of a query.
    """
    import ir_measures

    _check_duplicates(run)
    positions = {query: position for position, query in enumerate(qrels.queries())}
    measures = {
        ir_measures.parse_measure(name): column for column, name in enumerate(MEASURES) if name not in CUSTOM_MEASURES
    }
    # trec_eval sorts by score and breaks ties by product id; with the rank as score, the order of the run is kept.
    by_rank = {
        query: {product: -float(rank) for rank, (product, _) in enumerate(hits)}
        for query, hits in run.items()
        if hits and query in positions
    }
    gains = {
        query: {product: _gain(grade, gain) for product, grade in qrels.for_query(query).items()} for query in positions
    }
    values = np.zeros((len(positions), len(MEASURES)))
    for metric in ir_measures.iter_calc(list(measures), gains, by_rank):
        values[positions[metric.query_id], measures[metric.measure]] = metric.value
    column = MEASURES.index
    precision, recall = values[:, column("P@10")], values[:, column("R@10")]
    values[:, column("F1@10")] = 2 * precision * recall / np.where(precision > 0, precision + recall, 1.0)
    values[:, column("Acc@10")] = [_accuracy(run.get(query, ()), qrels.for_query(query)) for query in positions]
    return values


def _accuracy(hits: Sequence[tuple[str, float]], grades: Mapping[str, int]) -> float:
    """Acc@10 of one query."""
    first = {product for product, _ in hits[:CUTOFF]}
    return sum((product in first) == (grade > 0) for product, grade in grades.items()) / max(1, len(grades))


def _gain(grade: int, gain: Gain) -> int:
    return grade if gain == "linear" else 2**grade - 1


def _check_duplicates(run: Run) -> None:
    problems = [
        Problem(f"query {query!r}", f"has product {product!r} {times} times")
        for query, hits in run.items()
        for product, times in Counter(product for product, _ in hits).items()
        if times > 1
    ]
    if problems:
        raise InputError("run", problems)
