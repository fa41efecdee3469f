"""What the cluster's answers say: the reasons of errors, and whether an answer is the whole truth."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ltr_plugin.errors import ClusterError

if TYPE_CHECKING:
    from opensearchpy.exceptions import TransportError

Json = Any
"""Whatever JSON says: its shape is the caller's knowledge."""

BUSY_STATUSES = (429, 503)
"""Statuses of single actions that a cluster has no room for now."""

PERMANENT_STATUS = 400
"""Of an action that would be refused at any other time too."""

SEARCH_PATHS = ("_search", "_count", "_msearch", "_search/template", "_msearch/template")


class BulkError(str):
    """Why the cluster did not take an action; `permanent` where it would not at another time either."""

    __slots__ = ("permanent",)

    permanent: bool

    @classmethod
    def from_item(cls, result: Json) -> "BulkError | None":
        """What is wrong with an action, by its result in the answer to a bulk request; None: nothing."""
        if "error" not in result:
            return None
        made = cls(error_reason(result["error"]))
        made.permanent = result["status"] == PERMANENT_STATUS
        return made


def error_reason(error: Json) -> str:
    """The reasons of an error body, outermost first and each once, on one line."""
    if not isinstance(error, dict):
        return str(error)
    reasons: list[str] = []
    for cause in (error, *error.get("root_cause", ()), *_causes(error)):
        reason = cause.get("reason")
        if isinstance(reason, str) and reason not in reasons:
            reasons.append(reason)
    return ": ".join(reasons) or str(error.get("type", "unknown error"))


def _causes(error: Json) -> Iterator[Json]:
    for failed in error.get("failed_shards", ()):
        yield from _chain(failed.get("reason"))
    yield from _chain(error.get("caused_by"))


def _chain(cause: Json) -> Iterator[Json]:
    while isinstance(cause, dict):
        yield cause
        cause = cause.get("caused_by")


def partial_failure(path: str, response: Json) -> str | None:
    """Why an answer of status 200 is not the whole truth: a cluster leaves out the shards that failed, and those that
    are not there yet while it starts, which it does not call failures."""
    if path.endswith("_mget"):
        errors = (document["error"] for document in response["docs"] if "error" in document)
        return next((error_reason(error) for error in errors if error["type"] != "index_not_found_exception"), None)
    for part in (response, *response.get("responses", ())) if path.endswith(SEARCH_PATHS) else ():
        if part.get("status") in BUSY_STATUSES:
            return error_reason(part["error"])
        shards = part.get("_shards", {"total": 0, "successful": 0})
        if missing := shards["total"] - shards["successful"]:  # which counts those that were skipped
            failures = shards.get("failures")
            why = f"failed: {error_reason(failures[0]['reason'])}" if failures else "are not there"
            return f"{missing} of {shards['total']} shards {why}"
    return None


def to_cluster_error(error: "TransportError", call: str, url: str) -> ClusterError:
    """The client's error in words of our own; its status is 0 where the cluster gave no answer."""
    if not isinstance(error.status_code, int):
        return ClusterError(f"no answer from {url} ({call}): {error.error}; is the cluster up?")
    body = error.info.get("error") if isinstance(error.info, dict) else error.info
    error_type = body.get("type", "") if isinstance(body, dict) else ""
    return ClusterError(
        f"{call} was refused ({error.status_code}): {error_reason(body)}",
        status=error.status_code,
        error_type=error_type,
    )
