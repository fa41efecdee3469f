"""The vectors that an encoder learned for products, in its folder: one file, with the ids beside the vectors."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.encoders.encoder_folder import RESTORE
from ltr_plugin.errors import EncoderError

FILE = "products.safetensors"

_IDS, _VECTORS = "ids", "vectors"


def write_product_vectors(folder: Path, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Writes vectors, each float32 (dimension,), by product id into an existing folder; no file for none."""
    from safetensors.numpy import save_file

    if vectors:
        metadata = {_IDS: json.dumps(list(vectors))}
        save_file({_VECTORS: np.stack(list(vectors.values()))}, folder / FILE, metadata)


def read_product_vectors(folder: Path, dimension: int) -> dict[str, NDArray[np.float32]]:
    """What `write_product_vectors` wrote; empty where there is no file.

    EncoderError when the file is damaged, or holds anything else than a vector of this dimension for each id.
    """
    from safetensors import SafetensorError, safe_open

    if not (folder / FILE).is_file():
        return {}
    try:
        with safe_open(folder / FILE, "numpy") as file:
            ids = json.loads((file.metadata() or {}).get(_IDS, "null"))
            vectors: NDArray[np.float32] = file.get_tensor(_VECTORS)
    except (SafetensorError, ValueError) as error:
        raise EncoderError(f"{str(folder / FILE)!r} is damaged: {error}; {RESTORE}") from None
    if not isinstance(ids, list) or vectors.shape != (len(ids), dimension) or not np.isfinite(vectors).all():
        raise EncoderError(
            f"{str(folder / FILE)!r} is damaged: it does not hold a vector ({dimension},) for each id; {RESTORE}"
        )
    return dict(zip(ids, vectors, strict=True))
