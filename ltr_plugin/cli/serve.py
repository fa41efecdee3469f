"""`ltr serve`: the HTTP service and its page."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, IndexName
from ltr_plugin.errors import InputError
from ltr_plugin.urls import check_origin


class KeyScope(StrEnum):
    """What a key may be used for."""

    search = "search"
    events = "events"
    catalog = "catalog"
    admin = "admin"


def serve(
    name: IndexName = DEFAULT_INDEX,
    template: Annotated[
        str | None, typer.Option(help="Search template that ranks. Default: the one with the name of the index.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 is all of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port.")] = 8080,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes; each loads the encoders.")] = 1,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Origin of other pages that may call it. Repeat it for several. Default: LTR_SERVICE_ORIGINS.",
        ),
    ] = None,
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Queries may name photos and recordings by URL.")
    ] = False,
    speech_model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Model that turns speech into words: tiny.en (English), the folder of another one for faster-whisper, "
            "or none. Default: tiny.en, if the extra `voice` is installed.",
        ),
    ] = None,
    log_searches: Annotated[
        bool, typer.Option(help="Keep searches and what they showed for 30 days, as UBI queries, in the cluster.")
    ] = True,
    rankers: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder with folders of trained rankers: merchandisers see by them why a product is where it is.",
        ),
    ] = None,
    key: Annotated[
        list[KeyScope] | None,
        typer.Option(
            "--new-key",
            metavar="SCOPE",
            help="Print a new key with this scope (search, events, catalog or admin) and its line of "
            "LTR_SERVICE_KEYS. Repeat it for several scopes.",
        ),
    ] = None,
) -> None:
    """Serve searches by text, photo, voice and sound over HTTP, with a page at `/` and its description at `/docs`.

    Keys come from LTR_SERVICE_KEYS; without keys, only this machine may call it, and may do everything.
    """
    from ltr_plugin.extras import require_module

    if key:
        from ltr_plugin.service.keys import new_key

        secret, line = new_key("-".join(key), [scope.value for scope in key])
        typer.echo(f"key, shown this once: {secret}\nline of LTR_SERVICE_KEYS:  {line}")
        return
    for module in ("fastapi", "uvicorn", "python_multipart", "prometheus_client"):
        require_module(module, "ltr serve", extra="service")
    from ltr_plugin.service.configuration import LOOPBACK, ServiceOptions
    from ltr_plugin.service.running import run_service
    from ltr_plugin.settings import Settings
    from ltr_plugin.speech.models import default_model

    settings = Settings.from_env()
    options = ServiceOptions(
        index=name,
        template=template,
        allow_urls=allow_urls,
        log_searches=log_searches,
        allow_origins=_origins(allow_origin) if allow_origin else settings.service_origins,
        speech_model=default_model() if speech_model is None else None if speech_model == "none" else speech_model,
        loopback=host in LOOPBACK,
        processes=processes,
        rankers=rankers,
    )
    run_service(options, settings, host=host, port=port)


def _origins(stated: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(map(check_origin, stated))
    except ValueError as error:
        raise InputError("--allow-origin", str(error)) from None
