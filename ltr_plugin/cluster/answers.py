"""What the cluster's answers say: the reasons of errors, and whether an answer is the whole truth."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ltr_plugin.errors import ClusterError

if TYPE_CHECKING:
    from opensearchpy.exceptions import TransportError

Json = Any
"""Whatever JSON says: its shape is the caller's knowledge."""

BUSY = (429, 503)
"""Statuses of single actions that a cluster has no room for now."""

LASTING = 400
"""Of an action that would be refused at any other time too."""

SEARCHES = ("_search", "_count", "_msearch", "_search/template", "_msearch/template")


class Refusal(str):
    """Why the cluster did not take an action; `lasting` where it would not at another time either."""

    __slots__ = ("lasting",)

    lasting: bool

    @classmethod
    def of(cls, result: Json) -> "Refusal | None":
        """What is wrong with an action, by its result in the answer to a bulk request; None: nothing."""
        if "error" not in result:
            return None
        made = cls(reason_of(result["error"]))
        made.lasting = result["status"] == LASTING
        return made


def reason_of(error: Json) -> str:
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


def incomplete(path: str, answer: Json) -> str | None:
    """Why an answer of status 200 is not the whole truth: a cluster leaves out the shards that failed, and those that
    are not there yet while it starts, which it does not call failures."""
    if path.endswith("_mget"):
        errors = (document["error"] for document in answer["docs"] if "error" in document)
        return next((reason_of(error) for error in errors if error["type"] != "index_not_found_exception"), None)
    for part in (answer, *answer.get("responses", ())) if path.endswith(SEARCHES) else ():
        if part.get("status") in BUSY:
            return reason_of(part["error"])
        shards = part.get("_shards", {"total": 0, "successful": 0})
        if missing := shards["total"] - shards["successful"]:  # which counts those that were skipped
            failures = shards.get("failures")
            why = f"failed: {reason_of(failures[0]['reason'])}" if failures else "are not there"
            return f"{missing} of {shards['total']} shards {why}"
    return None


def translated(error: "TransportError", call: str, url: str) -> ClusterError:
    """The client's error in words of our own; its status is 0 where the cluster gave no answer."""
    if not isinstance(error.status_code, int):
        return ClusterError(f"no answer from {url} ({call}): {error.error}; is the cluster up?")
    body = error.info.get("error") if isinstance(error.info, dict) else error.info
    kind = body.get("type", "") if isinstance(body, dict) else ""
    return ClusterError(
        f"{call} was refused ({error.status_code}): {reason_of(body)}", status=error.status_code, kind=kind
    )
