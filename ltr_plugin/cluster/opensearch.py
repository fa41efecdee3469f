"""A cluster of OpenSearch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ltr_plugin.cluster.transport.rest import RestCluster
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import ClusterError
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_plugin.cluster.transport.opensearch_client import OpenSearchClient


class OpenSearchCluster(RestCluster):
    """A `Cluster` that opensearch-py talks to."""

    engine = OPENSEARCH
    _client: "OpenSearchClient"

    def _open(
        self, url: str, settings: Settings, *, timeout_s: float, on_retry: Callable[[ClusterError], None]
    ) -> "OpenSearchClient":
        from ltr_plugin.cluster.transport.opensearch_client import OpenSearchClient

        return OpenSearchClient(url, settings, timeout_s=timeout_s, on_retry=on_retry)

    @property
    def is_elasticsearch(self) -> bool:
        """Whether its last response came from the other search engine."""
        return self._client.found_elasticsearch
