"""`/v1/products`: changes of products from catalog systems in any language, without a broker."""

import logging
from typing import Annotated

import anyio.from_thread
import anyio.to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from ltr_plugin.errors import ClusterError, InputError, Problem
from ltr_plugin.pipelines.indexing.ingest import StreamResult
from ltr_plugin.pipelines.indexing.ingest_stream import ProductStream, StreamKind, VectorsBy
from ltr_plugin.service.access import needs
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(prefix="/v1", tags=["catalog"])

MAX_BYTES = 64 << 20
"""Bytes of a request, as they are sent: gzip unpacks to more."""

MAX_REPORTED = 1000
"""Refused lines that an answer lists; further ones are counted."""

log = logging.getLogger(__name__)


class RefusedLine(BaseModel):
    """A line that was not applied."""

    line: int | None = Field(description="Its number, from 1; null for what is wrong with the body as a whole.")
    reason: str


class ProductsResponse(BaseModel):
    """What became of the lines of a request."""

    applied: int = Field(description="Changes that were made.")
    refused: int = Field(description="Lines that were not applied; `problems` says why.")
    stale: int = Field(description="Changes that are older than the last one of their product, by `changed`.")
    missing: int = Field(description="Products that were to be deleted and are not there.")
    problems: list[RefusedLine] = Field(default=[], description=f"The first {MAX_REPORTED:,} refused lines.")
    vectors_by: VectorsBy = Field(
        description="Who makes vectors that products lack: `workers`, whom tasks were sent to, or `ltr index embed`, "
        "from the `backlog`."
    )
    sent: int = Field(description="Products sent to workers, each counted once for each kind of media.")
    enqueue_error: str | None = Field(
        default=None, description="Why no tasks were sent; the products stay in the backlog, which a sweep sends."
    )


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}, "application/gzip": {}},
    }
}


@router.post(
    "/products",
    openapi_extra=_BODY,
    max_body_size=MAX_BYTES,
    responses={409: {"description": "No index of this library."}},
)
async def products(
    request: Request,
    _: Annotated[object, Depends(needs("catalog"))],
    state: Annotated[ServiceState, Depends(state_of)],
    kind: Annotated[StreamKind, Query(description="`delete` takes lines with an `id`, or ids alone.")] = "put",
) -> ProductsResponse:
    """Puts, updates or deletes the products of the lines of the body (JSON Lines, plain or gzip, at most 64 MB).

    A line is what a line of a catalog file is. One that is wrong does not stop the others: the status is 200, and the
    answer names each with the reason. Products can be found after the next refresh of the index, their vectors are made
    afterwards. After any other status the same body can be sent again: what was applied is not changed by it.
    """
    stream = ProductStream(state.served.index.alias, state.settings)
    try:
        await anyio.to_thread.run_sync(stream.check, limiter=state.uploads)
    except InputError as error:
        raise HTTPException(409, f"{error}; its products are written by the shop's own catalog system") from None
    chunks = request.stream()

    async def receive() -> bytes | None:
        return await anext(chunks, None)

    refused: list[Problem] = []

    def apply() -> StreamResult:
        return stream.apply(
            lambda: anyio.from_thread.run(receive), kind, on_refused=lambda problem: _keep(refused, problem)
        )

    try:
        result = await anyio.to_thread.run_sync(apply, limiter=state.uploads)
    except ClientDisconnect:
        raise HTTPException(400, "the request ended before its body") from None
    except ClusterError as error:
        if not error.retryable:
            raise
        log.warning("products cannot be written: %s", error)
        raise HTTPException(
            503, "the search cluster does not answer; send the request again, which is safe", {"Retry-After": "5"}
        ) from None
    if result.enqueue_error:
        log.warning("products are written, and no tasks are sent: %s", result.enqueue_error)
    return ProductsResponse(
        applied=result.applied,
        refused=result.refused,
        stale=result.stale,
        missing=result.missing,
        problems=[_line(problem) for problem in refused],
        vectors_by=stream.vectors_by,
        sent=result.sent,
        enqueue_error="the broker does not answer" if result.enqueue_error else None,
    )


def _keep(refused: list[Problem], problem: Problem) -> None:
    if len(refused) < MAX_REPORTED:
        refused.append(problem)


def _line(problem: Problem) -> RefusedLine:
    number = problem.location.removeprefix("line ")
    return RefusedLine(line=int(number) if number.isdigit() else None, reason=problem.message)
