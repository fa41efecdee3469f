"""`/v1/suggest`: suggestions while a shopper types."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from ltr_plugin.service.access import needs
from ltr_plugin.service.models import MAX_TEXT, SuggestResponse, ValueSuggestion
from ltr_plugin.service.pages import suggestion_of
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(prefix="/v1", tags=["search"])

COST = 0.2
"""What a request counts against the rate limit: a shopper sends several for one search."""

MAX_SUGGESTIONS = 20


@router.get("/suggest", response_model_exclude_none=True, dependencies=[Depends(needs("search", COST))])
async def suggest(
    state: Annotated[ServiceState, Depends(state_of)],
    q: Annotated[str, Query(max_length=MAX_TEXT, description="What is typed so far.")],
    language: Annotated[str | None, Query(description="Code of a language of the profile. Default: its first.")] = None,
    size: Annotated[int, Query(ge=1, le=MAX_SUGGESTIONS, description="Suggestions of each kind at most.")] = 5,
) -> SuggestResponse:
    """Products, categories and frequent queries that have the typed words, of which the last may be the beginning of
    one. Where few have, words with the last one inside count too, and from four letters on typing errors."""
    served, found = await state.call(
        lambda served: state.suggester.suggest(served.index, q, language=language, size=size)
    )
    return SuggestResponse(
        products=[suggestion_of(served, hit, language) for hit in found.products],
        categories=[
            ValueSuggestion(name=one.value, count=one.count, filter={one.filter: [one.value]})
            for one in found.values
            if one.filter
        ],
        queries=[*found.queries, *(one.value for one in found.values if not one.filter)],
    )
