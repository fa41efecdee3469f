"""`/v1/admin/grades` and `/v1/admin/qrels`: judgments by click."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from ltr_plugin.pipelines.merchandising.grades import all_grades, as_csv, grades_of, put_grade
from ltr_plugin.service.access import needs
from ltr_plugin.service.keys import Caller
from ltr_plugin.service.models import MAX_TEXT
from ltr_plugin.service.routes.admin.authors import author_of
from ltr_plugin.service.routes.admin.models import GradeRequest, GradesResponse
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter()

Admin = Annotated[Caller, Depends(needs("admin"))]
State = Annotated[ServiceState, Depends(state_of)]


@router.get("/grades")
async def read_grades(
    _: Admin, state: State, text: Annotated[str, Query(min_length=1, max_length=MAX_TEXT)]
) -> GradesResponse:
    """The grades of the products of one query."""
    grades = await run_in_threadpool(grades_of, state.served.index, text)
    return GradesResponse(text=text, grades={one.product: one.grade for one in grades})


@router.put("/grades")
async def write_grade(given: GradeRequest, caller: Admin, state: State) -> GradesResponse:
    """Keeps a grade in place of an earlier one, and answers with all grades of the query."""
    index, author = state.served.index, author_of(caller, given.author)
    await run_in_threadpool(put_grade, index, given.text, given.product, given.grade, author=author)
    return await read_grades(caller, state, given.text)


@router.get("/qrels", response_class=Response)
async def qrels(_: Admin, state: State) -> Response:
    """All grades as a file of judgments (CSV: query, docid, rating, author, graded) that `ltr evaluate` takes."""
    grades = await run_in_threadpool(all_grades, state.served.index)
    headers = {"Content-Disposition": 'attachment; filename="qrels.csv"', "Cache-Control": "no-store"}
    return Response(as_csv(grades), media_type="text/csv; charset=utf-8", headers=headers)
