"""What a service is started with."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ltr_plugin.errors import InputError
from ltr_plugin.service.keys import Caller, Keys, Scope
from ltr_plugin.service.signing import QueryIds
from ltr_plugin.settings import Settings
from ltr_plugin.validation import StrictModel, decode, parse_json

LOOPBACK = ("127.0.0.1", "::1", "localhost")

PAGE = Caller("page", frozenset[Scope]({"search", "events"}))
"""Who the page's own key belongs to: everybody who sees the page."""

LOCAL = Caller("local", frozenset[Scope]({"search", "events", "catalog", "admin"}))
"""Who may do everything, where a service on loopback has no keys: this machine itself."""


class ServiceOptions(StrictModel):
    """Options of `ltr serve`, as its processes get them."""

    index: str
    template: str | None = None
    page: bool = True
    allow_urls: bool = False
    log_searches: bool = True
    allow_origins: tuple[str, ...] = ()
    text_budget_ms: float = 400
    media_budget_ms: float = 3000
    speech_model: str | None = None
    speech_budget_ms: float = 5000
    per_minute: int = 600
    """Requests of one address with the page's key, by each process."""
    loopback: bool = True
    processes: int = 1
    rankers: Path | None = None
    """Folder with the folders of trained rankers, by which products' places are explained."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The options that the command put into the environment; InputError where it did not."""
        if not settings.service_options:
            raise InputError("LTR_SERVICE_OPTIONS", "is not set; start the service with `ltr serve`")
        return decode(cls, parse_json(settings.service_options, source="LTR_SERVICE_OPTIONS"), source="ltr serve")


@dataclass(frozen=True)
class Configuration:
    """The options, the keys, and the secret by which query ids are signed."""

    options: ServiceOptions
    keys: Keys = field(repr=False)
    query_ids: QueryIds = field(repr=False)
    page_key: str = field(repr=False)
    open_to_local: bool

    @classmethod
    def of(cls, options: ServiceOptions, settings: Settings) -> Self:
        """InputError for keys that cannot be read, and for none where other machines can reach the service."""
        keys = Keys(settings.service_keys or "")
        if not keys and not options.loopback:
            raise InputError(
                "LTR_SERVICE_KEYS",
                "is not set, and the service is open to other machines; make keys with `ltr serve --new-key`, or "
                "start it with --host 127.0.0.1",
            )
        secret = settings.service_secret or secrets.token_urlsafe(32)
        query_ids = QueryIds(secret.encode())
        page_key = settings.service_public_key or query_ids.derived_key("page")
        local = not keys
        if options.page:
            keys.add(page_key, PAGE)
        return cls(options, keys, query_ids, page_key, local)


def as_environment(options: ServiceOptions, settings: Settings) -> Mapping[str, str]:
    """The variables by which the processes of a service get its options, and one secret for all of them.

    A secret that the settings have is in the environment, or in a file that the environment names.
    """
    return {
        "LTR_SERVICE_OPTIONS": options.model_dump_json(exclude_defaults=True),
        "LTR_MEDIA_ROOT": os.pathsep.join(map(str, settings.media_root)),
        **({} if settings.service_secret else {"LTR_SERVICE_SECRET": secrets.token_urlsafe(32)}),
    }
