"""Items of a Redis list that are no messages: handed on as malformed ones, which the consumer logs and drops.

Kombu decodes the items of its queues inside the loop that reads them. One that another program pushed without the
envelope would end the worker, or have it connect again and again.
"""

import base64
import binascii
import json
import uuid
from typing import Any

MALFORMED = "ltr_malformed"
"""Header that says why an item is no message."""


def tolerate_malformed_items() -> None:
    """Has kombu's Redis transport decode items with `decode`, in this process."""
    from kombu.transport import redis

    redis.loads = decode


def decode(text: str) -> Any:  # noqa: ANN401
    """The message in an item, or a message with the header MALFORMED; its body is the item.

    Kombu also keeps messages that wait for an acknowledgement by this function, as [message, exchange, routing key].
    """
    from kombu.utils.json import loads

    try:
        item = loads(text)
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
    for name, kind, type_ in (("body", "text", str), ("headers", "an object", dict), ("properties", "an object", dict)):
        if not isinstance(item.get(name), type_):
            return f"{name} is not {kind}"
    properties = item["properties"]
    if not isinstance(properties.get("delivery_tag"), str):
        return "properties.delivery_tag is not text"
    delivery = properties.get("delivery_info")
    if not isinstance(delivery, dict) or not all(isinstance(delivery.get(k), str) for k in ("exchange", "routing_key")):
        return "properties.delivery_info is no object with exchange and routing_key"
    encoding = properties.get("body_encoding")
    if encoding not in (None, "utf-8", "base64"):
        return "properties.body_encoding is neither base64 nor utf-8"
    if encoding == "base64":
        try:
            base64.b64decode(item["body"])
        except (binascii.Error, ValueError) as error:
            return f"body is not base64: {error}"
    return ""
