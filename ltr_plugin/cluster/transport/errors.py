"""ClusterErrors for requests that failed: what happened, at which host, and what to do."""

from pathlib import Path

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ltr_plugin.cluster.responses import Json, error_reason, error_type
from ltr_plugin.cluster.transport.authentication import Authentication
from ltr_plugin.errors import ClusterError
from ltr_plugin.validation import shorten

_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"

_TLS_ADVICE = (
    (
        ("Hostname mismatch", "IP address mismatch"),
        "its certificate is of another host: write a name of the certificate in OPENSEARCH_URL",
    ),
    (("certificate has expired", "not yet valid"), "its certificate is not valid today: renew it, or set the clock"),
    (("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"), "it speaks no TLS: write http:// in OPENSEARCH_URL"),
)


class RequestFailedError(Exception):
    """A request that a `host` did not answer, or answered with a `status` of 400 or above and this `body`.

    Without an answer, `status` is 0 and `cause` is what happened to the connection.
    """

    def __init__(self, host: str, reason: str, *, status: int = 0, body: Json = None, cause: object = None) -> None:
        self.host, self.reason = host, reason
        self.status, self.body, self.cause = status, body, cause
        super().__init__(reason)

    @property
    def never_sent(self) -> bool:
        """Whether the request surely did not reach the host: another one may get it, even if it must not run twice."""
        return isinstance(self.cause, NewConnectionError | ConnectTimeoutError) or _UNTRUSTED in self.reason


def to_cluster_error(
    error: RequestFailedError, call: str, url: str, sent: Authentication, *, several: bool, ca: str | None
) -> ClusterError:
    """The ClusterError for a request that failed; its status is 0 when there was no response.

    `url` names the hosts that failed, of `several` or one. `sent` are the credentials, `ca` is the file with the
    authorities that are trusted.
    """
    if isinstance(error.cause, ClusterError):  # of what signs requests
        return error.cause
    if not error.status:
        return ClusterError(f"no answer from {url} ({call}): {error.reason}; {_remedy(error, ca)}")
    info = error.body
    body = info.get("error") or info.get("message") or info.get("Message") if isinstance(info, dict) else info
    reason = error_reason(body) if body else shorten(sent.hide(error.reason))  # a text, such as a proxy's page
    by = f" by {url}" if several else ""
    elsewhere = "it leads elsewhere; write that address in OPENSEARCH_URL" if error.status < 400 else ""
    return ClusterError(
        f"{call} was refused{by} ({error.status}): {elsewhere or sent.hide(reason)}{sent.advice(error.status)}",
        status=error.status,
        error_type=error_type(body),
    )


def _remedy(error: RequestFailedError, ca: str | None) -> str:
    reason = error.reason
    for marks, remedy in _TLS_ADVICE:
        if any(mark in reason for mark in marks):
            return remedy
    if ca and not Path(ca).is_file():
        return f"the file of OPENSEARCH_CA, {ca}, is no longer there"
    if "timed out" in reason and not error.never_sent:
        return "the cluster is busy, or the request is large: run it again"
    if _UNTRUSTED not in reason:
        return "is the cluster up?"
    if ca:
        return f"no authority in OPENSEARCH_CA ({ca}) signed its certificate: take the file of the one that did"
    return "set OPENSEARCH_CA to the file of the authority that signed it"
