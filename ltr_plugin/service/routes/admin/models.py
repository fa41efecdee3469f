"""The forms of merchandisers' requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ltr_plugin.catalog.product import Modality
from ltr_plugin.pipelines.merchandising.grades import BEST_GRADE
from ltr_plugin.service.models import MAX_SIZE, Problem, ProductHit, QueryRequest, QueryText
from ltr_plugin.validation import StrictModel

RankerName = Annotated[str, StringConstraints(min_length=1, max_length=300)]
ProductId = Annotated[str, StringConstraints(min_length=1, max_length=512)]
AuthorName = Annotated[str, StringConstraints(min_length=1, max_length=100)]

AUTHOR = "Who does this, where the service has no keys; else it is the name of the key."


class Ranker(BaseModel):
    """A ranker that can rank the index."""

    name: str
    kind: Literal["baseline", "model"]
    templates: list[str] = Field(description="Search templates whose current release ranks the index by it.")
    explained: bool = Field(description="Whether the service has its folder, by which places are explained.")


class RankersResponse(BaseModel):
    """The rankers that can be compared."""

    served: str = Field(description="The ranker that shoppers get.")
    release: int | None = None
    rankers: list[Ranker]


class RankedRequest(QueryRequest):
    """A query that is ranked in two ways."""

    size: int = Field(default=24, ge=1, le=MAX_SIZE, description="Number of products of each list.")
    filters: dict[str, Any] = Field(default_factory=dict, description="As in a search.")
    pick: dict[str, str] = Field(default_factory=dict, description="As in a search.")


class CompareRequest(RankedRequest):
    """Two rankers for one query."""

    left: RankerName | None = Field(default=None, description="Baseline or uploaded ranker. Default: what is served.")
    right: RankerName = Field(default="bm25", description="The other one.")


class PreviewRequest(RankedRequest):
    """Rules that are tried before they are kept."""

    rules: dict[str, Any] = Field(description="All rules of the index, in the form that `GET /v1/admin/rules` has.")


class PlacedHit(ProductHit):
    """A product of a list, with its position in both."""

    position: int
    other: int | None = Field(default=None, description="Position in the other list; none: not among its first 100.")


class RankedList(BaseModel):
    """One of two lists."""

    ranker: str
    release: int | None = None
    total: int
    hits: list[PlacedHit]
    redirect: str | None = Field(default=None, description="Address that the rules lead this query to.")
    searched_as: str | None = Field(default=None, description="The text that the rules search instead of the query's.")


class CompareResponse(BaseModel):
    """One query ranked in two ways. Of a preview, `left` is by the rules that are kept and `right` by those sent."""

    left: RankedList
    right: RankedList
    degraded: list[Modality] = []


class ExplainRequest(QueryRequest):
    """A product whose place is to be explained."""

    product: ProductId
    versus: ProductId | None = Field(default=None, description="Another product, such as its neighbour.")
    ranker: RankerName | None = Field(default=None, description="Uploaded ranker. Default: what is served.")
    pick: dict[str, str] = Field(default_factory=dict, description="As in a search.")


class Contribution(BaseModel):
    """What a modality or a feature adds to the score of the product, and to that of the other one."""

    name: str
    contribution: float
    versus: float | None = None


class FeatureContribution(Contribution):
    """What a feature adds, with its values; none: the product has none."""

    modality: str
    value: float | None
    versus_value: float | None = None


class ExplainResponse(BaseModel):
    """A ranker's score as the sum of `base` and all contributions. Rules are not part of it."""

    ranker: str
    product: str
    versus: str | None = None
    score: float
    versus_score: float | None = None
    base: float = Field(description="The score that is expected without any feature.")
    modalities: list[Contribution]
    features: list[FeatureContribution]


class GradeRequest(StrictModel):
    """A grade of a product for typed words."""

    text: QueryText
    product: ProductId
    grade: Annotated[int, Field(ge=0, le=BEST_GRADE)] | None = Field(
        description=f"0 (not relevant) to {BEST_GRADE}; null removes the grade."
    )
    author: AuthorName | None = Field(default=None, description=AUTHOR)


class GradesResponse(BaseModel):
    """The grades of one query by product."""

    text: str
    grades: dict[str, int]


class RulesRequest(StrictModel):
    """Rules in place of those that are kept."""

    rules: dict[str, Any] = Field(description="All rules of the index.")
    after: int = Field(ge=0, description="Revision that these rules were made from; 0: none.")
    author: AuthorName | None = Field(default=None, description=AUTHOR)


class UndoRequest(StrictModel):
    """Undo the latest change of the rules."""

    author: AuthorName | None = Field(default=None, description=AUTHOR)


class RulesRevision(BaseModel):
    """One of the revisions of the rules."""

    revision: int
    author: str
    created: str
    restores: int | None = Field(default=None, description="Revision that an undo put back; 0: no rules.")


class RulesResponse(BaseModel):
    """The rules that are kept now."""

    revision: int = Field(description="0: none were kept yet.")
    rules: dict[str, Any]
    active: list[str] = Field(description="Names of the rules that hold now.")
    revisions: list[RulesRevision] = Field(description="The latest 20, the latest first.")


class RulesChanged(RulesResponse):
    """The rules after a change."""

    changes: list[str] = Field(description="Rules that were added, removed and changed.")
    warnings: list[Problem] = Field(description="What may be wrong all the same, such as an unknown product.")
