"""The application: routes, limits and errors put together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from ltr_plugin.errors import ClusterError, ConflictError, InputError, LtrError
from ltr_plugin.service.access import AccessError
from ltr_plugin.service.configuration import Configuration, ServiceOptions
from ltr_plugin.service.middleware import BodyTimeoutMiddleware, MetricsMiddleware
from ltr_plugin.service.models import ErrorResponse, Problem
from ltr_plugin.service.routes import events, health, page, photos, products, search, similar, suggest, transcribe
from ltr_plugin.service.routes.admin import router as admin_router
from ltr_plugin.service.state import ServiceState
from ltr_plugin.service.uploads import MAX_FORM_BYTES
from ltr_plugin.settings import Settings

log = logging.getLogger(__name__)

DESCRIPTION = "Searches of products by text, photo, voice and sound, ranked in the search cluster."

ROUTERS = (
    search.router,
    suggest.router,
    similar.router,
    events.router,
    products.router,
    photos.router,
    health.router,
    transcribe.router,
    admin_router,
)


def create_app() -> FastAPI:
    """The application of one process, by the environment that `ltr serve` makes."""
    settings = Settings.from_env()
    return app_of(ServiceOptions.from_settings(settings), settings)


def app_of(options: ServiceOptions, settings: Settings) -> FastAPI:
    """The application with these options. InputError for keys that cannot be read."""
    configuration = Configuration.of(options, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = state = await ServiceState.open(configuration, settings)
        try:
            yield
        finally:
            await state.close()

    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorResponse} for status in (401, 403, 413, 422, 429, 503)
    }
    app = FastAPI(
        title="ltr",
        description=DESCRIPTION,
        version="1",
        lifespan=lifespan,
        redoc_url=None,
        responses=errors,
        max_body_size=MAX_FORM_BYTES,
    )
    for router in ROUTERS:
        app.include_router(router)
    if options.page:
        app.include_router(page.router)
    for kind in (AccessError, LtrError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _refused)
    app.add_middleware(BodyTimeoutMiddleware)
    if options.allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(options.allow_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key"],
            max_age=3600,
        )
    app.add_middleware(MetricsMiddleware)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """The response to a request that fails, with what is wrong and nothing of the inside."""
    status, reason, problems, headers = 500, "the service failed; its log says why", list[Problem](), dict[str, str]()
    match error:
        case AccessError():
            status, reason, headers = error.status, error.reason, error.headers
        case InputError():
            conflict = isinstance(error, ConflictError)
            status, reason = (409, str(error)) if conflict else (422, f"{error.source} cannot be used")
            problems = [Problem(location=one.location or error.source, message=one.message) for one in error.problems]
        case ClusterError(retryable=False):
            log.error("%s failed: %s", request.url.path, error)
            status, reason = 502, "the search cluster refuses this search"
        case LtrError():
            log.warning("%s failed: %s", request.url.path, error)
            status, reason = 503, "the search cluster does not answer, try again"
            headers = {"Retry-After": "1"}
        case RequestValidationError():
            status, reason = 422, "the request cannot be used"
            problems = [Problem(location=".".join(map(str, one["loc"])), message=one["msg"]) for one in error.errors()]
        case HTTPException():
            status, reason, headers = error.status_code, str(error.detail), dict(error.headers or {})
    body = ErrorResponse(error=reason, problems=problems)
    return JSONResponse(body.model_dump(), status, headers)
