"""JSON for the cluster: fast where documents carry vectors, whose numbers are most of what a shop writes."""

from typing import Any

import orjson
from opensearchpy.exceptions import SerializationError
from opensearchpy.serializer import JSONSerializer

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class OrjsonSerializer(JSONSerializer):
    """opensearch-py's serializer with orjson before it.

    Arrays of float32 are written with as few digits as tell them apart, a third of what Python's floats would take.
    """

    def dumps(self, data: Any) -> Any:  # noqa: ANN401 - opensearch-py's signature
        """The text of a body; a string is one already. SerializationError when JSON has no form for it."""
        if isinstance(data, str):
            return data
        try:
            return orjson.dumps(data, option=_OPTIONS).decode()
        except orjson.JSONEncodeError:  # such as an integer of more than 64 bits
            return super().dumps(data)

    def loads(self, s: str) -> Any:  # noqa: ANN401
        """The content of an answer; SerializationError when it is no JSON."""
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError as error:
            raise SerializationError(s, error) from None
