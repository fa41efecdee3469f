"""The features of chosen (query, product) pairs, and a model's scores for them, as the live cluster computes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import Hit, msearch
from ltr_plugin.queries.templates import sltr

LOG_NAME = "features"


@dataclass(frozen=True)
class QueryProducts:
    """One query's parameters with the products to look at."""

    query: str
    params: Mapping[str, Json]
    products: Sequence[str]


def log_features(
    cluster: Cluster, index: str, feature_set: str, requests: Iterable[QueryProducts], *, model: str | None = None
) -> Iterator[list[Hit]]:
    """For each query a hit for each of its products that the index has, with its features under LOG.

    `feature_set` is the stored set's name. With `model`, a hit's score is the model's for the same row.
    """
    return msearch(cluster, index, (_body(pairs, feature_set, model) for pairs in requests))


def _body(pairs: QueryProducts, feature_set: str, model: str | None) -> Json:
    logged = sltr("featureset", feature_set, pairs.params, _name=LOG_NAME)
    scored = [sltr("model", model, pairs.params)] if model else []
    return {
        "query": {"bool": {"filter": [{"terms": {"id": list(pairs.products)}}, logged], "must": scored}},
        "ext": {"ltr_log": {"log_specs": {"name": LOG_NAME, "named_query": LOG_NAME}}},
        "size": len(pairs.products),
        "_source": False,
    }
