"""`/`: the page that searches by typing, photo and voice, its files, and what it has to know of the service."""

from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from ltr_plugin.profile.filter_fields import FilterField, FilterType
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter(tags=["page"])

FOLDER = Path(__file__).parents[1] / "page"

_TYPES = {".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}
"""Types that some systems do not know, or know under another name."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' https: http: data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    "Cache-Control": "no-cache",
}


class PageFilter(BaseModel):
    """A filter of the profile, as the page shows it."""

    name: str
    type: FilterType
    facet: str | None = Field(default=None, description="How its values are counted: terms, ranges or histogram.")
    sortable: bool = False
    money: bool = Field(default=False, description="Whether its values are prices.")


class PageFeatures(BaseModel):
    """What this service can do; the page hides the rest."""

    image: bool = Field(description="Searches by photo.")
    audio: bool = Field(description="Searches by sound.")
    speech: bool = Field(description="Turns speech into words.")
    events: bool = Field(description="Takes events (UBI).")


class PageConfiguration(BaseModel):
    """What the page has to know: its key, and what it can show."""

    key: str = Field(description="The page's own key, with the scopes search and events; everybody can see it.")
    name: str = Field(description="Name of the index.")
    id_field: str = Field(description="Field of the ids of products, which events name.")
    languages: list[str] = Field(description="Codes of the languages that products have texts in.")
    filters: list[PageFilter]
    has: PageFeatures
    texts: list[str] = Field(description="Languages of the page itself: files in its folder `texts`.")


def _read(folder: Path) -> dict[str, tuple[bytes, str, str]]:
    """The content, the type and the entity tag of each file below a folder by its path."""
    files: dict[str, tuple[bytes, str, str]] = {}
    for path in sorted(folder.rglob("*.*")):
        content = path.read_bytes()
        type_ = _TYPES.get(path.suffix) or guess_type(path.name)[0] or "application/octet-stream"
        files[path.relative_to(folder).as_posix()] = content, type_, f'"{sha256(content).hexdigest()[:20]}"'
    return files


_FILES = _read(FOLDER)
"""All files of the page: a path that a browser asks for is never looked up on the disk."""

TEXTS = sorted(Path(name).stem for name in _FILES if name.startswith("texts/"))


def _file(request: Request, name: str) -> Response:
    if name not in _FILES:
        return Response(status_code=404)
    content, type_, tag = _FILES[name]
    headers = _HEADERS | {"ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=type_, headers=headers)


@router.get("/", response_class=Response, include_in_schema=False)
async def page(request: Request) -> Response:
    """The page."""
    return _file(request, "index.html")


@router.get("/merchandise", response_class=Response, include_in_schema=False)
async def merchandise(request: Request) -> Response:
    """The page for merchandisers; it shows nothing without a key of scope admin."""
    return _file(request, "merchandise.html")


@router.get("/page/{name:path}", response_class=Response, include_in_schema=False)
async def page_file(name: str, request: Request) -> Response:
    """A file of the page; 404 for any other."""
    return _file(request, name)


@router.get("/page.json")
async def page_configuration(
    request: Request, response: Response, state: Annotated[ServiceState, Depends(state_of)]
) -> PageConfiguration:
    """What the page has to know. It needs no key, as the page needs none."""
    response.headers["Cache-Control"] = "no-store"  # the key is another one after a start without LTR_SERVICE_SECRET
    profile = state.served.index.profile
    modalities = state.encoding.modalities
    return PageConfiguration(
        key=state.configuration.page_key,
        name=state.served.index.alias,
        id_field=profile.product.id,
        languages=list(profile.languages),
        filters=[_filter(one, profile.product.price) for one in profile.filters],
        has=PageFeatures(
            image="image" in modalities,
            audio="audio" in modalities,
            speech=state.speech.available,
            events="/v1/events" in request.app.openapi()["paths"],
        ),
        texts=TEXTS,
    )


def _filter(declared: FilterField, price: str | None) -> PageFilter:
    facet = declared.facet.form if declared.facet else None
    # the price of a variant or of a store has the same last name as that of a product
    money = declared.type == "number" and price is not None and _key(declared.field) == _key(price)
    return PageFilter(name=declared.name, type=declared.type, facet=facet, sortable=declared.ordered, money=money)


def _key(field: str) -> str:
    return field.rpartition(".")[2]
