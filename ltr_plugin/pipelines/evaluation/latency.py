"""How long searches take with a ranking, one at a time."""

import time
from collections.abc import Sequence

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import search
from ltr_plugin.errors import ClusterError
from ltr_plugin.evaluation.latency import Latency
from ltr_plugin.pipelines.encode_queries import EncodedQuery, sample_evenly
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.queries.templates import Ranking, search_template

MEASURED_SEARCHES = 50
"""Searches that are timed for each ranker."""

PAGE_SIZE = 10


def measure_latency(
    index: Index, encoded: Sequence[EncodedQuery], ranking: Ranking, *, progress: Progress = no_progress
) -> Latency:
    """The times of searches for the first page, from request to response on this machine, one after the other.

    At most MEASURED_SEARCHES of the queries are searched for, evenly over their order. Encoding is not among it. The
    first search that the cluster refuses, which answered them all before, ends the measurement.
    """
    template = {"source": search_template(index.retrieval(), ranking)}
    chosen = sample_evenly(encoded, MEASURED_SEARCHES)
    seconds = []
    for done, one in enumerate(chosen, start=1):
        started = time.perf_counter()
        try:
            search(index, template, {**one.params, "size": PAGE_SIZE})
        except ClusterError:
            break
        seconds.append(time.perf_counter() - started)
        progress(done, len(chosen))
    return Latency.of(seconds)
