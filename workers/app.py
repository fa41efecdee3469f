"""The Celery application: `celery -A workers.app worker`.

The queue is a hint and the index is the truth: a task that is lost is found again by the sweep, a task that runs twice
finds nothing to do. So any broker will do, down to a folder. Importing this is light; a task imports what it needs.
"""

from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init

from ltr_plugin.settings import Settings

QUEUE = "ltr"


def broker_folder(settings: Settings) -> Path:
    """The folder that is the queue when no broker is configured."""
    return settings.runs.resolve() / "broker"


def broker_options(settings: Settings) -> dict[str, Any]:
    """Where the queue is and how it is read."""
    if settings.broker_url:
        # what a dead worker held is handed out again after this time; a longer task may run twice, which is harmless
        redis = {"visibility_timeout": 120, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
        redelivery = redis if settings.broker_url.startswith(("redis", "sentinel")) else {}
        return {"broker_url": settings.broker_url, "broker_transport_options": redelivery}
    folder = broker_folder(settings)
    queue, control = folder / "queue", folder / "control"
    for made in (queue, control):
        made.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost",
        "broker_transport_options": {
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
            "control_folder": str(control),
            "polling_interval": 0.05,
        },
        "worker_enable_remote_control": False,
    }


def make_app(settings: Settings) -> Celery:
    """The application for these settings."""
    app = Celery("ltr", set_as_current=False, include=["workers.tasks"])
    app.conf.update(
        **broker_options(settings),
        broker_connection_retry_on_startup=True,
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        # two tasks at a time: one has its photos decoded while the encoder, which takes one at a time, has the other
        worker_pool="threads",
        worker_concurrency=2,
        worker_hijack_root_logger=False,
    )
    return app


app = make_app(Settings.from_env())


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]
def _follow_parent(**_: object) -> None:
    from workers.parent import follow_parent

    follow_parent()
