"""What is stored of events and queries, with and without the consent of who acted, and the names that they get.

Without consent an event only counts: what was done, with which product, at which position, after which query, and in
which hour. With consent it is stored whole, and ids of persons are replaced by pseudonyms, which are others in each
month. Addresses of the internet (IP) are never stored.
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Any

from ltr_plugin.feedback.events import PERSONAL, UbiEvent

_POSITION = ("ordinal", "row", "column", "columns")
_ADDRESS_NAMES = ("ip", "ip_address", "ipaddress", "client_ip", "remote_addr", "x_forwarded_for")

_NO_TEXTS = ("object_id", "query_id")
"""Ids, whose form is the shop's."""

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")


def whole_hour(moment: datetime) -> datetime:
    """The beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Pseudonyms:
    """Names in place of ids. The secret stays outside the cluster: without it, no name leads to an id."""

    secret: bytes = field(repr=False)

    def of(self, id_: str, moment: datetime) -> str:
        """The name of a client, a session or a user in the month of this moment."""
        month = hmac.digest(self.secret, f"month:{moment:%Y-%m}".encode(), sha256)
        return self._name(hmac.digest(month, id_.encode("utf-8", "surrogatepass"), sha256))

    def event_id(self, event: UbiEvent) -> str:
        """The id under which an event is stored: the same for an event that is sent twice, another for any other."""
        content = json.dumps(event.model_dump(mode="json", exclude={"consent"}), sort_keys=True)
        return self._name(hmac.digest(self.secret, b"event:" + content.encode(), sha256))

    @staticmethod
    def _name(digest: bytes) -> str:
        return urlsafe_b64encode(digest[:18]).decode()


def stored_event(event: UbiEvent, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The document of an event."""
    if not event.consent:
        return _counted(event)
    document = event.model_dump(mode="json", exclude_none=True, exclude={*PERSONAL})
    return {**without_addresses(document), **stored_persons(event, event.timestamp, pseudonyms)}


def stored_persons(record: Any, moment: datetime, pseudonyms: Pseudonyms) -> dict[str, str]:  # noqa: ANN401
    """The pseudonyms of the ids of persons in a record, or in anything else with attributes of their names."""
    ids = {name: getattr(record, name, None) for name in PERSONAL}
    return {name: pseudonyms.of(id_, moment) for name, id_ in ids.items() if id_}


def _counted(event: UbiEvent) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    object_, position = event.event_attributes.object, event.event_attributes.position
    if object_ and object_.object_id:
        named = {"object_id": object_.object_id, "object_id_field": object_.object_id_field}
        attributes["object"] = {name: one for name, one in named.items() if one is not None}
    if position:
        numbers = {name: getattr(position, name) for name in _POSITION}
        attributes["position"] = {name: one for name, one in numbers.items() if one is not None}
    return {
        "action_name": event.action_name,
        "timestamp": whole_hour(event.timestamp).isoformat(),
        **({"query_id": event.query_id} if event.query_id else {}),
        "event_attributes": attributes,
        "consent": False,
    }


def without_addresses(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON without addresses of the internet: values that are one, keys that are named like one, and parts of texts."""
    if isinstance(value, Mapping):
        return {
            key: one if key in _NO_TEXTS else without_addresses(one)
            for key, one in value.items()
            if key.lower().replace("-", "_") not in _ADDRESS_NAMES and (key in _NO_TEXTS or not _is_address(one))
        }
    if isinstance(value, list):
        return [without_addresses(one) for one in value if not _is_address(one)]
    return _IPV4.sub("[address]", value) if isinstance(value, str) else value


def _is_address(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 50 or not {".", ":"} & set(value):
        return False
    try:
        ip_address(value.strip())
    except ValueError:
        return False
    return True
