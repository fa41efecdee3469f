"""Who makes a change."""

from ltr_plugin.service.configuration import LOCAL
from ltr_plugin.service.keys import Caller


def author_of(caller: Caller, named: str | None) -> str:
    """The name of the caller's key; where the service has no keys, whom the request names."""
    return named or caller.name if caller == LOCAL else caller.name
