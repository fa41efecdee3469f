"""The Celery application: `celery -A ltr_workers worker`. Importing this is light; a task imports what it needs."""

from typing import Any

from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

from ltr_plugin.broker.messages import SWEEP_TASK, celery_client
from ltr_plugin.settings import Settings


def make_app(settings: Settings) -> Celery:
    """The application for these settings: a client that also has the tasks, and a worker's configuration."""
    app = celery_client(
        settings,
        include=["ltr_workers.tasks", "ltr_workers.catalog_tasks"],
        task_cls="ltr_workers.malformed:CheckedTask",
    )
    app.conf.update(
        worker_consumer="ltr_workers.malformed:TolerantConsumer",
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a broker may be away for a long time
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # a task that runs twice finds nothing to do; one that is cancelled has encoded in vain
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_prefetch_multiplier=1,
        # while one task encodes, a second one opens media and a third one writes vectors, which a cluster that merges
        # segments may take longer for than the encoder for the next task
        worker_pool="threads",
        worker_concurrency=3,
        worker_hijack_root_logger=False,
        beat_schedule=_beat_schedule(settings),
        beat_scheduler="celery.beat:Scheduler",  # stateless: one sweep too many costs one query
    )
    return app


def _beat_schedule(settings: Settings) -> dict[str, Any]:
    """Beat's schedule. A sweep expires when the next one is due."""
    return {
        f"sweep {index}": {
            "task": SWEEP_TASK,
            "args": [index],
            "schedule": settings.sweep_period_s,
            "options": {"expires": settings.sweep_period_s},
        }
        for index in settings.sweep_indices
    }


# by the scheme of an address, since kombu looks there for each of several addresses; imported when one is used
TRANSPORT_ALIASES.update(
    redis="ltr_workers.redis_queue:Transport",
    rediss="ltr_workers.redis_queue:Transport",
    sentinel="ltr_workers.redis_queue:SentinelTransport",
)

app = make_app(Settings.from_env())


@signals.worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _start(sender: Any, **_: object) -> None:  # noqa: ANN401 - Celery's worker
    from ltr_plugin.encoders.runtime.cores import limit_threads
    from ltr_workers.memory import disable_trim
    from ltr_workers.metrics_server import serve_metrics
    from ltr_workers.parent_process import exit_with_command

    exit_with_command()
    disable_trim()
    serve_metrics(Settings.from_env(), sender)
    limit_threads()  # last: an invalid LTR_CORES must not prevent the others


@signals.beat_embedded_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _start_beat(**_: object) -> None:
    import os

    from ltr_workers.parent_process import exit_with_parent

    exit_with_parent(os.getppid())


@signals.after_setup_logger.connect(weak=False)  # type: ignore[untyped-decorator]
@signals.after_setup_task_logger.connect(weak=False)  # type: ignore[untyped-decorator]
def _log(logger: Any, **_: object) -> None:  # noqa: ANN401
    from ltr_workers.logs import JsonFormatter

    if Settings.from_env().log_format == "json":
        for handler in logger.handlers:
            handler.setFormatter(JsonFormatter())
