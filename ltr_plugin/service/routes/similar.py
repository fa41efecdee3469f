"""`/v1/similar/{id}`: more like this product."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query

from ltr_plugin.pipelines.similar import SimilarBy, similar
from ltr_plugin.queries.page import Page
from ltr_plugin.service.access import needs
from ltr_plugin.service.models import MAX_SIZE, SearchRequest, SearchResponse, Took
from ltr_plugin.service.pages import response_of
from ltr_plugin.service.state import ServiceState, state_of
from ltr_plugin.service.uploads import json_object
from ltr_plugin.validation import shorten

router = APIRouter(prefix="/v1", tags=["search"])


@router.get("/similar/{product_id:path}", response_model_exclude_defaults=True, dependencies=[Depends(needs("search"))])
async def similar_products(
    product_id: str,
    state: Annotated[ServiceState, Depends(state_of)],
    by: Annotated[SimilarBy, Query(description="Compare photos, texts, or all vectors that the product has.")] = "all",
    size: Annotated[int, Query(ge=0, le=MAX_SIZE, description="Number of products.")] = 24,
    start: Annotated[int, Query(ge=0, alias="from", description="Position of the first one.")] = 0,
    filters: Annotated[str, Query(max_length=10_000, description="JSON of filters, as searches have them.")] = "",
    language: Annotated[str | None, Query(description="Code of a language of the profile. Default: its first.")] = None,
) -> SearchResponse:
    """Products like one of the index, nearest first, without itself and its variants; 404 for an unknown id.

    `ranker` is `vectors`, or `words` where the product has no vectors and others are found by its words.
    """
    page = Page(size, start, json_object(filters, "filters"))
    began = time.perf_counter()
    served, found = await state.call(
        lambda served: similar(served.index, product_id, by=by, page=page, language=language)
    )
    if found is None:
        raise HTTPException(404, f"there is no product {shorten(product_id)}")
    took = Took(encode_ms=0, search_ms=round((time.perf_counter() - began) * 1000, 1))
    query_id = state.configuration.query_ids.new()
    asked = SearchRequest(language=language)
    response = response_of(served, asked, found.result, query_id=query_id, degraded=(), took=took)
    return response.model_copy(update={"ranker": found.found_by, "release": None})
