"""Items of a Redis list that are no messages: handed on as malformed ones, which the consumer logs and drops.

Kombu decodes the items of its queues inside the loop that reads them. One that another program pushed without the
envelope would end the worker, or have it connect again and again.
"""

import base64
import json
import uuid
from typing import Any

MALFORMED = "ltr_malformed"
"""Header that says why an item is no message."""


def tolerate_malformed_items() -> None:
    """Has kombu's Redis transport decode items with `decode`, in this process."""
    from kombu.transport import redis

    vars(redis)["loads"] = decode


def decode(text: str) -> Any:  # noqa: ANN401
    """The message in an item, or a message with the header MALFORMED; its body is the item.

    Kombu also keeps messages that wait for an acknowledgement by this function, as [message, exchange, routing key].
    """
    from kombu.utils.json import loads

    try:
        item = loads(text)  # type: ignore[no-untyped-call]
    except (ValueError, RecursionError) as error:
        return _malformed(text, f"is not JSON: {error}")
    if isinstance(item, list) and len(item) == 3 and isinstance(item[0], dict):
        return item
    reason = _mistake(item)
    return _malformed(text, reason) if reason else item


def _malformed(text: str, reason: str) -> dict[str, Any]:
    delivery = {"exchange": "", "routing_key": ""}
    return {
        "body": json.dumps(text),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {MALFORMED: reason},
        "properties": {"delivery_tag": str(uuid.uuid4()), "delivery_info": delivery},
    }


def _mistake(item: object) -> str:
    """What the envelope lacks that kombu reads; empty when nothing."""
    if not isinstance(item, dict):
        return "is no object with body, headers and properties"
    properties = _object(item.get("properties"))
    delivery = _object(properties.get("delivery_info"))
    checks = {
        "body is not text": isinstance(item.get("body"), str),
        "headers is not an object": isinstance(item.get("headers"), dict),
        "properties.delivery_tag is not text": isinstance(properties.get("delivery_tag"), str),
        "properties.delivery_info is no object with exchange and routing_key": all(
            isinstance(delivery.get(key), str) for key in ("exchange", "routing_key")
        ),
        "body is not in the encoding of properties.body_encoding": _is_encoded(
            item.get("body"), properties.get("body_encoding")
        ),
    }
    return next((mistake for mistake, right in checks.items() if not right), "")


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_encoded(body: object, encoding: object) -> bool:
    if encoding == "base64" and isinstance(body, str):
        try:
            base64.b64decode(body)
        except ValueError:
            return False
        return True
    return encoding in (None, "utf-8")
