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


def search_groups(
    index: Index, template: Mapping[str, str], params: Mapping[str, Json], group: str, window: int
) -> SearchResult:
    """The result of one search, of whose hits only the first of each value of the field `group` counts for the page.

    A document without a value is a product of its own. Reads a `window` of hits at a time, at most MAX_RESULTS.
    """
    start, end = params["from"], params["from"] + params["size"]
    first = result = search(index, template, {**params, "from": 0, "size": window})
    best: dict[object, Hit] = {}
    for position in range(window, MAX_RESULTS + 1, window):
        for hit in result:
            value = value_at(hit.source, group)
            best.setdefault((group, str(value)) if value is not None else hit.id, hit)
        size = min(window, MAX_RESULTS - position)
        if len(result) < window or len(best) >= end or not size:
            break
        result = search(index, template, {**params, "from": position, "size": size, "facets": False})
    return replace(first, hits=list(best.values())[start:end])
