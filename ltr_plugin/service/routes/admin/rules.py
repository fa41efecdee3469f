"""`/v1/admin/rules`: the rules of the index, read, changed and undone."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from ltr_plugin.cluster.index import Index
from ltr_plugin.cluster.rules import all_revisions
from ltr_plugin.pipelines.rules import RulesChange, put_rules, undo_rules
from ltr_plugin.queries.rules import Rules
from ltr_plugin.service.access import needs
from ltr_plugin.service.keys import Caller
from ltr_plugin.service.models import Problem
from ltr_plugin.service.routes.admin.authors import author_of
from ltr_plugin.service.routes.admin.models import (
    RulesChanged,
    RulesRequest,
    RulesResponse,
    RulesRevision,
    UndoRequest,
)
from ltr_plugin.service.state import ServiceState, state_of

router = APIRouter()

LISTED = 20
"""Revisions that an answer lists."""

Admin = Annotated[Caller, Depends(needs("admin"))]
State = Annotated[ServiceState, Depends(state_of)]


@router.get("/rules", response_model_exclude_none=True)
async def read_rules(_: Admin, state: State) -> RulesResponse:
    """The rules that are kept now, and who changed them."""
    return await run_in_threadpool(_kept, state.served.index)


@router.put("/rules", response_model_exclude_none=True)
async def write_rules(given: RulesRequest, caller: Admin, state: State) -> RulesChanged:
    """Checks rules, keeps them in place of the rules of the index, and serves by them.

    409 where the latest revision is not `after`: somebody else changed the rules meanwhile.
    """
    index, author = state.served.index, author_of(caller, given.author)
    return await _changed(
        state, await run_in_threadpool(put_rules, index, given.rules, author=author, after=given.after)
    )


@router.post("/rules/undo", response_model_exclude_none=True)
async def undo(given: UndoRequest, caller: Admin, state: State) -> RulesChanged:
    """Puts the rules before the latest ones back, as a new revision, and serves by them."""
    author = author_of(caller, given.author)
    return await _changed(state, await run_in_threadpool(undo_rules, state.served.index, author=author))


async def _changed(state: ServiceState, change: RulesChange) -> RulesChanged:
    await state.reread()  # the next search of this process goes by the new rules
    kept = await run_in_threadpool(_kept, state.served.index)
    warnings = [Problem(location=one.location, message=one.message) for one in change.warnings]
    return RulesChanged(**kept.model_dump(), changes=list(change.changes), warnings=warnings)


def _kept(index: Index) -> RulesResponse:
    revisions = all_revisions(index.cluster, index.alias)
    rules = revisions[0].rules if revisions else Rules()
    return RulesResponse(
        revision=revisions[0].number if revisions else 0,
        rules=rules.model_dump(mode="json", exclude_none=True),
        active=[rule.name for rule in rules.active()],
        revisions=[
            RulesRevision(revision=one.number, author=one.author, created=one.created, restores=one.restores)
            for one in revisions[:LISTED]
        ],
    )
