"""The Celery application: `celery -A workers.app worker`.

The queue is a hint and the index is the truth: a task that is lost is found again by the sweep, a task that runs twice
finds nothing to do. So any broker will do, down to a folder. Importing this is light; a task imports what it needs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from celery import Celery, signals

from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.settings import Settings

EMBED, SWEEP = "ltr.embed", "ltr.sweep"
"""The names of the tasks, for callers in any language."""

QUEUE, SWEEPS = "ltr", "ltr.sweep"
"""Where messages go that name no modality, and where sweeps go. Both cost a worker little, whatever it has loaded."""


CATALOG = "ltr.catalog"
"""Where catalog systems send products. Not among QUEUES: one worker alone must take from it, told so by its `-Q`."""


def queue_of(source: Modality) -> str:
    """The queue of the messages about one modality, such as `ltr.image`."""
    return f"{QUEUE}.{source}"


QUEUES = (QUEUE, SWEEPS, *map(queue_of, MODALITIES))
"""All queues. A worker takes from all of them, or from those that its `-Q` names."""


def route(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], _: Any, **__: Any) -> dict[str, str] | None:  # noqa: ANN401
    """Celery's router: a message goes to the queue of the modality that it names."""
    if name != EMBED:
        return {"queue": SWEEPS} if name == SWEEP else None
    source = args[2] if len(args) > 2 else kwargs.get("source")
    return {"queue": queue_of(source)} if source in MODALITIES else None


def broker_folder(settings: Settings) -> Path:
    """The folder that is the queue when no broker is configured."""
    return settings.runs.resolve() / "broker"


def broker_options(settings: Settings) -> dict[str, Any]:
    """Where the queue is and how it is read."""
    if settings.broker_url:
        return {"broker_url": settings.broker_url, "broker_transport_options": _transport_options(settings)}
    queue = broker_folder(settings) / "queue"
    queue.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost",
        "broker_transport": "workers.folder_queue:Transport",
        "broker_transport_options": {
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
            "polling_interval": 0.05,
        },
        "worker_enable_remote_control": False,
    }


def make_app(settings: Settings) -> Celery:
    """The application for these settings."""
    app = Celery("ltr", set_as_current=False, include=["workers.tasks", "workers.catalog_tasks"])
    app.conf.update(
        **broker_options(settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a broker may be away for long
        task_default_queue=QUEUE,
        task_queues={name: {} for name in QUEUES},
        task_routes=(route,),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        # a task whose acknowledgement was lost finds nothing to do the next time; one cut off was encoded for nothing
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        # while the encoder has one task, another's media are opened, and a third's vectors written: a cluster that
        # merges takes longer for that than the encoder for the next
        worker_pool="threads",
        worker_concurrency=3,
        worker_hijack_root_logger=False,
        beat_schedule=_sweeps(settings),
        beat_scheduler="celery.beat:Scheduler",  # nothing to remember: sweeping once too often costs one query
    )
    return app


def _transport_options(settings: Settings) -> dict[str, Any]:
    kind = (settings.broker_url or "").partition(":")[0].partition("+")[0]
    if kind in ("redis", "rediss", "sentinel"):
        return {
            "visibility_timeout": settings.redis_visibility_s,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_keepalive": True,
        }
    # RabbitMQ says of each message that it has it on disk
    return {"confirm_publish": True} if kind in ("amqp", "amqps", "pyamqp") else {}


def _sweeps(settings: Settings) -> dict[str, Any]:
    """Beat's schedule. A sweep that no worker took before the next one is due is dropped."""
    return {
        f"sweep {index}": {
            "task": SWEEP,
            "args": [index],
            "schedule": settings.sweep_period_s,
            "options": {"expires": settings.sweep_period_s},
        }
        for index in settings.sweep_indices
    }


app = make_app(Settings.from_env())


@signals.worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _start(sender: Any, **_: object) -> None:  # noqa: ANN401 - Celery's worker
    from workers.cores import share_out
    from workers.memory import keep_memory
    from workers.parent import follow_parent
    from workers.serving import serve_metrics

    follow_parent()
    keep_memory()
    serve_metrics(Settings.from_env(), sender)
    share_out()  # last: a number of cores that is none must not keep the others from being done


@signals.beat_embedded_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _start_beat(**_: object) -> None:
    import os

    from workers.parent import end_without

    end_without(os.getppid())


@signals.after_setup_logger.connect(weak=False)  # type: ignore[untyped-decorator]
@signals.after_setup_task_logger.connect(weak=False)  # type: ignore[untyped-decorator]
def _log(logger: Any, **_: object) -> None:  # noqa: ANN401
    from workers.logs import JsonFormatter

    if Settings.from_env().log_format == "json":
        for handler in logger.handlers:
            handler.setFormatter(JsonFormatter())
