"""What differs between search engines in mappings and queries, each engine in one module."""

from ltr_plugin.engines.elasticsearch import ELASTICSEARCH
from ltr_plugin.engines.engine import Engine
from ltr_plugin.engines.opensearch import OPENSEARCH

__all__ = [
    "ELASTICSEARCH",
    "ENGINES",
    "OPENSEARCH",
    "VECTOR_ENGINES",
    "VECTOR_TYPES",
    "WHOLE_OBJECT_TYPES",
    "Engine",
    "engine_named",
]

ENGINES: tuple[Engine, ...] = (OPENSEARCH, ELASTICSEARCH)

VECTOR_ENGINES = {engine.vector_type: engine for engine in ENGINES}
"""The engine that has each type of a field of vectors."""

VECTOR_TYPES = frozenset(VECTOR_ENGINES)
"""The types of a field of vectors."""

WHOLE_OBJECT_TYPES = frozenset(engine.whole_object_type for engine in ENGINES)
"""The types of a field that holds any object, with all keys that it has."""


def engine_named(name: str) -> Engine:
    """The engine of this name, such as `elasticsearch`. KeyError when there is none."""
    return {engine.name: engine for engine in ENGINES}[name]
