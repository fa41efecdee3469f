"""Forms with files, read into memory within limits: what a shopper uploads is never written to a disk."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ltr_plugin.errors import InputError, Problem
from ltr_plugin.media.openers import MAX_BYTES

MAX_FORM_BYTES = 24 << 20
"""Maximum size of a request with files; a photo may have 20 MB."""

FILES = ("image", "audio", "video", "speech")
MAX_FIELDS = 40

TEXTS = frozenset({"text", "language", "sort", "template", "client_id", "session_id"})
"""Fields whose values are texts as they are; those of others are JSON."""


async def read_form(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The fields and the files of a multipart form; any other body is JSON, with fields alone.

    InputError for what is neither, for fields that are not JSON, and for files of other names or over their limits.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_multipart(request)
    body = await request.body()
    return json_object(body, "request"), {}


def json_object(text: bytes | str, source: str) -> dict[str, Any]:
    """The object of a JSON text, empty for none; InputError about `source` for any other text."""
    try:
        fields = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise InputError(source, f"is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise InputError(source, "is no JSON object")
    return fields


async def _read_multipart(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=len(FILES), max_fields=MAX_FIELDS, max_part_size=1 << 20
    )
    parser.spool_max_size = MAX_FORM_BYTES + 1  # files of the parser stay in memory up to this size
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InputError("form", error.message) from None
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                limit = MAX_BYTES.get("audio" if name == "speech" else name)  # type: ignore[call-overload]
                data = await value.read()
                if limit is None:
                    problems.append(Problem(name, f"is no file of a search; files are {', '.join(FILES)}"))
                elif len(data) > limit:
                    problems.append(Problem(name, f"is over the limit of {limit >> 20} MB"))
                elif data:
                    files[name] = data
            else:
                _add_field(fields, name, value, problems)
    finally:
        await form.close()
    if problems:
        raise InputError("form", problems)
    return fields, files


def _add_field(fields: dict[str, Any], name: str, value: str, problems: list[Problem]) -> None:
    if name in fields:
        problems.append(Problem(name, "comes twice"))
    elif name in TEXTS:
        fields[name] = value
    else:
        try:
            fields[name] = json.loads(value)
        except (ValueError, RecursionError):
            problems.append(Problem(name, "is not JSON; write true, 24, or an object"))


def inputs_of(fields: Mapping[str, Any], files: Mapping[str, bytes], *, urls: bool) -> None:
    """InputError where a medium comes as a file and a URL, or as a URL and the service allows none (`urls`)."""
    given = [name for name in ("image", "audio", "video") if fields.get(name)]
    problems = [Problem(name, "comes as a file and as a URL; send one of them") for name in given if name in files]
    if not urls:
        problems += [
            Problem(name, "URLs are not allowed here; send the file, or start the service with --allow-urls")
            for name in given
        ]
    if problems:
        raise InputError("query", problems)
