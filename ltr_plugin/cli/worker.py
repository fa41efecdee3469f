"""`ltr worker`: a process that makes vectors."""

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
        list[Source] | None, typer.Option(help="Make vectors of this modality only; may be given several times.")
    ] = None,
    queues: Annotated[
        str | None, typer.Option(help="Take from these queues only, such as ltr.image,ltr.video.")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Tasks at a time; three if unset: one is encoded, others are decoded and written."),
    ] = None,
    beat: Annotated[bool, typer.Option(help="Send the sweeps of LTR_SWEEP_INDICES too; one worker may.")] = False,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Serve /metrics and /healthz here; see LTR_METRICS_HOST.")
    ] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="json is one object a line.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Make vectors for products as they are written, until stopped; a stop lets running tasks finish.

    Start as many as you like, on any machine that reaches the broker (LTR_BROKER_URL), the cluster (OPENSEARCH_URL) and
    the media. Workers of some modalities also take the messages that name none, and pass them on.
    """
    import os

    from ltr_plugin.errors import InputError
    from ltr_plugin.extras import require_module
    from ltr_plugin.pipelines.local_worker import worker_command
    from ltr_plugin.pipelines.messages import DEFAULT_QUEUE, SWEEP_QUEUE, celery_client, queue_of
    from ltr_plugin.settings import Settings

    if modality and queues:
        raise InputError("--queues", "say either --queues or --modality")
    if metrics_port:
        os.environ["LTR_METRICS_PORT"] = str(metrics_port)
    if log_format:
        os.environ["LTR_LOG_FORMAT"] = log_format
    settings = Settings.from_env()
    require_module("prometheus_client", "a worker")
    celery_client(settings)  # says what its broker lacks
    if beat and not settings.sweep_indices:
        raise InputError("--beat", "has nothing to sweep: name indices in LTR_SWEEP_INDICES")
    options = ["--loglevel", log_level]
    if concurrency:
        options += ["--concurrency", str(concurrency)]
    if modality:
        queues = ",".join([DEFAULT_QUEUE, SWEEP_QUEUE, *(queue_of(source.value) for source in modality)])
    if queues:
        options += ["--queues", queues]
    if beat:
        options += ["--beat"]
    command = worker_command(*options, quiet=settings.log_format == "json")
    os.execv(command[0], command)  # noqa: S606 - this very Python, to become the worker
