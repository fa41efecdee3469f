"""`/healthz`, `/readyz` and `/metrics`: for supervisors, load balancers and Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.concurrency import run_in_threadpool

from ltr_plugin.errors import ClusterError
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """200 while the process runs."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(state: Annotated[ServiceState, Depends(state_of)], response: Response) -> dict[str, str]:
    """200 when the cluster answers and the encoders are loaded; else 503, with what is missing."""
    missing = [] if state.encoding.ready else ["encoders"]
    try:
        await run_in_threadpool(state.cluster.call, "GET", f"/{state.served.index.name}")
    except ClusterError:
        missing.append("cluster")
    response.status_code = 503 if missing else 200
    return {"status": "not ready", "missing": ", ".join(missing)} if missing else {"status": "ready"}


@router.get("/metrics", include_in_schema=False)
async def metrics(state: Annotated[ServiceState, Depends(state_of)]) -> Response:
    """The metrics of all processes."""
    registry = REGISTRY
    if state.configuration.options.processes > 1:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
