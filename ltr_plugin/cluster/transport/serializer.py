"""JSON for the cluster, fast for vectors: their numbers are most of what is written."""

from typing import Any

import orjson
from opensearchpy.serializer import JSONSerializer

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class OrjsonSerializer(JSONSerializer):
    """opensearch-py's serializer, but orjson does the work.

    Arrays of float32 are written with as few digits as tell them apart, in a third of the space of Python's floats.
    """

    def dumps(self, data: Any) -> Any:  # noqa: ANN401 - opensearch-py's signature
        """The text of a body; a string is returned as it is. SerializationError when JSON cannot express it."""
        if isinstance(data, str):
            return data
        try:
            return orjson.dumps(data, option=_OPTIONS).decode()
        except orjson.JSONEncodeError:  # such as an integer of more than 64 bits
            return super().dumps(data)

    def loads(self, s: str) -> Any:  # noqa: ANN401
        """The decoded text of a response; SerializationError when it is not JSON."""
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError:  # such as an integer of more digits than a float has, or half a character
            return super().loads(s)
