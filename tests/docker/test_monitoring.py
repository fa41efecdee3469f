"""Prometheus and Grafana ask for what workers and the service serve, and for nothing else."""

import json
import re
import time
from itertools import chain
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.lib.brokers import free_port
from benchmarks.lib.worker_process import WorkerProcess
from ltr_plugin.errors import ClusterError

DOCKER = Path(__file__).parents[2] / "docker"
JOBS = ("workers", "service")
PANELS = {job: json.loads((DOCKER / f"grafana/dashboards/{job}.json").read_text())["panels"] for job in JOBS}
ALERTS = {
    group["name"]: group["rules"] for group in yaml.safe_load((DOCKER / "prometheus/alerts.yaml").read_text())["groups"]
}
QUERIES = {
    job: [
        *(target["expr"] for panel in PANELS[job] for target in panel["targets"]),
        *(rule["expr"] for rule in ALERTS[job]),
    ]
    for job in JOBS
}
OF_PROMETHEUS = {"job", "instance", "service", "le"}
"""Labels that Prometheus adds (`service` by prometheus.yaml), and a histogram's."""


def names_in(query: str) -> set[str]:
    """The metrics that a query reads. ValueError when it is no PromQL."""
    tree = promql_parser.parse(query.replace("$__rate_interval", "5m"))
    return set(re.findall(r"\b(ltr_\w+|process_\w+|up)\b", tree.prettify()))


def labels_in(query: str) -> set[str]:
    """The labels that a query groups or selects by."""
    grouped = chain.from_iterable(found.split(",") for found in re.findall(r"by \(([^)]*)\)", query))
    return {name.strip() for name in grouped} | set(re.findall(r"(\w+)=~?\"", query))


def test_queries_are_promql_and_read_something():
    with pytest.raises(ValueError, match=r"."):
        names_in("sum by (source (rate(ltr_vectors_total[5m])")
    assert all(map(names_in, chain.from_iterable(QUERIES.values())))


@pytest.mark.slow
def test_a_worker_serves_each_metric_that_is_asked_for(tmp_path):
    environment = {
        "LTR_RUNS": str(tmp_path),
        "OPENSEARCH_URL": f"http://127.0.0.1:{free_port()}",
        "LTR_SWEEP_INDICES": "shop",
    }
    worker = WorkerProcess(environment, tmp_path / "log")
    try:
        until = time.monotonic() + 60
        while worker.state != "ready" and time.monotonic() < until:
            time.sleep(0.1)
        served = set(re.findall(r"^# TYPE (\S+)", worker.ask("/metrics")[1], re.MULTILINE))
        assert worker.metric('ltr_vectors_total{outcome="failed",source="image"}') == 0, "an alert misses the first one"
        assert worker.metric('ltr_tasks_total{outcome="failed",task="ltr.embed"}') == 0
        assert worker.stop() == 0
    finally:
        worker.kill()
    asked = set().union(*map(names_in, QUERIES["workers"])) - {"up"}
    assert {name.removesuffix("_bucket") for name in asked} <= served


def test_labels_that_are_asked_for_exist():
    from ltr_workers import metrics
    from ltr_workers.embedding import EmbedReport

    metrics.count_task("text", 1, EmbedReport(), 0.1)
    metrics.on_retry(ClusterError("busy", status=503))
    metrics.PARKED.labels("shop").set(0)
    require_labels(QUERIES["workers"], {"ltr_backlog_products": {"index", "source"}})


def test_the_service_has_each_metric_and_label_that_is_asked_for():
    """A counter has no sample until it is counted, so each is given one; the service serves this same registry."""
    from ltr_plugin.service import metrics

    for metric in vars(metrics).values():
        if isinstance(metric, Counter | Histogram):
            metric.labels(*("test" for _ in metric._labelnames))
    require_labels(QUERIES["service"], {})


def require_labels(queries, beside):
    """Each query asks for metrics that the registry has, or that are `beside` it, by labels that these have."""
    labels: dict[str, set[str]] = {"up": set(), **beside}
    for family in text_string_to_metric_families(generate_latest(REGISTRY).decode()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for query in queries:
        known = set().union(*(labels[name] for name in names_in(query)))
        assert labels_in(query) <= known | OF_PROMETHEUS, query


def test_a_legend_names_labels_that_its_query_keeps():
    for panel in chain.from_iterable(PANELS.values()):
        for target in panel["targets"]:
            assert (
                set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels_in(target["expr"]) | OF_PROMETHEUS
            )


def test_the_dashboard_uses_the_data_source_that_is_provisioned(compose):
    (source,) = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in chain.from_iterable(PANELS.values())} == {source["uid"]}
    (provider,) = yaml.safe_load((DOCKER / "grafana/provisioning/dashboards/dashboards.yaml").read_text())["providers"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in compose["services"]["grafana"]["volumes"]
    assert source["url"] == "http://prometheus:9090"


@pytest.mark.parametrize(
    ("job", "image", "port_is"),
    [("workers", "ltr-worker", "LTR_METRICS_PORT={}"), ("service", "ltr-service", "EXPOSE {}")],
)
def test_prometheus_asks_each_container_of_ours_at_its_port(compose, job, image, port_is):
    config = yaml.safe_load((DOCKER / "prometheus/prometheus.yaml").read_text())
    assert [one["job_name"] for one in config["scrape_configs"]] == list(JOBS)
    (addresses,) = next(one for one in config["scrape_configs"] if one["job_name"] == job)["dns_sd_configs"]
    of_image = {name for name, service in compose["services"].items() if service["image"] == image}
    assert set(addresses["names"]) == of_image - {"ltr"}
    assert port_is.format(addresses["port"]) in (DOCKER / image.removeprefix("ltr-") / "Dockerfile").read_text()
    assert all("monitoring" in compose["services"][name]["networks"] for name in addresses["names"])
    assert config["rule_files"] == ["/etc/prometheus/alerts.yaml"]
