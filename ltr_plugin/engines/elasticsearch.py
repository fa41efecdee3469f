"""Elasticsearch 9."""

from collections.abc import Mapping, Sequence
from typing import Any

from ltr_plugin.engines.engine import Engine, EngineName, Json

_HALVED_COSINE = "Math.max(0.0, (cosineSimilarity(params.vector, '{field}') + 1.0) / 2.0)"
"""A script of the field alone, the vector being a parameter: it is compiled once. A cosine may be rounded to less than
-1, and a search fails at a negative score."""

_LEAST_CLAUSES = 1024
"""What any node accepts."""


class _Elasticsearch:
    name: EngineName = "elasticsearch"
    title = "Elasticsearch"
    vector_type = "dense_vector"
    vector_element_option = "element_type"
    whole_object_type = "flattened"
    vector_plugin: str | None = None
    # Without it, vectors are left out of what an update and a copy read.
    index_settings: Mapping[str, Any] = {"mapping.exclude_source_vectors": False}
    max_analyzed_offset = "max_analyzed_offset"
    bm25_scales: Mapping[str, float] = {"BM25": 2.2}  # it keeps the factor k1 + 1, 1.2 + 1
    ltr_advice = (
        "install this project's engine, built for the version of the cluster, on every node with "
        "`bin/elasticsearch-plugin install file:///.../ltr-engine.zip` (engine/README.md says how to build it)"
    )
    clause_limit_path = (
        "/_nodes/jvm,thread_pool?filter_path=nodes.*.jvm.mem.heap_max_in_bytes,nodes.*.thread_pool.search.size"
    )
    clause_advice = "give its nodes a larger heap"

    def clause_limit(self, response: Json) -> int | None:
        # Its indices.query.bool.max_clause_count has no effect: each node computes its limit when it starts.
        return min(map(_clause_limit, response.get("nodes", {}).values()), default=None)

    def vector_mapping(self, dimension: int | None) -> Json:
        graph = {"index": True, "similarity": "cosine", "index_options": {"type": "hnsw"}}
        return {"type": self.vector_type, "dims": dimension, **graph}

    def added_vector_mapping(self, dimension: int | None, settings: Mapping[str, Any]) -> Json:  # noqa: ARG002
        return self.vector_mapping(dimension)

    def vector_dimension(self, options: Mapping[str, Any]) -> int | None:
        return int(options["dims"]) if options.get("dims") else None

    def vector_space(self, options: Mapping[str, Any], settings: Mapping[str, Any]) -> str:  # noqa: ARG002
        return str(options.get("similarity", "cosine"))

    def similarity(self, field: str, vector: object) -> Json:
        script = {"source": _HALVED_COSINE.format(field=field), "params": {"vector": vector}}
        return {"script_score": {"query": {"exists": {"field": field}}, "script": script}}

    def nearest(self, field: str, vector: object, k: int, filter_: object = None) -> Json:
        return {"knn": {"field": field, "query_vector": vector, "k": k, **({"filter": filter_} if filter_ else {})}}

    def source(self, fields: Sequence[str] = (), *, without: Sequence[str] = ()) -> object:
        return {"includes": list(fields), "excludes": list(without), "exclude_vectors": False}

    def source_parameters(self, fields: Sequence[str]) -> Mapping[str, str]:
        return {"_source_includes": ",".join(fields), "_source_exclude_vectors": "false"}


def _clause_limit(node: Mapping[str, Any]) -> int:
    """The clauses that a node accepts: 64 for each MiB of its heap, divided by its threads that search."""
    heap_mib = int(node["jvm"]["mem"]["heap_max_in_bytes"]) >> 20
    return max(_LEAST_CLAUSES, 64 * heap_mib // int(node["thread_pool"]["search"]["size"]))


ELASTICSEARCH: Engine = _Elasticsearch()
