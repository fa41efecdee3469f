"""Whether workers take tasks from the broker."""

from ltr_plugin.catalog.media import strip_credentials
from ltr_plugin.errors import BrokerError
from ltr_plugin.pipelines.messages import celery_client
from ltr_plugin.settings import Settings

CONNECT_TIMEOUT_S, PING_TIMEOUT_S = 4.0, 4.0
"""Together below the ten seconds within which a user is told that nobody does the work."""


def broker_name(settings: Settings) -> str:
    """The address of the broker, without its password."""
    return strip_credentials(settings.broker_url or "")


def count_workers(settings: Settings, *, limit: int | None = None) -> int:
    """How many workers answer on the configured broker; with `limit`, it returns as soon as so many have.

    BrokerError when the broker does not answer, or when what it needs is not installed.
    """
    queue = celery_client(settings)
    from kombu.exceptions import OperationalError

    with queue.connection_for_read() as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=CONNECT_TIMEOUT_S)
            answers = queue.control.inspect(timeout=PING_TIMEOUT_S, limit=limit, connection=connection).ping()
        except (OperationalError, *connection.connection_errors) as error:
            raise BrokerError(f"no answer from {broker_name(settings)}: {error}") from None
    return len(answers or {})
