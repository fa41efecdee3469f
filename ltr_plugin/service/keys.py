"""API keys: what a caller may do. Only hashes of keys are kept."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from ltr_plugin.errors import InputError, Problem

Scope = Literal["search", "events", "catalog", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "ltr_"


@dataclass(frozen=True)
class Caller:
    """Who a key belongs to, by the name that its line has, and what it may be used for."""

    name: str
    scopes: frozenset[Scope]


def new_key(name: str, scopes: Iterable[Scope]) -> tuple[str, str]:
    """A new key, and its line of LTR_SERVICE_KEYS: `name:scopes:hash`."""
    key = PREFIX + secrets.token_urlsafe(24)
    return key, f"{name}:{'+'.join(scopes)}:{_hash(key)}"


class Keys:
    """The keys that a service accepts."""

    def __init__(self, lines: str = "") -> None:
        """`lines` has `name:scopes:hash` for each key, separated by blanks or line ends; scopes are joined by `+`.

        InputError lists the lines that are not of this form, by name.
        """
        self._callers: dict[str, Caller] = {}
        problems: list[Problem] = []
        for number, line in enumerate(lines.split(), start=1):
            name, _, rest = line.partition(":")
            scopes, _, digest = rest.partition(":")
            named = frozenset(scope for scope in SCOPES if scope in scopes.split("+"))
            if not name or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
                problems.append(Problem(f"key {number}", "is not name:scopes:hash; `ltr serve --new-key` makes one"))
            elif unknown := set(scopes.split("+")) - set(SCOPES):
                problems.append(
                    Problem(f"key {name}", f"has no scope {', '.join(sorted(unknown))}; scopes are {', '.join(SCOPES)}")
                )
            else:
                self._callers[digest] = Caller(name, named)
        if problems:
            raise InputError("LTR_SERVICE_KEYS", problems)

    def add(self, key: str, caller: Caller) -> None:
        """Accepts another key."""
        self._callers[_hash(key)] = caller

    def __len__(self) -> int:
        return len(self._callers)

    def caller(self, key: str) -> Caller | None:
        """Who a key belongs to; None for an unknown key."""
        given = _hash(key)
        # every line is compared, in the same time: how long it takes says nothing of the hashes
        found = [caller for digest, caller in self._callers.items() if hmac.compare_digest(digest, given)]
        return found[0] if found else None


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
