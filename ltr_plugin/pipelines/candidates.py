"""The products that a ranker is shown for a query."""

from collections.abc import Iterator, Sequence

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.search import msearch_template
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, search_template


def candidates(index: Index, encoded: Sequence[EncodedQuery]) -> Iterator[list[str]]:
    """For each query the ids of its first pass's products, as many as a ranker scores, in that pass's order."""
    retrieval = Retrieval.from_vectors(index.vectors)
    template = {"source": search_template(retrieval, Ranking("first pass"))}
    searches = ((template, {**one.params, "size": retrieval.window_size}) for one in encoded)
    return ([hit.id for hit in hits] for hits in msearch_template(index.cluster, index.name, searches))
