"""The forms of requests and responses. Those of requests refuse unknown names."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.references import MediaReference
from ltr_plugin.validation import StrictModel

MAX_TEXT, MAX_SIZE = 1000, 100
"""Characters of a typed query, and products of a page."""

QueryText = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Degraded = Modality | Literal["speech"]
"""An input of a query that is left out."""

ClientName = Annotated[str, StringConstraints(max_length=100)]


class QueryRequest(StrictModel):
    """What a shopper asks: text, a photo, a recording, a video, or several of them."""

    text: QueryText = Field(default="", description="The typed words.")
    image: MediaReference | None = Field(default=None, description="URL of a photo, where the service allows URLs.")
    audio: MediaReference | None = Field(default=None, description="URL of a recording.")
    video: MediaReference | None = Field(default=None, description="URL of a video.")
    language: str | None = Field(default=None, description="Code of a language of the profile. Default: its first.")


class SearchRequest(QueryRequest):
    """A search; without text and media it browses all products. As a form, photos and recordings are files."""

    size: int = Field(default=24, ge=0, le=MAX_SIZE, description="Number of products.")
    start: int = Field(default=0, ge=0, alias="from", description="Position of the first one.")
    filters: dict[str, Any] = Field(
        default_factory=dict,
        description='By the name of a filter of the profile a value or a list of values, or `{"min": 5, "max": 20}`.',
    )
    facets: bool = Field(default=False, description="Count the values of the profile's facets.")
    sort: str | None = Field(default=None, description="Number or date of the profile to sort by: `price:asc`.")
    highlight: bool = Field(default=False, description="Mark the words of the query in the texts of products.")
    pick: dict[str, str] = Field(default_factory=dict, description='Keys of nested fields: `{"store": "berlin"}`.')
    relax: bool = Field(
        default=True, description="Search for fewer of the words, or for corrected ones, where nothing has all of them."
    )
    client_id: ClientName | None = Field(default=None, description="The shopper's browser; only with consent.")
    session_id: ClientName | None = Field(default=None, description="The visit; only with consent.")


class ProductHit(BaseModel):
    """A product of a result page. `fields` is what the profile's `returned_fields` name.

    Its texts are as the catalog has them: who shows them escapes HTML. Those of `highlight` are escaped already.
    """

    id: str
    score: float
    title: str
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    photos: list[str] = Field(default=[], description="URLs of its photos; a path is one of this service.")
    fields: dict[str, Any] = Field(description="What the profile returns of it, but for media.")
    highlight: dict[str, list[str]] = Field(
        default={}, description="By field, parts of its text as HTML, escaped, with the query's words in `<em>`."
    )
    matches: dict[str, list[dict[str, Any]]] = Field(default={}, description="Nested objects that pass the filters.")


class FacetBucket(BaseModel):
    """How many products have a value, or one from `low` on and below `high`; `filters` takes `filter` for it."""

    count: int
    value: str | float | bool | None = None
    low: str | float | None = None
    high: str | float | None = None
    filter: Any


class Took(BaseModel):
    """Milliseconds that parts of an answer took."""

    encode_ms: float
    search_ms: float


class SearchResponse(BaseModel):
    """A result page."""

    query_id: str = Field(description="Signed id, which events of this page name.")
    total: int = Field(description="Products that match, at most 10,000 of which are counted.")
    redirect: str | None = Field(
        default=None, description="Address that merchandisers' rules lead this query to: http, https, or a path."
    )
    hits: list[ProductHit]
    facets: dict[str, list[FacetBucket]] = {}
    ranker: str
    release: int | None = Field(default=None, description="Release of the template; none: no ranker is promoted.")
    degraded: list[Degraded] = Field(
        default=[],
        description="Inputs that are left out because their encoder was down or not done in time; `speech`: its words "
        "are not known.",
    )
    relaxed: Literal["corrected", "fewer_words"] | None = Field(
        default=None, description="How the search was relaxed because nothing matched: `fewer_words` or `corrected`."
    )
    corrected: str | None = Field(
        default=None,
        description="The text with words of the index: what was searched for where the search is `relaxed`, else what "
        "to offer: did you mean.",
    )
    searched_as: str | None = Field(
        default=None, description="The text that merchandisers' rules search instead of the query's."
    )
    transcript: str | None = Field(
        default=None, description="The words of the speech that was sent; empty: it has none."
    )
    took: Took


class ProductSuggestion(BaseModel):
    """A product that is suggested. Its texts are as the catalog has them: who shows them escapes HTML."""

    id: str
    title: str
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    photo: str | None = Field(default=None, description="URL of its first photo; a path is one of this service.")


class ValueSuggestion(BaseModel):
    """A category, or another value of a filter, that is suggested."""

    name: str = Field(description="The value.")
    count: int = Field(description="Products that have it.")
    filter: dict[str, list[str]] = Field(description="What `filters` of a search is for its products.")


class SuggestResponse(BaseModel):
    """What a text that is being typed may become, best first in each list."""

    products: list[ProductSuggestion]
    categories: list[ValueSuggestion]
    queries: list[str] = Field(description="Frequent queries, and categories that searches have no filter by.")


class EncodeResponse(BaseModel):
    """The vectors of a query, by the names of the parameters that search templates and features take them by."""

    params: dict[str, Any] = Field(description="`text`, `language` and the vectors: parameters of the search template.")
    degraded: list[Degraded] = []
    transcript: str | None = None


class TranscribeRequest(StrictModel):
    """Speech to be turned into words; the recording is the file `speech` of the form."""

    language: str | None = Field(
        default=None, max_length=35, description="Code of the language. Default: the profile's first one."
    )


class TranscribeResponse(BaseModel):
    """The words of a recording, empty where nobody speaks."""

    text: str = Field(description="The words, for the shopper to see and edit before they are searched.")
    seconds: float = Field(description="Seconds of the recording that were heard, at most 30.")
    degraded: list[Literal["speech"]] = Field(
        default=[], description="`speech`: the recognizer was down or not done in time, so the words are not known."
    )


class Problem(BaseModel):
    """What is wrong with a request: where, and what to do."""

    location: str
    message: str


class ErrorResponse(BaseModel):
    """Why a request is refused."""

    error: str
    problems: list[Problem] = []
