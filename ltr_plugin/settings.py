"""Addresses and secrets, read from the environment and from nowhere else."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ltr_plugin.errors import InputError, Problem

ENVIRONMENT = {
    "OPENSEARCH_URL": "the cluster, such as https://search:9200; without it the development node is used",
    "OPENSEARCH_USER": "user name for basic authentication",
    "OPENSEARCH_PASSWORD": "its password",
    "OPENSEARCH_CA": "file with the certificate authority that signed the cluster's certificate",
    "LTR_BROKER_URL": "Celery broker, such as redis://localhost; without it a folder under the run folder is the queue",
    "LTR_RUNS": "folder for everything that is made here: node, queue, encoders, rankers (default: runs)",
    "LTR_MEDIA_ROOT": "folder of the catalog's media, where it differs from the one known to the index",
    "LTR_CORES": "cores that encoders may take; without it, those of OMP_NUM_THREADS, or all",
    "LTR_BATCH_SIZE": "items that encoders look at together; without it, found by trial",
    "LTR_COMPILE": "set, encoders are compiled by torch at their first batch: pays on a GPU, in workers that run long",
    "LTR_ALLOW_PRIVATE_MEDIA": "1: media may be fetched from private and loopback addresses",
    "LTR_SWEEP_INDICES": "indices whose products without current vectors are sent again by `celery beat`, with commas",
    "LTR_SWEEP_PERIOD_S": "seconds from one sweep to the next (default: 300)",
    "LTR_RETRY_TIMEOUT_S": "seconds that a worker's call waits for a cluster that is busy or away (default: 120)",
    "LTR_REDIS_VISIBILITY_TIMEOUT_S": "seconds until Redis takes a dead worker's tasks back; above any task's (default: 900)",
    "LTR_METRICS_PORT": "port on which a worker serves /metrics and /healthz; without it, it serves neither",
    "LTR_METRICS_HOST": "address of that port (default: 127.0.0.1)",
    "LTR_LOG_FORMAT": "how workers log: text (default) or json, one object a line",
}

LOG_FORMATS = ("text", "json")


@dataclass(frozen=True)
class Settings:
    """Where things are. `opensearch_url` is None for the development node, `broker_url` None for the folder queue."""

    opensearch_url: str | None = None
    opensearch_user: str | None = None
    opensearch_password: str | None = field(default=None, repr=False)
    opensearch_ca: Path | None = None
    broker_url: str | None = field(default=None, repr=False)
    runs: Path = Path("runs")
    media_root: Path | None = None
    sweep_indices: tuple[str, ...] = ()
    sweep_period_s: float = 300.0
    retry_timeout_s: float = 120.0
    redis_visibility_timeout_s: float = 900.0
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    log_format: str = "text"

    @classmethod
    def from_env(cls) -> "Settings":
        """Settings as the environment states them; an empty variable counts as absent.

        InputError lists every variable whose value cannot be used.
        """
        read = {name: os.environ.get(name) or None for name in ENVIRONMENT}
        _check(read)
        ca, media = read["OPENSEARCH_CA"], read["LTR_MEDIA_ROOT"]
        return cls(
            opensearch_url=read["OPENSEARCH_URL"],
            opensearch_user=read["OPENSEARCH_USER"],
            opensearch_password=read["OPENSEARCH_PASSWORD"],
            opensearch_ca=Path(ca) if ca else None,
            broker_url=read["LTR_BROKER_URL"],
            runs=Path(read["LTR_RUNS"] or "runs"),
            media_root=Path(media) if media else None,
            sweep_indices=tuple(filter(None, map(str.strip, (read["LTR_SWEEP_INDICES"] or "").split(",")))),
            sweep_period_s=float(read["LTR_SWEEP_PERIOD_S"] or cls.sweep_period_s),
            retry_timeout_s=float(read["LTR_RETRY_TIMEOUT_S"] or cls.retry_timeout_s),
            redis_visibility_timeout_s=float(read["LTR_REDIS_VISIBILITY_TIMEOUT_S"] or cls.redis_visibility_timeout_s),
            metrics_port=int(port) if (port := read["LTR_METRICS_PORT"]) else None,
            metrics_host=read["LTR_METRICS_HOST"] or cls.metrics_host,
            log_format=read["LTR_LOG_FORMAT"] or cls.log_format,
        )


def _check(read: Mapping[str, str | None]) -> None:
    problems = [
        Problem(name, f"{value!r} is not a number above 0")
        for name in ("LTR_SWEEP_PERIOD_S", "LTR_RETRY_TIMEOUT_S", "LTR_REDIS_VISIBILITY_TIMEOUT_S")
        if (value := read[name]) and not _above_zero(value)
    ]
    if (private := read["LTR_ALLOW_PRIVATE_MEDIA"]) not in (None, "0", "1"):
        problems.append(Problem("LTR_ALLOW_PRIVATE_MEDIA", f"{private!r} is neither 1, which allows it, nor 0"))
    port, log_format = read["LTR_METRICS_PORT"], read["LTR_LOG_FORMAT"]
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        problems.append(Problem("LTR_METRICS_PORT", f"{port!r} is not a port between 1 and 65535"))
    if log_format and log_format not in LOG_FORMATS:
        problems.append(Problem("LTR_LOG_FORMAT", f"{log_format!r} is not one of {', '.join(LOG_FORMATS)}"))
    if problems:
        raise InputError("environment", problems)


def _above_zero(value: str) -> bool:
    try:
        return 0 < float(value) < math.inf
    except ValueError:
        return False
