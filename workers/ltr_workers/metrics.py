"""A worker's metrics for Prometheus (https://prometheus.io/docs/practices/naming/)."""

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ltr_plugin.broker.messages import DELETE_TASK, EMBED_TASK, PUT_TASK, REEMBED_TASK, SWEEP_TASK, UPDATE_TASK
from ltr_plugin.catalog.product import MODALITIES
from ltr_plugin.cluster.connecting import connect
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import ClusterError, LtrError
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from ltr_workers.embedding import EmbedReport

VECTORS = Counter("ltr_vectors", "Vectors by modality and outcome: embedded, or failed.", ["source", "outcome"])
PRODUCTS = Counter(
    "ltr_products",
    "Products by modality and outcome: skipped (nothing to do), unavailable, unreadable, or refused.",
    ["source", "outcome"],
)
TASKS = Counter(
    "ltr_tasks",
    "Tasks by outcome: done, forwarded, retried, failed, malformed, parked, duplicate, or stale.",
    ["task", "outcome"],
)
PARKED = Gauge("ltr_parked_messages", "Messages that wait until their index can be written.", ["index"])
BATCH_PRODUCTS = Histogram(
    "ltr_batch_products", "Products in one task.", ["source"], buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
)
TASK_SECONDS = Histogram(
    "ltr_task_seconds", "Seconds that one task took.", ["source"], buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)
)
ENCODE_SECONDS = Counter("ltr_encode_seconds", "Seconds that an encoder was busy.", ["source"])
ENCODER_WAITING_SECONDS = Counter(
    "ltr_encoder_waiting_seconds", "Seconds that an encoder waited for items.", ["source"]
)
CLUSTER_RETRIES = Counter(
    "ltr_cluster_retries", "Calls to the cluster that were retried, by HTTP status; 0: no answer.", ["status"]
)

# Rates and alerts see an increase only from a value that was served before, so failures are served from the start as 0.
for _source in MODALITIES:
    VECTORS.labels(_source, "failed")
for _task in (EMBED_TASK, SWEEP_TASK, PUT_TASK, UPDATE_TASK, DELETE_TASK, REEMBED_TASK):
    TASKS.labels(_task, "failed")
TASKS.labels("unknown", "malformed")


def count_task(source: str, products: int, report: "EmbedReport", seconds: float) -> None:
    """Counts what one task did for one modality."""
    VECTORS.labels(source, "embedded").inc(report.embedded)
    VECTORS.labels(source, "failed").inc(report.failed)
    PRODUCTS.labels(source, "skipped").inc(report.skipped)
    PRODUCTS.labels(source, "refused").inc(len(report.refused))
    PRODUCTS.labels(source, "unavailable").inc(len(report.unavailable))
    PRODUCTS.labels(source, "unreadable").inc(len(report.unreadable))
    ENCODE_SECONDS.labels(source).inc(report.encoded_s)
    ENCODER_WAITING_SECONDS.labels(source).inc(report.waited_s)
    BATCH_PRODUCTS.labels(source).observe(products)
    TASK_SECONDS.labels(source).observe(seconds)


def on_retry(error: ClusterError) -> None:
    """Counts one call that is retried."""
    CLUSTER_RETRIES.labels(str(error.status)).inc()


class BacklogCollector(Collector):
    """Gauges of the products that lack vectors, read from the cluster at each scrape."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One value for each swept index and modality; none while the cluster is out of reach."""
        family = GaugeMetricFamily(
            "ltr_backlog_products", "Products that lack a current vector of a modality.", labels=["index", "source"]
        )
        with suppress(LtrError):  # the cluster is away, which its own metrics tell
            cluster = connect(settings=self._settings, retry_timeout_s=0, timeout_s=5)
            for name in self._settings.sweep_indices:
                with suppress(LtrError):  # one missing index must not hide the others
                    index = ManagedIndex.open(cluster, name)
                    for source in dict.fromkeys(vector.source for vector in index.vectors):
                        family.add_metric([name, source], index.backlog(source))
        return [family]

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing, so that registering does not call the cluster."""
        return []
