"""Feature values of chosen (query, product) pairs, and a model's scores for them, as the live cluster computes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltr_plugin.cluster.feature_store import logging_set_name
from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.responses import Json
from ltr_plugin.cluster.search import Hit, OnError, msearch, raise_error
from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.parameters import feature_parameters
from ltr_plugin.features.table import Floats
from ltr_plugin.queries.templates import sltr

LOG_NAME = "features"


@dataclass(frozen=True)
class QueryProducts:
    """One query's parameters with the products whose features are wanted."""

    query: str
    params: Mapping[str, Json]
    products: Sequence[str]


def fetch_features(
    index: Index,
    features: FeatureSet,
    requests: Iterable[QueryProducts],
    *,
    model: str | None = None,
    on_error: OnError = raise_error,
) -> Iterator[list[Hit]]:
    """For each query a hit for each of its products that the index has; `feature_values` reads the hit's features.

    The cluster must have the feature set (`push_features`). With `model`, a hit's score is the model's for the same
    row. A query that the cluster refuses has no hits.
    """
    name = logging_set_name(features)
    searches = ((pairs.query, _body(index, pairs, name, model)) for pairs in requests)
    return msearch(index, searches, on_error=on_error)


def feature_values(hit: Hit) -> Mapping[str, float | None]:
    """The features of a hit by name; None where the product has no value."""
    return hit.features[LOG_NAME]


def feature_matrix(hits: Sequence[Hit], features: FeatureSet) -> Floats:
    """The features of hits as a ranker reads them, (hits, features) float32: 0 where a product has no value."""
    names = features.feature_names
    rows = [[feature_values(hit)[name] or 0.0 for name in names] for hit in hits]
    return np.array(rows, dtype=np.float32).reshape(-1, len(names))


def _body(index: Index, pairs: QueryProducts, feature_set: str, model: str | None) -> Json:
    vectors = [vector.parameter for vector in index.vectors]
    params = feature_parameters(pairs.params, vectors, index.profile.default_language)
    logged = sltr("featureset", feature_set, params, _name=LOG_NAME)
    ids = index.profile.ids_query(pairs.products)
    # Words are counted in all shards together for queries that score; the score itself is of no use here.
    in_all = index.search_type == "dfs_query_then_fetch"
    body: dict[str, Json] = {
        "query": {"bool": {"filter": [ids], "must": [logged]} if in_all else {"filter": [ids, logged]}},
        "ext": {"ltr_log": {"log_specs": {"name": LOG_NAME, "named_query": LOG_NAME}}},
        "size": len(pairs.products),
        "_source": list(index.profile.id_source),
    }
    if model:  # as in a search: in the query itself the clauses of both would count together
        scoring = {"rescore_query": sltr("model", model, params), "query_weight": 0}
        body["rescore"] = {"window_size": len(pairs.products), "query": scoring}
    return body
