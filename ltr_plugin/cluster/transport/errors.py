"""ClusterErrors for the errors of opensearch-py: what happened, at which host, and what to do."""

from pathlib import Path

from opensearchpy.exceptions import TransportError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ltr_plugin.cluster.responses import error_reason
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


def to_cluster_error(
    error: TransportError, call: str, url: str, sent: Authentication, *, several: bool, ca: str | None
) -> ClusterError:
    """The ClusterError for an error of opensearch-py; its status is 0 when there was no response.

    `url` names the hosts that failed, of `several` or one. `sent` are the credentials, `ca` is the file with the
    authorities that are trusted.
    """
    if isinstance(error.info, ClusterError):  # of what signs requests
        return error.info
    if not isinstance(error.status_code, int):
        return ClusterError(f"no answer from {url} ({call}): {error.error}; {_remedy(str(error.error), ca)}")
    info = error.info
    body = info.get("error") or info.get("message") or info.get("Message") if isinstance(info, dict) else info
    reason = error_reason(body) if body else shorten(sent.hide(error.error))  # a text, such as a proxy's page
    by = f" by {url}" if several else ""
    return ClusterError(
        f"{call} was refused{by} ({error.status_code}): {sent.hide(reason)}{sent.advice(error.status_code)}",
        status=error.status_code,
        error_type=body.get("type", "") if isinstance(body, dict) else "",
    )


def never_sent(error: TransportError) -> bool:
    """Whether the request surely did not reach the host: another one may get it, even if it must not run twice."""
    return isinstance(error.info, NewConnectionError | ConnectTimeoutError) or _UNTRUSTED in str(error.error)


def _remedy(reason: str, ca: str | None) -> str:
    for marks, remedy in _TLS_ADVICE:
        if any(mark in reason for mark in marks):
            return remedy
    if ca and not Path(ca).is_file():
        return f"the file of OPENSEARCH_CA, {ca}, is no longer there"
    if _UNTRUSTED not in reason:
        return "is the cluster up?"
    if ca:
        return f"no authority in OPENSEARCH_CA ({ca}) signed its certificate: take the file of the one that did"
    return "set OPENSEARCH_CA to the file of the authority that signed it"
