"""Reads responses of the cluster: the reasons of errors, and whether a response is complete."""

from collections.abc import Iterator
from typing import Any, Self

from ltr_plugin.errors import NODE_LOST

Json = Any
"""Decoded JSON; the caller knows its shape."""

BUSY_STATUSES = (429, 503)
"""Statuses of parts of a request that a busy cluster rejects."""

PERMANENT_STATUS = 400
"""Status of an action that would be refused at any other time too."""

TOO_LARGE_STATUS = 413
"""Status of a request that is larger than the cluster, or a proxy before it, takes."""

_FULL_MAPPING, _STATS_ADVICE = (
    "Limit of total fields",
    "; the index has no room for a stat of another name: name the same number alike in all products",
)

SEARCH_PATHS = ("_search", "_count", "_msearch", "_search/template", "_msearch/template")


class BulkError(str):
    """Why the cluster refused an action; `permanent` if it would refuse it at any other time too, `missing` if the
    document that it changes or deletes does not exist, `conflict` if the document has another version by now."""

    __slots__ = ("conflict", "missing", "permanent")

    permanent: bool
    missing: bool
    conflict: bool

    def __new__(cls, reason: str, *, permanent: bool = False, missing: bool = False, conflict: bool = False) -> Self:
        """An error of this reason."""
        error = super().__new__(cls, reason)
        error.permanent, error.missing, error.conflict = permanent, missing, conflict
        return error

    @classmethod
    def from_item(cls, result: Json) -> "BulkError | None":
        """The error of an action, read from its result in a bulk response; None when it succeeded."""
        if result.get("result") == "not_found":
            return cls("document missing", missing=True)
        if "error" not in result:
            return None
        reason = error_reason(result["error"])
        kind = error_type(result["error"])
        return cls(
            reason + _STATS_ADVICE if _FULL_MAPPING in reason else reason,
            permanent=result["status"] == PERMANENT_STATUS,
            missing=kind == "document_missing_exception",
            conflict=kind == "version_conflict_engine_exception",
        )


def error_reason(error: Json) -> str:
    """The reasons in an error body on one line, outermost first, each once."""
    if not isinstance(error, dict):
        return str(error)
    reasons: list[str] = []
    for cause in (error, *error.get("root_cause", ()), *_causes(error)):
        reason = cause.get("reason")
        if isinstance(reason, str) and reason not in reasons:
            reasons.append(reason)
    return ": ".join(reasons) or str(error.get("type", "unknown error"))


def error_type(error: Json) -> str:
    """The type in an error body: that of a node that was lost, if one is among its causes, else the outermost."""
    if not isinstance(error, dict):
        return ""
    types = [str(cause.get("type", "")) for cause in (error, *error.get("root_cause", ()), *_causes(error))]
    return next((one for one in types if one in NODE_LOST), types[0])


def may_pass(part: Json) -> bool:
    """Whether a part of a request, an action or a search, failed for a while alone: the cluster is busy, or a node is
    lost."""
    return part.get("status") in BUSY_STATUSES or error_type(part.get("error")) in NODE_LOST


def _causes(error: Json) -> Iterator[Json]:
    for failed in error.get("failed_shards", ()):
        yield from _chain(failed.get("reason"))
    yield from _chain(error.get("caused_by"))


def _chain(cause: Json) -> Iterator[Json]:
    while isinstance(cause, dict):
        yield cause
        cause = cause.get("caused_by")


def partial_failure(path: str, response: Json) -> str | None:
    """Why a response of status 200 is not complete; None when it is.

    A cluster leaves out shards that failed. While it starts, it also leaves out shards that are not there yet, and does
    not count these as failures.
    """
    if path.endswith("_mget"):
        errors = (document["error"] for document in response["docs"] if "error" in document)
        return next((error_reason(error) for error in errors if error["type"] != "index_not_found_exception"), None)
    for part in (response, *response.get("responses", ())) if path.endswith(SEARCH_PATHS) else ():
        if may_pass(part):
            return error_reason(part["error"])
        shards = part.get("_shards", {"total": 0, "successful": 0})
        if missing := shards["total"] - shards["successful"]:  # which counts those that were skipped
            failures = shards.get("failures")
            why = f"failed: {error_reason(failures[0]['reason'])}" if failures else "are not there"
            return f"{missing} of {shards['total']} shards {why}"
    return None
