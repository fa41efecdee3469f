"""Search templates: one mustache text that ranks for every query, whichever of words, photo and sound it brings."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltr_plugin.features.mustache import Body, RawTemplate, render, to_json, when
from ltr_plugin.features.parameters import flag_name
from ltr_plugin.queries.retrieval import FILTER, Retrieval


@dataclass(frozen=True)
class Ranking:
    """How the products of the first pass are put in order: by the first pass itself, at random, or by a model."""

    name: str
    lexical: bool = True
    knn: bool = True
    model: str | None = None
    shuffle_seed: int | None = None


BASELINES: Mapping[str, Ranking] = {
    "random": Ranking("random", shuffle_seed=7),
    "bm25": Ranking("bm25", knn=False),
    "vectors": Ranking("vectors", lexical=False),
}
"""Rankings that need no training: the candidates shuffled, the words alone, and the vectors alone."""

SOURCE_FIELDS = ("id", "title", "brand", "price", "currency", "category", "images")


def search_template(retrieval: Retrieval, ranking: Ranking, *, log: bool = False) -> str:
    """The text of a search template. Its parameters are `parameters.parameters(...)` and, optionally, `size`, `from`
    and `filter` with `has_filter`. With `log`, each hit brings the features that the model saw.
    """
    should = [
        *([retrieval.lexical_clause()] if ranking.lexical else []),
        *(retrieval.knn_clauses() if ranking.knn else []),
    ]
    body: dict[str, Body] = {
        "query": {"bool": {"should": should, "filter": [FILTER], "minimum_should_match": 1}},
        "from": RawTemplate("{{from}}{{^from}}0{{/from}}"),
        "size": RawTemplate("{{size}}{{^size}}10{{/size}}"),
        "_source": list(SOURCE_FIELDS),
    }
    rescore_query = _rescore_query(retrieval, ranking)
    if rescore_query is not None:
        weights = {"query_weight": 0, "rescore_query_weight": 1}
        body["rescore"] = {"window_size": retrieval.window_size, "query": {"rescore_query": rescore_query, **weights}}
    if log and ranking.model:
        body["ext"] = {"ltr_log": {"log_specs": {"name": "features", "rescore_index": 0}}}
    return render(body)


def sltr(kind: str, name: str, params: Body, **more: str) -> dict[str, Body]:
    """An `sltr` clause that scores by a `model`, or evaluates a `featureset`."""
    return {"sltr": {kind: name, "params": params, **more}}


def with_release_metadata(template: str, facts: Mapping[str, Any]) -> str:
    """The template with facts about its release in a mustache comment, which the cluster skips."""
    return "{{! " + json.dumps(facts, sort_keys=True).replace("}}", "} }") + " }}" + template


def release_metadata(template: str) -> dict[str, Any]:
    """The facts that `with_release_metadata` put in; empty when there are none."""
    found = re.match(r"\{\{! (?P<facts>.*?) \}\}", template)
    facts: dict[str, Any] = json.loads(found["facts"]) if found else {}
    return facts


def _rescore_query(retrieval: Retrieval, ranking: Ranking) -> Body | None:
    if ranking.model:
        return sltr("model", ranking.model, _forwarded_parameters(retrieval))
    if ranking.shuffle_seed is not None:
        random_score = {"seed": ranking.shuffle_seed, "field": "_seq_no"}
        return {"function_score": {"query": {"match_all": {}}, "random_score": random_score, "boost_mode": "replace"}}
    return None


def _forwarded_parameters(retrieval: Retrieval) -> Body:
    """The search's own parameters handed on to the features."""
    flags = {flag_name(name): when(flag_name(name), True, False) for name in ("text", *retrieval.query_vectors)}
    vectors = {name: when(flag_name(name), to_json(name), []) for name in retrieval.query_vectors}
    return {"text": "{{text}}", **flags, **vectors}
