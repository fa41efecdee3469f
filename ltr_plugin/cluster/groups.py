"""Pages of products whose variants are documents of their own: the best variant stands for its product.

The cluster refuses to collapse what it rescores (OpenSearch 3.6), so more hits than a page shows are read.
"""

from collections.abc import Mapping
from dataclasses import replace

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import Hit, SearchResult, search
from ltr_plugin.profile.index_profile import value_at
from ltr_plugin.queries.page import MAX_RESULTS

MIN_READ = 200
"""Hits of one request at least: a narrow window would take a request for every few of them."""


def search_groups(
    index: Index, template: Mapping[str, str], params: Mapping[str, Json], group: str, window: int
) -> SearchResult:
    """The result of one search, of whose hits only the first of each value of the field `group` counts for the page.

    A document without a value is a product of its own. Reads a `window` of hits at a time, MIN_READ or more, and
    MAX_RESULTS at most.
    """
    start, end = params["from"], params["from"] + params["size"]
    step = max(window, MIN_READ)
    read: list[SearchResult] = []
    best: dict[object, Hit] = {}
    for position in range(0, MAX_RESULTS, step):
        size = min(step, MAX_RESULTS - position)
        once = {"facets": False} if read else {}
        read.append(search(index, template, {**params, "from": position, "size": size, **once}))
        for hit in read[-1]:
            value = value_at(hit.source, group)
            best.setdefault((group, str(value)) if value is not None else hit.id, hit)
        if len(read[-1]) < size or len(best) >= end:
            break
    return replace(read[0], hits=list(best.values())[start:end])
