"""Query ids that only this service can have made: events count for a search that was really served."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

_SIGNATURE = 16


class QueryIds:
    """Makes and checks query ids: 16 random characters and a signature (HMAC-SHA-256, 96 bits) by the `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def new(self) -> str:
        """A new id."""
        random = secrets.token_urlsafe(12)
        return random + self._signature(random)

    def is_ours(self, query_id: str) -> bool:
        """Whether an id was made with this secret."""
        random, signature = query_id[:-_SIGNATURE], query_id[-_SIGNATURE:]
        return hmac.compare_digest(self._signature(random).encode(), signature.encode("utf-8", "surrogatepass"))

    def derived_key(self, purpose: str) -> str:
        """A key for a purpose, the same in all processes that have the secret."""
        return urlsafe_b64encode(self._digest(f"key:{purpose}")).decode().rstrip("=")

    def _signature(self, random: str) -> str:
        return urlsafe_b64encode(self._digest(f"query:{random}")[:12]).decode()

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), sha256)
