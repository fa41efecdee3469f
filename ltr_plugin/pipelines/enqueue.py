"""Products that lack vectors, sent to the workers by modality."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ltr_plugin.batches import batched
from ltr_plugin.broker.messages import DEFAULT_QUEUE, EMBED_TASK, celery_client, queue_of
from ltr_plugin.catalog.media import strip_credentials
from ltr_plugin.catalog.product import Modality
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import BrokerError
from ltr_plugin.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

PRODUCTS_PER_TASK: Mapping[Modality, int] = {"text": 1024, "image": 256, "audio": 64, "video": 32}
"""Products of one message. More would be no faster, and would be more to do again when a worker dies."""

FETCH_SIZE = 1000
"""Products that are read together, to see what they lack."""

EMBED_ARGUMENTS = ("index", "ids", "source")
"""What a message says, in order."""

INSPECT_TIMEOUT_S = 1.0
"""How long workers are given to say what they work on."""

CONNECT_TIMEOUT_S, PING_TIMEOUT_S = 4.0, 4.0
"""Together below the ten seconds within which a user is told that nobody does the work."""


def enqueue(client: "Celery", index: str, ids: Iterable[str], source: Modality, *, batch: int | None = None) -> int:
    """Sends these ids to the workers of a modality; returns how many. BrokerError when there is no broker."""
    sent = 0
    with _broker(client):
        for some in batched(ids, batch or PRODUCTS_PER_TASK[source]):
            client.send_task(EMBED_TASK, [index, list(some), source])
            sent += len(some)
    return sent


def enqueue_missing(index: Index, ids: Sequence[str], source: Modality | None = None, *, client: "Celery") -> int:
    """Sends those of these products that lack a current vector (with `source`, one of that modality), by modality;
    returns how many, each counted once a modality that it lacks."""
    vectors = [vector for vector in index.vectors if source in (None, vector.source)]
    lacking: dict[Modality, list[str]] = {}
    for page in batched(dict.fromkeys(ids), FETCH_SIZE):
        for stored in index.fetch(page):
            for modality in dict.fromkeys(vector.source for vector in stored.pending(vectors)):
                lacking.setdefault(modality, []).append(stored.product.id)
    return sum(enqueue(client, index.name, products, modality) for modality, products in lacking.items())


def enqueue_backlog(index: Index, batch: int | None = None, *, client: "Celery") -> int:
    """Sends all products that lack a current vector; returns how many, each counted once a modality that it lacks."""
    return sum(
        enqueue(client, index.name, index.backlog_ids(source), source, batch=batch) for source in _modalities(index)
    )


def enqueue_lost(index: Index, *, client: "Celery") -> int:
    """Sends the products that lack a vector and that no message is about; returns how many, as `enqueue_backlog` does.

    A modality whose queue is not empty is left alone: what was lost would wait for the queue's end anyway, and is found
    once that is reached. What workers have in hand is left out, where the broker lets them be asked.
    """
    idle = [source for source in _modalities(index) if not _queue_length(client, DEFAULT_QUEUE, queue_of(source))]
    in_flight = _in_flight(index, client) if idle else {}
    index.refresh()
    sent = 0
    for source in idle:
        held = in_flight.get(source, frozenset()) | in_flight.get(None, frozenset())
        sent += enqueue(client, index.name, (id_ for id_ in index.backlog_ids(source) if id_ not in held), source)
    return sent


@contextlib.contextmanager
def _broker(client: "Celery") -> Iterator[Any]:
    """A connection to the broker. BrokerError when there is none, or it goes meanwhile."""
    from kombu.exceptions import OperationalError

    with client.connection_for_read() as connection:
        try:
            yield connection
        except (OperationalError, *connection.connection_errors) as error:
            broker = connection.as_uri()  # without its password
            raise BrokerError(f"no broker at {broker}: {error}") from None


def _modalities(index: Index) -> list[Modality]:
    return list(dict.fromkeys(vector.source for vector in index.vectors))


def _queue_length(client: "Celery", *names: str) -> int:
    """How many messages wait in these queues; those that a worker has taken count where a folder is the queue."""
    waiting = 0
    with _broker(client) as connection:
        for name in names:
            with contextlib.suppress(*connection.channel_errors), connection.channel() as channel:
                waiting += channel.queue_declare(name, passive=True).message_count
    return waiting


def _in_flight(index: Index, client: "Celery") -> dict[Modality | None, set[str]]:
    """The ids that workers are embedding, or have put off, by modality."""
    held: dict[Modality | None, set[str]] = {}
    if not client.conf.worker_enable_remote_control:
        return held
    with _broker(client) as connection:
        ask = client.control.inspect(timeout=INSPECT_TIMEOUT_S, connection=connection)
        for answers in (ask.reserved(), ask.active(), ask.scheduled()):
            for answer in chain.from_iterable((answers or {}).values()):
                task = answer.get("request", answer)
                said = {**dict(zip(EMBED_ARGUMENTS, task["args"], strict=False)), **task["kwargs"]}
                if task["name"] == EMBED_TASK and said.get("index") in (index.name, index.alias):
                    held.setdefault(said.get("source"), set()).update(said["ids"])
    return held


def broker_name(settings: Settings) -> str:
    """The address of the broker, without its password."""
    return strip_credentials(settings.broker_url or "")


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
            raise BrokerError(f"no answer from {broker_name(settings)}: {error}") from None
    return len(answers or {})
