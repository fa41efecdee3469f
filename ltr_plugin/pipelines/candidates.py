"""The products that a ranker is shown for a query."""

from collections.abc import Iterator, Mapping, Sequence

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import msearch_template
from ltr_plugin.pipelines.encode_queries import EncodedQuery
from ltr_plugin.queries.retrieval import Retrieval
from ltr_plugin.queries.templates import Ranking, search_template


def first_pass(
    index: Index,
    encoded: Sequence[EncodedQuery],
    retrieval: Retrieval | None = None,
    *,
    params: Mapping[str, Json] | None = None,
) -> Iterator[list[str]]:
    """For each query the ids of its candidates, as many as a ranker scores, in the order of the first pass.

    `retrieval` is the index's own unless another one is given, which may need further search `params`.
    """
    retrieval = retrieval or Retrieval.from_vectors(index.vectors)
    template = {"source": search_template(retrieval, Ranking("first pass"))}
    more = {"size": retrieval.window_size, **(params or {})}
    searches = ((template, {**one.params, **more}) for one in encoded)
    return ([hit.id for hit in hits] for hits in msearch_template(index.cluster, index.name, searches))
