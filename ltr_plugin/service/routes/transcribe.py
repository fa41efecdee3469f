"""`/v1/transcribe`: the words of a recording, which shoppers see and edit before they are searched."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.service.access import needs
from ltr_plugin.service.models import TranscribeRequest, TranscribeResponse
from ltr_plugin.service.state import ServiceState, state_of
from ltr_plugin.service.uploads import read_form
from ltr_plugin.validation import decode

router = APIRouter(prefix="/v1", tags=["search"])

COST = 4
"""Requests that one counts as: it takes most of a second of the recognizer."""


def _form() -> dict[str, Any]:
    """The OpenAPI description of the form with the recording."""
    schema = TranscribeRequest.model_json_schema()
    file = {"type": "string", "format": "binary", "description": "The recording; at most 30 s of it are heard."}
    form = {**schema, "properties": {**schema["properties"], "speech": file}, "required": ["speech"]}
    return {"requestBody": {"content": {"multipart/form-data": {"schema": form}}}}


@router.post("/transcribe", openapi_extra=_form())
async def transcribe(
    request: Request,
    _: Annotated[object, Depends(needs("search", cost=COST))],
    state: Annotated[ServiceState, Depends(state_of)],
) -> TranscribeResponse:
    """The words of the file `speech`. The recording is not kept."""
    fields, files = await read_form(request)
    asked = decode(TranscribeRequest, fields, source="transcribe")
    if "speech" not in files:
        raise InputError("transcribe", [Problem("speech", "is missing; send a recording as this file of the form")])
    transcript = await state.speech.transcribe(files["speech"], state.spoken_language(asked.language))
    if transcript is None:
        return TranscribeResponse(text="", seconds=0, degraded=["speech"])
    return TranscribeResponse(text=transcript.text, seconds=transcript.seconds)
