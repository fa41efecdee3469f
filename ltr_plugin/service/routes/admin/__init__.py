"""`/v1/admin`: what merchandisers see and change; the scope is `admin`.

`rankings` compares rankers and explains places, `rules` changes the rules of the index, `grades` keeps judgments, and
`models` has the forms of requests and responses.
"""

from fastapi import APIRouter

from ltr_plugin.service.routes.admin import grades, rankings, rules

router = APIRouter(prefix="/v1/admin", tags=["merchandising"])
for part in (rankings.router, rules.router, grades.router):
    router.include_router(part)
