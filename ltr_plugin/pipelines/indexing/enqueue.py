"""Products that lack vectors, sent to workers by modality; workers counted."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ltr_plugin.batches import batched
from ltr_plugin.broker.messages import DEFAULT_QUEUE, EMBED_TASK, celery_client, queue_of
from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.references import strip_credentials
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.errors import BrokerError
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

PRODUCTS_PER_TASK: Mapping[Modality, int] = {"text": 1024, "image": 256, "audio": 64, "video": 32}
"""Products of one task. Larger tasks are not faster, and more is lost when a worker dies."""

FETCH_SIZE = 1000
"""Products that are read in one call, to see which vectors they lack."""

EMBED_ARGUMENTS = ("index", "ids", "source")
"""The arguments of an embedding task, in order."""

INSPECT_TIMEOUT_S = 1.0
"""How long to wait for workers to name their tasks."""

CONNECT_TIMEOUT_S, PING_TIMEOUT_S = 4.0, 4.0
"""Together below ten seconds, within which a user learns that no worker answers."""


def enqueue(client: "Celery", index: str, ids: Iterable[str], source: Modality, *, batch: int | None = None) -> int:
    """Sends these ids to the workers of a modality; returns how many. BrokerError when the broker does not answer."""
    sent = 0
    with broker_connection(client):
        for task_ids in batched(ids, batch or PRODUCTS_PER_TASK[source]):
            client.send_task(EMBED_TASK, [index, list(task_ids), source])
            sent += len(task_ids)
    return sent


def enqueue_missing(
    index: ManagedIndex, ids: Sequence[str], source: Modality | None = None, *, client: "Celery"
) -> int:
    """Sends those of these products that lack a current vector (with `source`, of that modality); returns how many.

    A product is sent, and counted, once for each modality that it lacks vectors of.
    """
    vectors = [vector for vector in index.vectors if source in (None, vector.source)]
    lacking: dict[Modality, list[str]] = {}
    for page in batched(dict.fromkeys(ids), FETCH_SIZE):
        for stored in index.fetch(page):
            for modality in dict.fromkeys(vector.source for vector in stored.pending(vectors)):
                lacking.setdefault(modality, []).append(stored.product.id)
    return sum(enqueue(client, index.name, products, modality) for modality, products in lacking.items())


def enqueue_backlog(
    index: ManagedIndex, batch: int | None = None, *, client: "Celery", untried_since: float | None = None
) -> int:
    """Sends all products that lack a current vector; returns how many, counted as by `enqueue_missing`.

    `untried_since` as in `ManagedIndex.backlog`.
    """
    return sum(
        enqueue(client, index.name, index.backlog_ids(source, untried_since=untried_since), source, batch=batch)
        for source in _modalities(index)
    )


def enqueue_lost(index: ManagedIndex, *, client: "Celery") -> int:
    """Sends the products that lack a vector and are in no task; returns how many, counted as by `enqueue_missing`.

    A modality whose queue is not empty is skipped: lost products are sent once the queue is empty. Products in tasks
    that workers hold are left out, where the broker supports asking workers.
    """
    idle = [source for source in _modalities(index) if not queue_length(client, DEFAULT_QUEUE, queue_of(source))]
    in_flight = _in_flight(index, client) if idle else {}
    index.refresh()
    sent = 0
    for source in idle:
        skipped = in_flight.get(source, frozenset()) | in_flight.get(None, frozenset())
        sent += enqueue(client, index.name, (id_ for id_ in index.backlog_ids(source) if id_ not in skipped), source)
    return sent


@contextlib.contextmanager
def broker_connection(client: "Celery") -> Iterator[Any]:
    """A connection to the broker. BrokerError when the broker does not answer, or fails while the block runs."""
    from kombu.exceptions import OperationalError

    with client.connection_for_read() as connection:
        try:
            yield connection
        except (OperationalError, *connection.connection_errors) as error:
            raise no_answer(client.conf.broker_url, error) from None


def _modalities(index: ManagedIndex) -> list[Modality]:
    return list(dict.fromkeys(vector.source for vector in index.vectors))


def queue_length(client: "Celery", *names: str) -> int:
    """How many messages wait in these queues. In the folder queue, those that a worker holds are counted too."""
    waiting = 0
    with broker_connection(client) as connection:
        for name in names:
            with contextlib.suppress(*connection.channel_errors), connection.channel() as channel:
                waiting += channel.queue_declare(name, passive=True).message_count
    return waiting


def _in_flight(index: ManagedIndex, client: "Celery") -> dict[Modality | None, set[str]]:
    """The ids in tasks that workers run, have reserved or will retry, by modality."""
    in_flight: dict[Modality | None, set[str]] = {}
    if not client.conf.worker_enable_remote_control:
        return in_flight
    with broker_connection(client) as connection:
        inspect = client.control.inspect(timeout=INSPECT_TIMEOUT_S, connection=connection)
        for by_worker in (inspect.reserved(), inspect.active(), inspect.scheduled()):
            for entry in chain.from_iterable((by_worker or {}).values()):
                task = entry.get("request", entry)
                arguments = {**dict(zip(EMBED_ARGUMENTS, task["args"], strict=False)), **task["kwargs"]}
                if task["name"] == EMBED_TASK and arguments.get("index") in (index.name, index.alias):
                    in_flight.setdefault(arguments.get("source"), set()).update(arguments["ids"])
    return in_flight


def broker_name(settings: Settings) -> str:
    """The address of the broker, without its password."""
    return _shown(settings.broker_url)


def count_workers(settings: Settings, *, limit: int | None = None) -> int:
    """How many workers answer on the configured broker; with `limit`, it returns as soon as so many have.

    BrokerError when the broker does not answer, or when what it needs is not installed.
    """
    from kombu.exceptions import OperationalError

    client = celery_client(settings)
    with client.connection_for_read() as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_S)
            answers = client.control.inspect(timeout=PING_TIMEOUT_S, limit=limit, connection=connection).ping()
        except (OperationalError, *connection.connection_errors) as error:
            raise no_answer(settings.broker_url, error) from None
    return len(answers or {})


def no_answer(broker_url: str | None, error: Exception) -> BrokerError:
    """The error that says which broker does not answer, and why."""
    reason = str(error).partition(" : <")[0]  # Sentinel's goes on with its connections, in old clients with passwords
    return BrokerError(f"no broker answers at {_shown(broker_url)}: {reason}")


def _shown(broker_url: str | None) -> str:
    """Addresses, separated by semicolons, without passwords."""
    return ";".join(map(strip_credentials, (broker_url or "").split(";")))
