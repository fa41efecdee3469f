"""`/v1/admin/rankers`, `compare`, `preview` and `explain`: rankers side by side, and why a product is where it is."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from ltr_plugin.cluster.search import SearchResult
from ltr_plugin.errors import InputError
from ltr_plugin.features.parameters import search_parameters
from ltr_plugin.pipelines.explain import Explanation
from ltr_plugin.pipelines.merchandising.comparison import (
    fitting_rankers,
    positions,
    ranked_by,
    search_by,
    with_unsaved_rules,
)
from ltr_plugin.pipelines.merchandising.explanations import RankerFolder, explain_encoded
from ltr_plugin.pipelines.served_search import ServedSearch
from ltr_plugin.queries.page import Page
from ltr_plugin.queries.templates import BASELINES
from ltr_plugin.rankers.ranker import Ranker as TrainedRanker
from ltr_plugin.service.access import needs
from ltr_plugin.service.encoding import EncodedInputs
from ltr_plugin.service.models import MAX_SIZE, QueryRequest
from ltr_plugin.service.pages import hit_of
from ltr_plugin.service.routes.admin.models import (
    CompareRequest,
    CompareResponse,
    Contribution,
    ExplainRequest,
    ExplainResponse,
    FeatureContribution,
    PlacedHit,
    PreviewRequest,
    RankedList,
    RankedRequest,
    Ranker,
    RankersResponse,
)
from ltr_plugin.service.routes.search import encoded_inputs, forms
from ltr_plugin.service.state import ServiceState, state_of
from ltr_plugin.service.uploads import inputs_of, read_form
from ltr_plugin.validation import decode

router = APIRouter()

Admin = Annotated[object, Depends(needs("admin"))]
State = Annotated[ServiceState, Depends(state_of)]


@router.get("/rankers", response_model_exclude_none=True)
async def rankers(_: Admin, state: State) -> RankersResponse:
    """The baselines and the uploaded rankers that can rank the index."""
    served = state.served
    folder = state.ranker_folder

    def read() -> list[Ranker]:
        return [
            Ranker(
                name=one.name,
                kind=one.kind,
                templates=list(one.templates),
                explained=one.kind == "model" and folder is not None and folder.find(one.name) is not None,
            )
            for one in fitting_rankers(served.index)
        ]

    return RankersResponse(served=served.ranker, release=served.release, rankers=await run_in_threadpool(read))


@router.post("/compare", response_model_exclude_defaults=True, openapi_extra=forms(CompareRequest))
async def compare(request: Request, _: Admin, state: State) -> CompareResponse:
    """One query ranked by two rankers, with the position of each product in the other list."""
    fields, files = await read_form(request)
    asked = decode(CompareRequest, fields, source="compare")
    left, right = [await run_in_threadpool(ranked_by, state.served, name) for name in (asked.left, asked.right)]
    return await _side_by_side(state, (left, right), asked, fields, files)


@router.post("/preview", response_model_exclude_defaults=True, openapi_extra=forms(PreviewRequest))
async def preview(request: Request, _: Admin, state: State) -> CompareResponse:
    """One query by the rules that are kept (left), and by rules that are not kept yet (right)."""
    fields, files = await read_form(request)
    asked = decode(PreviewRequest, fields, source="preview")
    unsaved = await run_in_threadpool(with_unsaved_rules, state.served, asked.rules)
    return await _side_by_side(state, (state.served, unsaved), asked, fields, files)


@router.post("/explain", response_model_exclude_none=True, openapi_extra=forms(ExplainRequest))
async def explain(request: Request, _: Admin, state: State) -> ExplainResponse:
    """What each modality and feature adds to the score of a product, beside another product.

    409 where the ranker is a baseline, or the service does not have the ranker's folder (`ltr serve --rankers`).
    """
    fields, files = await read_form(request)
    asked = decode(ExplainRequest, fields, source="explain")
    served = state.served
    text = served.rules.searched_text(asked.text)
    encoded = await _encoded(state, asked, fields, files, text)
    name = asked.ranker or served.ranker
    ranker = await run_in_threadpool(_trained, state.ranker_folder, name)
    params = {**search_parameters(text, encoded.vectors, asked.language), **asked.pick}
    ids = list(dict.fromkeys([asked.product, *([asked.versus] if asked.versus else [])]))
    explained = await run_in_threadpool(explain_encoded, served.index, ranker, params, ids, language=asked.language)
    return _explanation(name, explained)


async def _encoded(
    state: ServiceState, asked: QueryRequest, fields: Mapping[str, Any], files: Mapping[str, bytes], text: str
) -> EncodedInputs:
    inputs_of(fields, files, urls=state.configuration.options.allow_urls)
    if "speech" in files:
        raise InputError("speech", "send the words: POST /v1/transcribe turns the recording into them")
    encoded = await encoded_inputs(state, asked, files, text)
    if encoded.degraded and not (asked.text or encoded.vectors):
        raise HTTPException(503, "the encoder does not answer, try again", {"Retry-After": "1"})
    return encoded


async def _side_by_side(
    state: ServiceState,
    sides: tuple[ServedSearch, ServedSearch],
    asked: RankedRequest,
    fields: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> CompareResponse:
    """One query as two searches find it, each by its own rules."""
    page = Page(MAX_SIZE, 0, asked.filters, pick=asked.pick)
    texts = [served.rules.searched_text(asked.text) for served in sides]
    encoded = {text: await _encoded(state, asked, fields, files, text) for text in dict.fromkeys(texts)}

    def search() -> list[SearchResult]:
        return [
            search_by(
                served.of_query(asked.text),
                served.parameters(text, encoded[text].vectors, page, asked.language, typed=asked.text),
            )
            for served, text in zip(sides, texts, strict=True)
        ]

    results = await run_in_threadpool(search)
    left, right = (
        _ranked_list(served, result, other, asked)
        for served, result, other in zip(sides, results, reversed(results), strict=True)
    )
    degraded = dict.fromkeys(name for one in encoded.values() for name in one.degraded)
    return CompareResponse(left=left, right=right, degraded=list(degraded))


def _ranked_list(served: ServedSearch, result: SearchResult, other: SearchResult, asked: RankedRequest) -> RankedList:
    places = positions(other)
    hits = [
        PlacedHit(**hit_of(served, hit, asked.language).model_dump(), position=number, other=places.get(hit.id))
        for number, hit in enumerate(result[: asked.size], 1)
    ]
    text = served.rules.searched_text(asked.text)
    return RankedList(
        ranker=served.ranker,
        release=served.release,
        total=result.total,
        hits=hits,
        redirect=served.rules.redirect(asked.text) if asked.text else None,
        searched_as=text if text != asked.text else None,
    )


def _trained(folder: RankerFolder | None, name: str) -> TrainedRanker:
    if name in BASELINES:
        reason = f"{name} is no trained ranker, so its places have no features to explain; promote a trained ranker"
    elif folder is None:
        reason = "the service was not told where the trained rankers are; start it with `ltr serve --rankers FOLDER`"
    elif ranker := folder.find(name):
        return ranker
    else:
        reason = f"none of the rankers in {folder.folder.name} is {name}; put the folder that was pushed as it there"
    raise HTTPException(409, reason)


def _explanation(ranker: str, explained: list[Explanation]) -> ExplainResponse:
    one, other = explained[0], explained[1] if len(explained) > 1 else None
    theirs = other.attribution if other else None
    their_modalities = theirs.by_modality() if theirs else {}
    own = one.attribution
    return ExplainResponse(
        ranker=ranker,
        product=one.product.id,
        versus=other.product.id if other else None,
        score=own.score,
        versus_score=theirs.score if theirs else None,
        base=own.base_value,
        modalities=[
            Contribution(name=name, contribution=value, versus=their_modalities.get(name))
            for name, value in own.by_modality().items()
        ],
        features=[
            FeatureContribution(
                name=name,
                modality=own.modalities[name],
                contribution=value,
                versus=theirs.features[name] if theirs else None,
                value=one.values[name],
                versus_value=other.values[name] if other else None,
            )
            for name, value in own.features.items()
        ],
    )
