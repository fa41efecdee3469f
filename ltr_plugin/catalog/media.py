"""References to photos, sounds and videos: where they lie and what tells a changed one."""

import re
from pathlib import Path

from ltr_plugin.catalog.product import MODALITIES, Modality, Product, digest
from ltr_plugin.errors import MediaError

_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)[^/?#]*@")


def is_url(reference: str) -> bool:
    """Whether a reference is an http(s) URL rather than a path."""
    return reference.lower().startswith(("http://", "https://"))


def strip_credentials(reference: str) -> str:
    """The reference, fit to be shown: of a URL, or what looks like one, all but a user's name and password."""
    return _CREDENTIALS.sub(r"\1", reference)


def resolve_media_path(root: Path, reference: str) -> Path:
    """The file a relative reference names under `root`. MediaError when it leads outside: catalogs are untrusted."""
    try:
        path = (root / reference).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL
        raise MediaError(f"{reference!r} is no path: {error}") from None
    if not path.is_relative_to(root.resolve()):
        raise MediaError(f"{reference!r} leads out of the catalog's folder")
    return path


def content_hashes(product: Product, root: Path) -> dict[Modality, str]:
    """What each modality's vectors depend on, hashed; a modality the product lacks is absent.

    A local file counts by its name, size and time of change, so that a replaced photo is embedded again and an
    unchanged one is not even read; a price or a rating is in no hash.
    """
    found: dict[Modality, str] = {}
    text = product.embedding_text()
    if text:
        found["text"] = digest(text)
    for modality in MODALITIES:
        references = product.media(modality)
        if references:
            found[modality] = digest([(reference, *_file_state(root, reference)) for reference in references])
    return found


def _file_state(root: Path, reference: str) -> tuple[int, ...]:
    if is_url(reference):
        return ()
    try:
        status = (root / reference).stat()
    except (OSError, ValueError):
        return ()  # an absent file is reported by the worker that tries to read it
    return status.st_size, status.st_mtime_ns
