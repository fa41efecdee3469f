"""Addresses and secrets, read from the environment and from nowhere else."""

import os
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = {
    "OPENSEARCH_URL": "the cluster, such as https://search:9200; without it the development node is used",
    "OPENSEARCH_USER": "user name for basic authentication",
    "OPENSEARCH_PASSWORD": "its password",
    "OPENSEARCH_CA": "file with the certificate authority that signed the cluster's certificate",
    "LTR_BROKER_URL": "Celery broker, such as redis://localhost; without it a folder under the run folder is the queue",
    "LTR_RUNS": "folder for everything that is made here: node, queue, encoders, rankers (default: runs)",
    "LTR_MEDIA_ROOT": "folder of the catalog's media, where it differs from the one known to the index",
    "LTR_ALLOW_PRIVATE_MEDIA": "set, media may be fetched from private and loopback addresses",
}


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

    @classmethod
    def from_env(cls) -> "Settings":
        """Settings as the environment states them; an empty variable counts as absent."""
        read = {name: os.environ.get(name) or None for name in ENVIRONMENT}
        ca, media = read["OPENSEARCH_CA"], read["LTR_MEDIA_ROOT"]
        return cls(
            opensearch_url=read["OPENSEARCH_URL"],
            opensearch_user=read["OPENSEARCH_USER"],
            opensearch_password=read["OPENSEARCH_PASSWORD"],
            opensearch_ca=Path(ca) if ca else None,
            broker_url=read["LTR_BROKER_URL"],
            runs=Path(read["LTR_RUNS"] or "runs"),
            media_root=Path(media) if media else None,
        )
