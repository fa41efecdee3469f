"""Files of media references, and hashes of a product's content that change with them."""

from pathlib import Path

from ltr_plugin.catalog.product import MODALITIES, Content, Product, digest
from ltr_plugin.catalog.references import is_url
from ltr_plugin.catalog.reviews import encoded_texts
from ltr_plugin.errors import MediaError


def resolve_media_path(root: Path, reference: str) -> Path:
    """The file of a reference under `root`. MediaError when it is outside, because catalogs are untrusted."""
    try:
        path = (root / reference).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a NUL
        raise MediaError(f"{reference!r} is not a path: {error}") from None
    if not path.is_relative_to(root.resolve()):
        raise MediaError(
            f"{reference!r} is outside the catalog's folder; name a folder that contains it with --media-root, or in "
            "LTR_MEDIA_ROOT of the worker"
        )
    return path


def content_hashes(product: Product, root: Path) -> dict[Content, str]:
    """A hash of each modality's content, and of the reviews; what the product lacks is absent.

    The hash of a local file is of its name, size and modification time, so that a replaced image is embedded again and
    an unchanged one is not read. Price and ratings are in no hash.
    """
    hashes: dict[Content, str] = {}
    text = product.embedding_text()
    if text:
        hashes["text"] = digest(text)
    if reviews := encoded_texts(product.reviews):
        hashes["reviews"] = digest(reviews)
    for modality in MODALITIES:
        references = product.media(modality)
        if references:
            hashes[modality] = digest([(reference, *_file_state(root, reference)) for reference in references])
    return hashes


def _file_state(root: Path, reference: str) -> tuple[int, ...]:
    if is_url(reference):
        return ()
    try:
        status = (root / reference).stat()
    except (OSError, ValueError):
        return ()  # the worker that tries to read it reports a missing file
    return status.st_size, status.st_mtime_ns
