"""What callers and workers share: names of tasks and queues, marks of log lines, and a Celery client that sends.

The index alone says which vectors are missing. A sweep sends the products of lost tasks again, and a task that runs
twice changes nothing. So any broker is good enough, even a folder. The tasks themselves are in `ltr_workers`, which
this package does not import.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.catalog.product import MODALITIES, Modality
from ltr_plugin.errors import BrokerError, InputError
from ltr_plugin.extras import require_module
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

EMBED_TASK, SWEEP_TASK = "ltr.embed", "ltr.sweep"
PUT_TASK, UPDATE_TASK, DELETE_TASK, REEMBED_TASK = "ltr.put", "ltr.update", "ltr.delete", "ltr.reembed"
"""The names of the tasks, for callers in any language."""

DEFAULT_QUEUE, SWEEP_QUEUE = "ltr", "ltr.sweep"
"""The queues of messages that name no modality, and of sweeps. Both cost a worker little and need no encoder."""

CATALOG_QUEUE = "ltr.catalog"
"""Where catalog systems send products. Not in QUEUES: exactly one worker must read it, named by its option `-Q`."""

PARKED_QUEUE = "ltr.catalog.parked"
"""The names of the indices for which messages of catalog systems are parked, because they cannot be written now."""


def parked_queue_of(index: str) -> str:
    """The queue of the messages that are parked for one index."""
    return f"{PARKED_QUEUE}.{index}"


TASK_FAILED, WRITE_REFUSED = "task failed", "refused by the cluster"
"""Marks of log lines about a task, or a product, that is not tried again before the next sweep."""


def queue_of(source: Modality) -> str:
    """The queue of the messages about one modality, such as `ltr.image`."""
    return f"{DEFAULT_QUEUE}.{source}"


QUEUES = (DEFAULT_QUEUE, SWEEP_QUEUE, *map(queue_of, MODALITIES))
"""All queues but CATALOG_QUEUE. A worker reads all of them, or those that its option `-Q` names."""


def route(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], _: Any, **__: Any) -> dict[str, str] | None:  # noqa: ANN401
    """Celery's router: a message goes to the queue of the modality that it names."""
    if name != EMBED_TASK:
        return {"queue": SWEEP_QUEUE} if name == SWEEP_TASK else None
    source = args[2] if len(args) > 2 else kwargs.get("source")
    return {"queue": queue_of(source)} if source in MODALITIES else None


def celery_client(settings: Settings, **options: Any) -> "Celery":  # noqa: ANN401 - Celery's
    """A Celery application that sends messages to the broker of these settings and knows no task's code.

    BrokerError when Celery, or what it speaks to this broker with, is not installed; InputError for an address that is
    no broker's.
    """
    require_module("celery", "sending products to workers", error=BrokerError)
    _require_transport(settings)
    if _is_redis(settings):
        require_module("redis", "a broker of Redis", error=BrokerError)
    from celery import Celery

    client = Celery("ltr", set_as_current=False, **options)
    client.conf.update(
        **broker_options(settings),
        task_default_queue=DEFAULT_QUEUE,
        task_queues={name: {} for name in QUEUES},
        task_routes=(route,),
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
    )
    return client


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
        "broker_transport": "ltr_plugin.broker.folder_queue:Transport",
        "broker_transport_options": {
            "data_folder_in": str(queue),
            "data_folder_out": str(queue),
            "polling_interval": 0.05,
        },
        "worker_enable_remote_control": False,
    }


def _transport_options(settings: Settings) -> dict[str, Any]:
    if _is_redis(settings):
        return {
            "visibility_timeout": settings.redis_visibility_timeout_s,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_keepalive": True,
            **({"master_name": settings.redis_sentinel_master} if settings.redis_sentinel_master else {}),
        }
    # RabbitMQ says of each message that it has it on disk
    return {"confirm_publish": True} if _broker_kind(settings) in ("amqp", "amqps", "pyamqp") else {}


def _require_transport(settings: Settings) -> None:
    from kombu.transport import TRANSPORT_ALIASES

    if settings.broker_url and _broker_kind(settings) not in TRANSPORT_ALIASES:
        raise InputError("LTR_BROKER_URL", "is no broker's address; it begins with redis://, rediss:// or amqp://")


def _is_redis(settings: Settings) -> bool:
    return _broker_kind(settings) in ("redis", "rediss", "sentinel")


def _broker_kind(settings: Settings) -> str:
    return (settings.broker_url or "").partition(":")[0].partition("+")[0]
