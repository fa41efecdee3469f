"""Effectiveness of one ranker on judged queries, by ir_measures (MacAvaney, Macdonald and Ounis, ECIR 2022).

Every judged query counts: one without results, or without any relevant product, has 0. A product that nobody judged is
not relevant. For RR, P, R and AP a product is relevant from grade 1.

nDCG's gain is the grade itself, as in trec_eval and in most published numbers; `exponential` is 2**grade - 1 (Burges et
al. 2005), which LambdaMART is trained on and which weighs the best products more. The two must not be compared.
"""

from collections import Counter
from typing import Literal

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError, Mistake
from ltr_plugin.evaluation.runs import Run
from ltr_plugin.judgments.qrels import Qrels

Gain = Literal["linear", "exponential"]
Values = npt.NDArray[np.float64]

MEASURES = ("nDCG@10", "RR", "P@10", "R@100", "AP", "Judged@10")
"""In the notation of ir_measures. Judged@10 is the share of the first ten results that were judged."""


def per_query(run: Run, qrels: Qrels, *, gain: Gain = "linear") -> Values:
    """Each measure of each query: float64 (queries, measures), in the order of `qrels.queries()` and MEASURES.

    InputError when a query has a product twice.
    """
    import ir_measures

    _check(run)
    places = {query: place for place, query in enumerate(qrels.queries())}
    measures = {ir_measures.parse_measure(name): column for column, name in enumerate(MEASURES)}
    # trec_eval sorts by score and breaks ties by product id; the rank as score keeps the order that shoppers saw.
    by_rank = {
        query: {product: -float(rank) for rank, (product, _) in enumerate(hits)}
        for query, hits in run.items()
        if hits and query in places
    }
    gains = {query: {product: _gain(grade, gain) for product, grade in qrels.of(query).items()} for query in places}
    values = np.zeros((len(places), len(MEASURES)))
    for metric in ir_measures.iter_calc(list(measures), gains, by_rank):
        values[places[metric.query_id], measures[metric.measure]] = metric.value
    return values


def _gain(grade: int, gain: Gain) -> int:
    return grade if gain == "linear" else 2**grade - 1


def _check(run: Run) -> None:
    mistakes = [
        Mistake(f"query {query!r}", f"has product {product!r} {times} times")
        for query, hits in run.items()
        for product, times in Counter(product for product, _ in hits).items()
        if times > 1
    ]
    if mistakes:
        raise InputError("run", mistakes)
