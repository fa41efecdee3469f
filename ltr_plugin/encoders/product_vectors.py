"""The vectors that an encoder learned for products, in its folder: one file, with the ids beside the vectors."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = "products.safetensors"

_IDS, _VECTORS = "ids", "vectors"


def write_product_vectors(folder: Path, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Writes vectors, each float32 (dimension,), by product id into an existing folder; no file for none."""
    from safetensors.numpy import save_file

    if vectors:
        metadata = {_IDS: json.dumps(list(vectors))}
        save_file({_VECTORS: np.stack(list(vectors.values()))}, folder / FILE, metadata)


def read_product_vectors(folder: Path) -> dict[str, NDArray[np.float32]]:
    """What `write_product_vectors` wrote; empty where there is no file."""
    from safetensors import safe_open

    if not (folder / FILE).is_file():
        return {}
    with safe_open(folder / FILE, "numpy") as file:
        ids: list[str] = json.loads(file.metadata()[_IDS])
        return dict(zip(ids, file.get_tensor(_VECTORS), strict=True))
