"""The bytes of a media reference: a file beside the catalog, or a URL, within a limit of size."""

from pathlib import Path

from ltr_plugin.catalog.media import is_url, media_path
from ltr_plugin.errors import MediaError
from workers.media.fetching import fetch


def read_media(root: Path, reference: str, *, max_bytes: int) -> bytes:
    """What lies behind a reference: a path under `root`, or a URL. MediaError with the reason when it cannot be had."""
    if is_url(reference):
        return fetch(reference, max_bytes=max_bytes)
    path = media_path(root, reference)
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise MediaError(f"cannot read {reference!r}: {error.strerror or error}") from None
    if len(data) > max_bytes:
        raise MediaError(f"{reference!r} is over the limit of {max_bytes >> 20} MB")
    if not data:
        raise MediaError("empty file")
    return data
