"""Multimodal learning to rank for OpenSearch and Elasticsearch.

Every public name is here, and is imported when it is first used, so that `import ltr_plugin` loads no heavy library.
What is not listed in `__all__` is private.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ltr_plugin import encoders
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.feature_store import push_features
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.errors import (
        BrokerError,
        ClusterError,
        EncoderError,
        ExportError,
        InputError,
        LtrError,
        MediaError,
        NodeError,
        ParityError,
        PluginMissingError,
    )
    from ltr_plugin.features.feature_set import FeatureSet
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.judgments.qrels import Qrels
    from ltr_plugin.pipelines.evaluate import evaluate
    from ltr_plugin.pipelines.explain import explain
    from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
    from ltr_plugin.pipelines.log_features import log_features
    from ltr_plugin.pipelines.profile_file import read_profile
    from ltr_plugin.pipelines.push import push
    from ltr_plugin.pipelines.releases import promote, rollback
    from ltr_plugin.pipelines.report import report
    from ltr_plugin.pipelines.search import search
    from ltr_plugin.profile.index_profile import IndexProfile
    from ltr_plugin.queries.encoding import QueryEncoder
    from ltr_plugin.queries.query import Query, read_queries
    from ltr_plugin.rankers.loading import load_ranker
    from ltr_plugin.rankers.trainers import train

__version__ = "0.2.0"

_ERRORS = "errors"
_HOMES = {
    "BrokerError": _ERRORS,
    "CatalogClient": "pipelines.indexing.catalog_client",
    "Cluster": "cluster.connection",
    "ClusterError": _ERRORS,
    "EncoderError": _ERRORS,
    "ExportError": _ERRORS,
    "FeatureSet": "features.feature_set",
    "FeatureTable": "features.table",
    "Index": "cluster.index",
    "IndexProfile": "profile.index_profile",
    "InputError": _ERRORS,
    "LtrError": _ERRORS,
    "MediaError": _ERRORS,
    "NodeError": _ERRORS,
    "ParityError": _ERRORS,
    "PluginMissingError": _ERRORS,
    "Qrels": "judgments.qrels",
    "Query": "queries.query",
    "QueryEncoder": "queries.encoding",
    "connect": "cluster.connecting",
    "encoders": "encoders",
    "evaluate": "pipelines.evaluate",
    "explain": "pipelines.explain",
    "load_ranker": "rankers.loading",
    "log_features": "pipelines.log_features",
    "promote": "pipelines.releases",
    "push": "pipelines.push",
    "push_features": "cluster.feature_store",
    "read_profile": "pipelines.profile_file",
    "read_queries": "queries.query",
    "report": "pipelines.report",
    "rollback": "pipelines.releases",
    "search": "pipelines.search",
    "train": "rankers.trainers",
}
"""The module of each public name, below this package."""

__all__ = [
    "BrokerError",
    "CatalogClient",
    "Cluster",
    "ClusterError",
    "EncoderError",
    "ExportError",
    "FeatureSet",
    "FeatureTable",
    "Index",
    "IndexProfile",
    "InputError",
    "LtrError",
    "MediaError",
    "NodeError",
    "ParityError",
    "PluginMissingError",
    "Qrels",
    "Query",
    "QueryEncoder",
    "connect",
    "encoders",
    "evaluate",
    "explain",
    "load_ranker",
    "log_features",
    "promote",
    "push",
    "push_features",
    "read_profile",
    "read_queries",
    "report",
    "rollback",
    "search",
    "train",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES[name]}")
    if name == _HOMES[name]:
        return module
    value = getattr(module, name)
    value.__module__ = __name__  # tracebacks and help() show the public name
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
