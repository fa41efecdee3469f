"""How requests prove to the cluster who sends them, and what to correct when it does not believe them."""

import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from urllib3.util import parse_url

from ltr_plugin.credentials import user_in
from ltr_plugin.errors import ClusterError
from ltr_plugin.extras import require_module
from ltr_plugin.settings import Settings

Signer = Callable[[str, str, bytes | None], dict[str, str]]
"""The headers of a request with this method, URL and body."""

_NO_CREDENTIALS = (
    "; set OPENSEARCH_USER and OPENSEARCH_PASSWORD, or OPENSEARCH_API_KEY, OPENSEARCH_BEARER_TOKEN or "
    "OPENSEARCH_AWS_REGION"
)
_AWS_ADVICE = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this machine a role"


@dataclass(frozen=True)
class Authentication:
    """One way to authenticate, or none."""

    header: str | None = field(default=None, repr=False)
    """Value of `Authorization`; None where there is none, and where each request is signed."""

    signer: Signer | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    """What nobody else may see of the header."""

    unknown: str = _NO_CREDENTIALS
    """What to do when the cluster does not know the sender (401)."""

    forbidden: str = _NO_CREDENTIALS
    """What to do when the cluster knows the sender, who lacks a right (403)."""

    def advice(self, status: int) -> str:
        """What to do after a response of this status; empty when it does not come from credentials."""
        return {401: self.unknown, 403: self.forbidden}.get(status, "")

    def hide(self, text: str) -> str:
        """The text without the credentials, which a proxy in between may quote in its answer."""
        return text.replace(self.secret, "***") if self.secret else text


def authentication(url: str, settings: Settings) -> Authentication:
    """The way that the address states, else the one of the settings. ClusterError without credentials for AWS."""
    if user := user_in(url):
        return _basic(*user, variables="user name and password in OPENSEARCH_URL", who="the user in OPENSEARCH_URL")
    if name := settings.opensearch_user:
        password = settings.opensearch_password or ""
        variables = "OPENSEARCH_USER and OPENSEARCH_PASSWORD, or their files"
        return _basic(name, password, variables=variables, who="the user of OPENSEARCH_USER")
    if key := settings.opensearch_api_key:
        return _with_token("ApiKey", key, variable="OPENSEARCH_API_KEY", who="the API key of OPENSEARCH_API_KEY")
    if token := settings.opensearch_bearer_token:
        variable = "OPENSEARCH_BEARER_TOKEN"
        return _with_token("Bearer", token, variable=variable, who=f"whom {variable} stands for")
    if region := settings.opensearch_aws_region:
        variables = "the credentials for AWS, OPENSEARCH_AWS_REGION or OPENSEARCH_AWS_SERVICE"
        return Authentication(
            signer=aws_signer(region, settings.opensearch_aws_service),
            unknown=f"; correct {variables}",
            forbidden=f"; correct {variables}, or give their role the right for it, at AWS and in the cluster",
        )
    return Authentication()


def _basic(name: str, password: str, *, variables: str, who: str) -> Authentication:
    encoded = b64encode(f"{name}:{password}".encode()).decode()  # in UTF-8, as the cluster reads it
    return Authentication(f"Basic {encoded}", None, encoded, f"; correct {variables}", _right(who))


def _with_token(scheme: str, token: str, *, variable: str, who: str) -> Authentication:
    return Authentication(f"{scheme} {token}", None, token, f"; correct {variable}, or its file", _right(who))


def _right(who: str) -> str:
    return f"; give {who} the right for it"


def aws_signer(region: str, service: str) -> Signer:
    """Signs requests (SigV4) with the credentials that AWS's own tools would use. ClusterError when there are none."""
    require_module("botocore", "OPENSEARCH_AWS_REGION", extra="aws", error=ClusterError)
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    logging.getLogger("botocore").setLevel(logging.INFO)  # its DEBUG lines have session tokens and keys in them
    try:
        credentials = Session().get_credentials()
    except BotoCoreError as error:  # such as a profile that does not exist
        raise ClusterError(f"no credentials for AWS: {error}; {_AWS_ADVICE}") from None
    if credentials is None:
        raise ClusterError(f"no credentials for AWS, which OPENSEARCH_AWS_REGION asks for; {_AWS_ADVICE}")

    def sign(method: str, url: str, body: bytes | None) -> dict[str, str]:
        try:
            current = credentials.get_frozen_credentials()  # which renews those of a role
        except BotoCoreError as error:
            raise ClusterError(f"no credentials for AWS: {error}; {_AWS_ADVICE}") from None
        # the URL as urllib3 sends it: what it escapes is escaped in what is signed
        request = AWSRequest(method=method, url=parse_url(url).url, data=body)
        signing = SigV4Auth(current, service, region)
        request.headers["X-Amz-Content-SHA256"] = signing.payload(request)
        signing.add_auth(request)
        return dict(request.headers.items())

    return sign
