"""References to media in a catalog: URLs or paths, checked when a product is read, and what may be shown of them."""

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator

from ltr_plugin.validation import shorten

MAX_MEDIA = 100
"""Maximum images, recordings or videos of one product, each."""

_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)[^/?#]*@")

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://|(https?|data|file|blob|cid|urn|s3|gs|mailto|javascript):", re.IGNORECASE)
"""The scheme of a URL. A colon alone makes none of other words, because a file name may have one."""

_SIGNATURE = re.compile(
    r"^x-|^_|^(sig|key|policy|expires?|hash|hdn\w+|exp|st|se|sp|sv)$"
    r"|sign|token|secret|passw|pwd|credential|auth|access.?(key|id)|api.?key|key.?(id|pair)|jwt|hmac|session",
    re.IGNORECASE,
)
"""Names of parameters that give access to a URL: of Amazon, Google, Azure, Akamai and others."""


def is_url(reference: str) -> bool:
    """Whether a reference is an http(s) URL; otherwise it is a path."""
    return reference.lower().startswith(("http://", "https://"))


def strip_credentials(reference: str) -> str:
    """A URL without user name and password; anything else as it is."""
    return _CREDENTIALS.sub(r"\1", reference)


def public_reference(reference: str) -> str:
    """The reference for storefronts, messages and logs: a URL without user name, password and signature.

    If one parameter of a URL gives access, all are left out, because they belong together.
    """
    shown = strip_credentials(reference)
    address, mark, rest = shown.partition("?")
    if not is_url(shown) or not mark:
        return shown
    query, hash_, fragment = rest.partition("#")
    signed = any(_SIGNATURE.search(name) for name, _ in parse_qsl(query, keep_blank_values=True))
    return f"{address}{hash_}{fragment}" if signed else shown


def _check(reference: str) -> str:
    """The reference. ValueError when no worker could read it, wherever it runs."""
    quoted = shorten(public_reference(reference))
    if not reference:
        raise ValueError("empty reference; write a path or an http(s) URL")
    if is_url(reference):
        try:
            host = urlsplit(reference).hostname
        except ValueError:  # whose message may quote a password
            host = None
        if not host:
            raise ValueError(f"{quoted} is no valid URL")
    elif scheme := _SCHEME.match(reference):
        raise ValueError(f"media are paths or http(s) URLs; {(scheme[1] or scheme[2]).lower()}: is not read: {quoted}")
    elif reference.startswith("//"):
        raise ValueError(f"{quoted} has no scheme; put https: before it")
    return reference


def _check_count(references: tuple[str, ...]) -> tuple[str, ...]:
    if len(references) > MAX_MEDIA:
        raise ValueError(f"{len(references):,} references; the limit is {MAX_MEDIA} for one product")
    return references


MediaReference = Annotated[str, AfterValidator(_check)]
MediaReferences = Annotated[tuple[MediaReference, ...], AfterValidator(_check_count)]
