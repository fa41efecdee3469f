"""Around every request: limits on its body, headers of security, and metrics."""

import asyncio
import time

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ltr_plugin.service import metrics

BODY_TIMEOUT_S = 30.0
"""Seconds in which the next part of a body must come."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}


class SlowBodyError(Exception):
    """The next part of a body does not come in time."""


class BodyTimeoutMiddleware:
    """Refuses bodies of which a part does not come in BODY_TIMEOUT_S (408): slow senders do not hold connections."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        whole = False

        async def timed() -> Message:
            nonlocal whole
            if whole:
                return await receive()  # waits for the end of the connection
            try:
                message = await asyncio.wait_for(receive(), BODY_TIMEOUT_S)
            except TimeoutError:
                raise SlowBodyError from None
            whole = not message.get("more_body", False)
            return message

        try:
            await self._app(scope, timed, send)
        except SlowBodyError:
            metrics.LIMITED.labels("time").inc()
            response = JSONResponse({"error": "the request came too slowly", "problems": []}, 408)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)


class MetricsMiddleware:
    """Counts requests and their time by route, and adds headers of security."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        before, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            metrics.REQUESTS.labels(route, str(status)).inc()
            metrics.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - before)
