"""OpenSearch 3, with its k-NN plugin."""

from collections.abc import Mapping, Sequence
from typing import Any

from ltr_plugin.engines.engine import Engine, EngineName, Json


class _OpenSearch:
    name: EngineName = "opensearch"
    title = "OpenSearch"
    vector_type = "knn_vector"
    vector_element_option = "data_type"
    whole_object_type = "flat_object"
    vector_plugin: str | None = "opensearch-knn"
    index_settings: Mapping[str, Any] = {"knn": True}
    max_analyzed_offset = "max_analyzer_offset"
    bm25_scales: Mapping[str, float] = {"BM25": 1.0, "LegacyBM25": 2.2}  # the latter keeps the factor k1 + 1, 1.2 + 1
    ltr_advice = (
        "install it on every node with `bin/opensearch-plugin install opensearch-ltr` (the full OpenSearch "
        "distribution carries it)"
    )
    clause_limit_path = "/_cluster/settings?include_defaults=true&filter_path=*.indices.query.bool.max_clause_count"
    clause_advice = "raise indices.query.bool.max_clause_count of the cluster"

    def clause_limit(self, response: Json) -> int | None:
        stated = (response.get(kind) for kind in ("transient", "persistent", "defaults"))
        limits = (int(one["indices"]["query"]["bool"]["max_clause_count"]) for one in stated if one)
        return next(limits, None)

    def vector_mapping(self, dimension: int | None) -> Json:
        method = {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"}
        return {"type": self.vector_type, "dimension": dimension, "method": method}

    def added_vector_mapping(self, dimension: int | None, settings: Mapping[str, Any]) -> Json:
        if settings.get("knn") == "true":  # a setting that only a new index can have
            return self.vector_mapping(dimension)
        return {"type": self.vector_type, "dimension": dimension}

    def vector_dimension(self, options: Mapping[str, Any]) -> int | None:
        return int(options["dimension"]) if options.get("dimension") else None

    def vector_space(self, options: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
        default = settings.get("knn.space_type") or settings.get("knn", {})
        default = default.get("space_type") if isinstance(default, Mapping) else default
        return str(options.get("method", {}).get("space_type") or options.get("space_type") or default or "l2")

    def similarity(self, field: str, vector: object) -> Json:
        params = {"field": field, "query_value": vector, "space_type": "cosinesimil"}
        script = {"source": "knn_score", "lang": "knn", "params": params}
        return {"script_score": {"query": {"exists": {"field": field}}, "script": script}}

    def nearest(self, field: str, vector: object, k: int, filter_: object = None) -> Json:
        return {"knn": {field: {"vector": vector, "k": k, **({"filter": filter_} if filter_ else {})}}}

    def source(self, fields: Sequence[str] = (), *, without: Sequence[str] = ()) -> object:
        return {"includes": list(fields), "excludes": list(without)}

    def source_parameters(self, fields: Sequence[str]) -> Mapping[str, str]:
        return {"_source_includes": ",".join(fields)}


OPENSEARCH: Engine = _OpenSearch()
