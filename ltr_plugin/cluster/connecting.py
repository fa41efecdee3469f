"""`connect` opens the configured cluster; what answers decides which search engine it is."""

from collections.abc import Callable

from ltr_plugin.cluster.connection import Cluster
from ltr_plugin.cluster.elasticsearch import ElasticsearchCluster
from ltr_plugin.cluster.opensearch import OpenSearchCluster
from ltr_plugin.cluster.transport.rest import RETRY_TIMEOUT_S, RestCluster
from ltr_plugin.engines import ELASTICSEARCH, OPENSEARCH, Engine
from ltr_plugin.errors import ClusterError, PluginMissingError
from ltr_plugin.settings import Settings


def connect(
    url: str | None = None,
    *,
    settings: Settings | None = None,
    retry_timeout_s: float | None = None,
    timeout_s: float = 60.0,
    on_retry: Callable[[ClusterError], None] = lambda _: None,
) -> RestCluster:
    """The cluster at `url`, else of OPENSEARCH_URL or ELASTICSEARCH_URL, else the running development node.

    An address may be a list of hosts, separated by commas. `settings` (default: the environment) state the credentials
    that it does not, and the certificate authority. ClusterError when there is no cluster; PluginMissingError when it
    lacks the learning-to-rank plugin. `timeout_s` bounds one request. Without `retry_timeout_s`, an unreachable cluster
    is an error at once, and later calls retry for RETRY_TIMEOUT_S; with it, the first call retries for that long too.
    `on_retry` gets each error that is followed by another try.
    """
    settings = settings or Settings.from_env()
    address = url or settings.cluster_url or _devnode_url(settings)
    retries = RETRY_TIMEOUT_S if retry_timeout_s is None else retry_timeout_s
    asked = OpenSearchCluster(
        address, settings=settings, timeout_s=timeout_s, retry_timeout_s=retry_timeout_s or 0.0, on_retry=on_retry
    )
    require_ltr(asked)
    if asked.is_elasticsearch:
        return ElasticsearchCluster(
            address, settings=settings, timeout_s=timeout_s, retry_timeout_s=retries, on_retry=on_retry
        )
    asked.retry_timeout_s = retries
    return asked


def require_ltr(cluster: Cluster) -> None:
    """PluginMissing when the cluster answers but has no learning-to-rank plugin."""
    try:
        cluster.call("GET", "/_ltr")
    except ClusterError as error:
        if error.status == 403 and "cluster:admin/ltr" in str(error):
            return  # the plugin itself refuses to list stores, and a worker needs no right to them
        if error.status not in (400, 404, 405):
            raise
        raise PluginMissingError(
            f"{cluster.url} has no learning-to-rank plugin: {_which(cluster).ltr_advice}, "
            "or use the development node (`ltr node start`, OPENSEARCH_URL unset)",
            status=error.status,
        ) from None


def _which(cluster: Cluster) -> Engine:
    """The engine of a cluster without the plugin, by what it says of itself."""
    try:
        about = cluster.call("GET", "/")["version"]
        return OPENSEARCH if about.get("distribution") == OPENSEARCH.name else ELASTICSEARCH
    except (ClusterError, LookupError, TypeError, AttributeError):
        return cluster.engine


def _devnode_url(settings: Settings) -> str:
    from ltr_plugin.devnode import node_state

    if node := node_state(settings):
        return ",".join(node.urls)
    raise ClusterError(
        f"no cluster: OPENSEARCH_URL is not set, and no development node runs in {settings.runs.resolve()}; "
        "start one with `ltr node start`, or work in the folder where it was started"
    )
