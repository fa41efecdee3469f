"""What the rest of the library needs of a cluster: a call, a bulk write, errors that say why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from ltr_plugin.cluster.responses import BulkError, Json
from ltr_plugin.engines import Engine


class Cluster(Protocol):
    """A cluster. `url` is its address without credentials, `engine` the search engine that it runs."""

    url: str
    engine: Engine

    def call(self, method: str, path: str, body: Json = None, **params: str | int | bool) -> Json:
        """The decoded response. ClusterError when there is none or its status is 400 or above.

        A call that the cluster has no room for (429) is tried again. A read is also tried again when there is no
        response, when a node is not ready (502, 503, 504), and when shards are missing in the response.
        """
        ...

    def bulk(self, actions: Iterable[Mapping[str, Json]]) -> Iterator[tuple[str, BulkError | None]]:
        """Each action's document id and its error (None: it succeeded), in order.

        An action names its index by an alias. One for an alias that does not exist is refused and creates no index;
        one with `require_alias: False` names the index itself, which is made if it does not exist.
        Actions that a busy cluster rejects, or that get no response, are sent again: an action must be safe to repeat.
        Where the cluster refuses a request as a whole, its actions are sent in halves until the wrong one is alone.
        ClusterError when the cluster stays busy or unreachable. An action on a document that does not exist, a deletion
        too, has an error that is `missing`.
        """
        ...
