"""`/v1/products/{id}/photo`: photos that products name by a path, for pages."""

import io
from collections import OrderedDict
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from ltr_plugin.catalog.references import is_url
from ltr_plugin.cluster.index import Index
from ltr_plugin.errors import MediaError
from ltr_plugin.media.images import open_image
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(prefix="/v1", tags=["page"])

CACHED_BYTES = 64 << 20
_lock = Lock()
_cache: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()


@router.get("/products/{product_id}/photo", response_class=Response)
async def photo(
    product_id: str,
    state: Annotated[ServiceState, Depends(state_of)],
    number: Annotated[int, Query(ge=0)] = 0,
    px: Annotated[int, Query(ge=32, le=1024)] = 480,
) -> Response:
    """A photo of a product as JPEG, at most `px` pixels a side; 404 where the media folders do not have it.

    It needs no key: whoever sees the page sees its photos.
    """
    data = await run_in_threadpool(_photo, state.served.index, product_id, number, px)
    if data is None:
        return Response(status_code=404)
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=3600"})


def _photo(index: Index, product_id: str, number: int, px: int) -> bytes | None:
    product = index.products([product_id]).get(product_id)
    reference = product.images[number] if product and number < len(product.images) else None
    if reference is None or is_url(reference) or index.media_roots.refusal(reference):
        return None
    key = str(index.media_roots.main), reference, px
    with _lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    try:
        image = open_image(index.media_roots.root_of(reference), reference, side=px)
    except MediaError:
        return None
    image.thumbnail((px, px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    with _lock:
        _cache[key] = buffer.getvalue()
        while sum(map(len, _cache.values())) > CACHED_BYTES:
            _cache.popitem(last=False)
    return buffer.getvalue()
