"""A cluster of Elasticsearch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ltr_plugin.cluster.transport.rest import RestCluster
from ltr_plugin.engines import ELASTICSEARCH
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_plugin.cluster.transport.elasticsearch_client import ElasticsearchClient


class ElasticsearchCluster(RestCluster):
    """A `Cluster` that Elasticsearch's own client talks to."""

    engine = ELASTICSEARCH

    def _open(
        self, url: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> "ElasticsearchClient":
        from ltr_plugin.cluster.transport.elasticsearch_client import ElasticsearchClient

        return ElasticsearchClient(url, settings, timeout_s=timeout_s, on_retry=on_retry)
