"""`/v1/search` and `/v1/encode`: queries by text, photo, recording, video or speech."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from ltr_plugin.catalog.product import Modality
from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.errors import InputError
from ltr_plugin.pipelines.query_understanding.relaxed_search import RelaxedResult
from ltr_plugin.service.access import needs
from ltr_plugin.service.encoder_process import Item
from ltr_plugin.service.encoding import EncodedInputs
from ltr_plugin.service.models import EncodeResponse, QueryRequest, SearchRequest, SearchResponse, Took
from ltr_plugin.service.pages import page_of, response_of
from ltr_plugin.service.speech import Asked
from ltr_plugin.service.state import ServiceState, state_of
from ltr_plugin.service.uploads import inputs_of, read_form
from ltr_plugin.validation import decode

router = APIRouter(prefix="/v1", tags=["search"])

MEDIA: tuple[Modality, ...] = ("image", "audio", "video")


def forms(model: type[QueryRequest]) -> dict[str, Any]:
    """The OpenAPI description of a body that is JSON, or a form with files."""
    schema = model.model_json_schema()
    files = {name: {"type": "string", "format": "binary"} for name in (*MEDIA, "speech")}
    form = {**schema, "properties": {**schema["properties"], **files}}
    content = {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"content": content}}


@router.post("/search", response_model_exclude_defaults=True, openapi_extra=forms(SearchRequest))
async def search(
    request: Request,
    _: Annotated[object, Depends(needs("search"))],
    state: Annotated[ServiceState, Depends(state_of)],
) -> SearchResponse:
    """A page of products: by text, a photo, a recording, a video, or several of them; without any, all products."""
    asked, files = await _read(request, state, SearchRequest, "search")
    began = time.perf_counter()
    asked, files, heard = await state.hear(asked, files)
    text = state.served.rules.searched_text(asked.text)
    encoded = await encoded_inputs(state, asked, files, text)
    degraded = (*encoded.degraded, *heard.degraded)
    between = time.perf_counter()
    if (degraded or heard.nothing) and not (asked.text or encoded.vectors):
        # without its photo or its words, the query would find all products
        served, found = state.served, RelaxedResult(SearchResult((), 0))
    else:
        served, found = await state.search(
            lambda served: served.parameters(text, encoded.vectors, page_of(asked), asked.language, typed=asked.text),
            typed=asked.text,
            relax=asked.relax,
        )
    took = Took(encode_ms=_ms(between - began), search_ms=_ms(time.perf_counter() - between))
    query_id = state.configuration.query_ids.new()
    response = response_of(
        served, asked, found.result, query_id=query_id, degraded=degraded, took=took, transcript=heard.transcript
    ).model_copy(
        update={
            "relaxed": found.relaxed,
            "corrected": found.corrected,
            "searched_as": text if text != asked.text else None,
        }
    )
    if state.feedback.searches:
        state.feedback.searches.add(served, asked, response)
    return response


@router.post("/encode", openapi_extra=forms(QueryRequest))
async def encode(
    request: Request,
    _: Annotated[object, Depends(needs("search"))],
    state: Annotated[ServiceState, Depends(state_of)],
) -> EncodeResponse:
    """The parameters of a query for those who call the search template themselves."""
    asked, files = await _read(request, state, QueryRequest, "encode")
    asked, files, heard = await state.hear(asked, files)
    text = state.served.rules.searched_text(asked.text)
    encoded = await encoded_inputs(state, asked, files, text)
    language = {"language": asked.language} if asked.language else {}
    return EncodeResponse(
        params={"text": text, **language, **encoded.vectors},
        degraded=[*encoded.degraded, *heard.degraded],
        transcript=heard.transcript,
    )


async def _read(
    request: Request, state: ServiceState, model: type[Asked], source: str
) -> tuple[Asked, dict[str, bytes]]:
    """A query and its files; InputError about `source` for one that is not of this form."""
    fields, files = await read_form(request)
    inputs_of(fields, files, urls=state.configuration.options.allow_urls)
    return decode(model, fields, source=source), files


async def encoded_inputs(
    state: ServiceState, asked: QueryRequest, files: Mapping[str, bytes], text: str
) -> EncodedInputs:
    """The vectors of a query that is searched as `text`; InputError for media that the index has no vectors of, or that
    cannot be used."""
    inputs: dict[Modality, Item] = {"text": text}
    inputs |= {name: given for name in MEDIA if (given := files.get(name) or getattr(asked, name))}
    if unknown := [name for name in inputs if name != "text" and name not in state.encoding.modalities]:
        raise InputError("query", f"{state.served.index.alias} has no vectors of {' or '.join(unknown)}")
    return await state.encoding.encode(inputs)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
