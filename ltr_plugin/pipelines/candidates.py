"""The products that a ranker is shown for a query."""

from collections.abc import Iterator, Sequence

from ltr_plugin.cluster.products import ProductIndex
from ltr_plugin.cluster.search import search_many
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, search_template


def candidates(index: ProductIndex, encoded: Sequence[EncodedQuery]) -> Iterator[list[str]]:
    """For each query the ids of its first pass's products, as many as a ranker scores, in that pass's order."""
    retrieval = Retrieval.of(index.vectors)
    template = {"source": search_template(retrieval, Ranking("first pass"))}
    searches = ((template, {**one.params, "size": retrieval.window}) for one in encoded)
    return ([hit.id for hit in hits] for hits in search_many(index.cluster, index.name, searches))
