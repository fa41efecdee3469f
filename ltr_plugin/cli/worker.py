"""`ltr worker`: a process that takes tasks from the broker and makes vectors."""

from enum import StrEnum
from typing import Annotated

import typer


class Source(StrEnum):
    """A modality."""

    text = "text"
    image = "image"
    audio = "audio"
    video = "video"


class LogFormat(StrEnum):
    """How lines are logged."""

    text = "text"
    json = "json"


def worker(
    modality: Annotated[
        list[Source] | None,
        typer.Option(
            metavar="MODALITY",
            help="Make vectors of this modality only: text, image, audio or video. Repeat the option for several.",
        ),
    ] = None,
    queues: Annotated[
        str | None, typer.Option(help="Take tasks from these queues only, such as ltr.image,ltr.video.")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of tasks at a time. Default: 3, one encoded while others are read and written."
        ),
    ] = None,
    beat: Annotated[
        bool, typer.Option("--beat", help="Also send the sweeps of LTR_SWEEP_INDICES; only one worker may do so.")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port for /metrics and /healthz, on LTR_METRICS_HOST.")
    ] = None,
    log_format: Annotated[
        LogFormat | None, typer.Option(help="Format of log lines; json is one object a line.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="Log level: debug, info, warning or error.")] = "info",
) -> None:
    """Run a worker, which makes vectors until it is stopped; a stopped worker finishes its running tasks.

    Start any number of workers, on every machine that reaches the broker (LTR_BROKER_URL), the cluster
    (OPENSEARCH_URL) and the media. A worker of some modalities also forwards the messages that name no modality.
    """
    import os

    from ltr_plugin.broker.messages import CATALOG_QUEUE, DEFAULT_QUEUE, QUEUES, SWEEP_QUEUE, celery_client, queue_of
    from ltr_plugin.errors import InputError
    from ltr_plugin.extras import require_module
    from ltr_plugin.pipelines.indexing.local_worker import worker_command
    from ltr_plugin.settings import Settings

    if modality and queues:
        raise InputError("--queues", "cannot be combined with --modality; use one of them")
    if metrics_port:
        os.environ["LTR_METRICS_PORT"] = str(metrics_port)
    if log_format:
        os.environ["LTR_LOG_FORMAT"] = log_format
    settings = Settings.from_env()
    require_module("prometheus_client", "a worker")
    celery_client(settings)  # BrokerError when what the broker needs is not installed
    if beat and not settings.sweep_indices:
        raise InputError("--beat", "needs LTR_SWEEP_INDICES, the names of the indices to sweep")
    options = ["--loglevel", log_level]
    if concurrency:
        options += ["--concurrency", str(concurrency)]
    if modality:
        queues = ",".join([DEFAULT_QUEUE, SWEEP_QUEUE, *(queue_of(source.value) for source in modality)])
    if unknown := sorted({*(queues or "").split(",")} - {"", *QUEUES, CATALOG_QUEUE}):
        known = ", ".join([*QUEUES, CATALOG_QUEUE])
        raise InputError("--queues", f"there is no queue {', '.join(unknown)}; the queues are {known}")
    if queues:
        options += ["--queues", queues]
    if beat:
        options += ["--beat"]
    command = worker_command(*options, quiet=settings.log_format == "json")
    os.execv(command[0], command)  # noqa: S606 - this very Python, to become the worker
