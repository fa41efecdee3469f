"""The interface of a search engine: the forms of mappings and queries in which engines differ."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

Json = dict[str, Any]

EngineName = Literal["opensearch", "elasticsearch"]
"""As `GET /` of OpenSearch and options spell it."""


class Engine(Protocol):
    """A search engine. All values are JSON, in which a part may be a tag of mustache."""

    name: EngineName

    title: str
    """As people write it."""

    vector_type: str
    vector_element_option: str
    """The option of a vector field that says which numbers its vectors have, `float` without it."""

    whole_object_type: str
    """The type of a field that holds any object, whatever keys it has."""

    vector_plugin: str | None
    """The plugin that brings vectors, where the engine has none itself."""

    index_settings: Mapping[str, Any]
    """The settings of each index that is made here, beside those of its analysis."""

    max_analyzed_offset: str
    """The option of highlights that says how much of a text they look at."""

    bm25_scales: Mapping[str, float]
    """By the type of an index's similarity, how many times as great its scores are as those of OpenSearch's BM25."""

    ltr_advice: str
    """How to install a learning-to-rank plugin."""

    clause_limit_path: str
    """What to ask the cluster for, to know how many clauses a search may have."""

    clause_advice: str
    """How a cluster accepts more of them."""

    def clause_limit(self, response: Json) -> int | None:
        """The most clauses of a search, by the response to that; None where it does not tell."""
        ...

    def vector_mapping(self, dimension: int | None) -> Json:
        """The mapping of a vector field that is compared by cosine and searched by an HNSW graph of whole floats."""
        ...

    def added_vector_mapping(self, dimension: int | None, settings: Mapping[str, Any]) -> Json:
        """The mapping of a vector field that is added to an index with these settings, which may rule a graph out."""
        ...

    def vector_dimension(self, options: Mapping[str, Any]) -> int | None:
        """The dimension that the mapping of a vector field states, if any."""
        ...

    def vector_space(self, options: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
        """How vectors of a field with this mapping are compared, in an index with these settings."""
        ...

    def similarity(self, field: str, vector: object) -> Json:
        """A query that matches each product with a vector in `field`, scored by (1 + cosine) / 2 with `vector`."""
        ...

    def nearest(self, field: str, vector: object, k: int, filter_: object = None) -> Json:
        """A query of the `k` products of each shard that are nearest to `vector`, of those that a filter matches."""
        ...

    def source(self, fields: Sequence[str] = (), *, without: Sequence[str] = ()) -> object:
        """The `_source` of a search that returns these fields, or else all `without` those; vectors too."""
        ...

    def source_parameters(self, fields: Sequence[str]) -> Mapping[str, str]:
        """The parameters of an address, such as that of `_mget`, which returns these fields; vectors too."""
        ...
