"""Who may call a route: by the scope of the key, and not more often than the rate limit allows."""

from collections.abc import Callable
from hmac import compare_digest
from math import ceil
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request

from ltr_plugin.service import metrics
from ltr_plugin.service.configuration import LOCAL, LOOPBACK, PAGE
from ltr_plugin.service.keys import Caller, Scope
from ltr_plugin.service.state import ServiceState, state_of


class AccessError(Exception):
    """A request that is refused for who sends it: `status` is 401, 403 or 429."""

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.reason, self.headers = status, reason, headers or {}
        super().__init__(reason)


def caller_of(request: Request, state: Annotated[ServiceState, Depends(state_of)]) -> Caller:
    """Who sends a request: by `Authorization: Bearer KEY` or `X-API-Key: KEY`. AccessError for an unknown key, and for
    none where the service has keys."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
    configuration = state.configuration
    if not key and configuration.open_to_local and _is_local(request):
        return LOCAL
    caller = configuration.keys.caller(key) if key else None
    if caller is None:
        reason = "the key is unknown" if key else "a key is needed: Authorization: Bearer KEY"
        raise AccessError(401, reason, {"WWW-Authenticate": "Bearer"})
    return caller


def beacon_caller(
    request: Request,
    state: Annotated[ServiceState, Depends(state_of)],
    key: Annotated[str | None, Query(description="The page's own key, for `navigator.sendBeacon`; no other.")] = None,
) -> Caller:
    """Who sends a request that a browser may send without headers. The page's key, which everybody can see, may be in
    its address; any other key there is refused, as addresses are logged."""
    if key is None:
        return caller_of(request, state)
    configuration = state.configuration
    given, page = (one.encode("utf-8", "surrogatepass") for one in (key, configuration.page_key))
    if not configuration.options.page or not compare_digest(given, page):
        raise AccessError(401, "only the page's own key may be in an address; send others as Authorization: Bearer KEY")
    return PAGE


def needs(scope: Scope, cost: float = 1, sender: Callable[..., Caller] = caller_of) -> Callable[..., Caller]:
    """A dependency of routes that need this scope; a request counts `cost` times against the rate limit.

    `sender` is the dependency that says who sends it.
    """

    def check(
        request: Request,
        caller: Annotated[Caller, Depends(sender)],
        state: Annotated[ServiceState, Depends(state_of)],
    ) -> Caller:
        if scope not in caller.scopes:
            raise AccessError(403, f"the key {caller.name} has no scope {scope}")
        if wait_s := state.wait_s(caller, request.client.host if request.client else "", cost):
            metrics.LIMITED.labels("rate").inc()
            raise AccessError(429, "too many requests", {"Retry-After": str(ceil(wait_s))})
        return caller

    return check


def _is_local(request: Request) -> bool:
    """Whether a request comes from this machine itself: not through a proxy, and not from a page of another site whose
    name was made to mean this machine."""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
    origin = request.headers.get("origin")
    return not forwarded and request.url.hostname in LOOPBACK and (not origin or urlsplit(origin).hostname in LOOPBACK)
