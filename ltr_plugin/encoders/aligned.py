"""Photo and text encoders made by `ltr encoder align` and `ltr encoder finetune`: two towers, projected into one space.

The towers are encoders of their own, of photos and of text, trained elsewhere (Zhai et al. 2022,
https://arxiv.org/abs/2111.07991). Text, photos, and videos by their frames become float32 (n, dimension).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import RESTORE, read_config, read_tensors, require_files
from ltr_plugin.encoders.product_vectors import read_product_vectors, write_product_vectors
from ltr_plugin.encoders.protocol import Encoder, Library, Parts, Vectors
from ltr_plugin.errors import EncoderError

NAME = "aligned"
CONFIG, WEIGHTS = "aligned.json", "aligned.safetensors"

PHOTO_TOWER = "photo"
"""The folder, inside the encoder's own, of a photo tower that was fine-tuned."""


@dataclass(frozen=True)
class Projection:
    """An affine map from a tower's vectors, whose `weight` is float32 (dimension, tower's) and `bias` (dimension,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, vectors: Vectors) -> Vectors:
        """The projected vectors, of unit length; a vector of zeros, which has no direction, stays one."""
        projected = vectors @ self.weight.T + self.bias
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        unit: Vectors = np.where(vectors.any(axis=1, keepdims=True), projected / np.maximum(lengths, 1e-12), 0)
        return unit.astype(np.float32)


@dataclass(frozen=True)
class Alignment:
    """What was trained: a projection of each tower, and the vectors that were learned for products, by id."""

    photo: Projection
    text: Projection
    products: Mapping[str, NDArray[np.float32]]


class AlignedEncoder:
    """Encodes photos, videos and text with two other encoders, and projects their vectors into one space.

    `product_vectors` has a vector for each product of whose photos the training had more than the catalog's.
    """

    def __init__(self, photo: Encoder, text: Encoder, aligned: Alignment, fingerprint: Fingerprint) -> None:
        self._towers: dict[Modality, Encoder] = {"image": photo, "video": photo, "text": text}
        self._projections: dict[Modality, Projection] = {
            "image": aligned.photo,
            "video": aligned.photo,
            "text": aligned.text,
        }
        self.product_vectors = aligned.products
        self.fingerprint = fingerprint
        self.modalities: frozenset[Modality] = frozenset(self._towers)
        self.batch_size = photo.batch_size

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401 - each tower has its own
        """The item as the tower prepares it."""
        return self._towers[modality].prepare(modality, item)

    def prepare_query(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """The shopper's item as the tower prepares it."""
        return self._towers[modality].prepare_query(modality, item)

    def encode(self, modality: Modality, prepared: Sequence[Any]) -> Vectors:
        """The vectors of prepared items, float32 (n, dimension) of unit length, in their order."""
        return self._projections[modality](self._towers[modality].encode(modality, prepared))

    def encode_in_parts(self, modality: Modality, prepared: Sequence[Any]) -> Parts:
        """Positions in `prepared` with their vectors, as the tower gives them."""
        for positions, vectors in self._towers[modality].encode_in_parts(modality, prepared):
            yield positions, self._projections[modality](vectors)


@dataclass(frozen=True)
class AlignedFiles:
    """What an encoder's folder has: the specifications of its towers, and what was trained."""

    name: str
    photo: str
    text: str
    aligned: Alignment


def read(folder: Path) -> AlignedFiles:
    """The content of a folder that `ltr encoder align` or `finetune` made.

    EncoderError when a file is missing or damaged.
    """
    require_files(folder, CONFIG, WEIGHTS)
    config = read_config(folder, CONFIG)
    for key in ("name", "photo", "text"):
        if not isinstance(config.get(key), str):
            raise EncoderError(f"{str(folder / CONFIG)!r} is damaged: {key!r} is missing or no text; {RESTORE}")
    photo, text = _projections(folder)
    products = read_product_vectors(folder, len(photo.bias))
    library, _, tower = config["photo"].partition(":")
    if tower == PHOTO_TOWER:
        require_files(folder / PHOTO_TOWER)
    photo_spec = f"{library}:{folder / PHOTO_TOWER}" if tower == PHOTO_TOWER else config["photo"]
    for spec in (photo_spec, config["text"]):
        if Path(spec.partition(":")[2]).resolve() == folder.resolve():
            raise EncoderError(f"{str(folder / CONFIG)!r} names the encoder itself, {spec!r}, as its tower; {RESTORE}")
    return AlignedFiles(config["name"], photo_spec, config["text"], Alignment(photo, text, products))


def _projections(folder: Path) -> tuple[Projection, Projection]:
    tensors = read_tensors(folder, WEIGHTS)
    try:
        photo, text = (Projection(tensors[f"{tower}.weight"], tensors[f"{tower}.bias"]) for tower in ("photo", "text"))
    except KeyError as error:
        raise EncoderError(f"{str(folder / WEIGHTS)!r} is damaged: {error} is missing; {RESTORE}") from None
    shapes = [one.weight.shape[:1] for one in (photo, text)] + [one.bias.shape for one in (photo, text)]
    if len(set(shapes)) > 1 or photo.weight.ndim != 2 or text.weight.ndim != 2:
        raise EncoderError(f"{str(folder / WEIGHTS)!r} is damaged: its projections do not fit together; {RESTORE}")
    return photo, text


def load(model: str, load_encoder: Callable[[Modality, str], Encoder]) -> AlignedEncoder:
    """The encoder in a folder, as of `read`; `load_encoder` loads its towers, each for a modality."""
    files = read(Path(model))
    return from_parts(load_encoder("image", files.photo), load_encoder("text", files.text), files.aligned, files.name)


def from_parts(photo: Encoder, text: Encoder, aligned: Alignment, name: str) -> AlignedEncoder:
    """The encoder of two towers and what was trained, in memory; EncoderError when they do not fit together."""
    from safetensors.numpy import save

    towers = {"photos": photo.fingerprint, "text": text.fingerprint}
    for tower, projection in zip(towers.values(), (aligned.photo, aligned.text), strict=True):
        if tower.dimension != (made_for := projection.weight.shape[1]):
            raise EncoderError(
                f"{tower.library}:{tower.model} has vectors of {tower.dimension} dimensions, but aligned encoder "
                f"{name!r} was made for {made_for}; {RESTORE}"
            )
    fingerprint = Fingerprint(
        library=NAME,
        model=name,
        revision="",
        dimension=len(aligned.photo.bias),
        preprocessing="; ".join(f"{modality} by {one.model} {one.digest}" for modality, one in towers.items()),
        weights=hashlib.blake2b(save(_tensors(aligned)), digest_size=8).hexdigest(),
    )
    return AlignedEncoder(photo, text, aligned, fingerprint)


def write(folder: Path, aligned: Alignment, *, photo: str, text: str, name: str) -> None:
    """Writes the files that `load` reads into an existing folder; `photo` and `text` are the towers' specifications.

    The photo tower in the folder itself is `LIBRARY:photo` (PHOTO_TOWER).
    """
    from safetensors.numpy import save_file

    save_file(_tensors(aligned), folder / WEIGHTS)
    write_product_vectors(folder, aligned.products)
    (folder / CONFIG).write_text(json.dumps({"name": name, "photo": photo, "text": text}, indent=1) + "\n", "utf-8")


def _tensors(aligned: Alignment) -> dict[str, NDArray[np.float32]]:
    return {
        f"{tower}.{name}": np.ascontiguousarray(getattr(projection, name))
        for tower, projection in (("photo", aligned.photo), ("text", aligned.text))
        for name in ("weight", "bias")
    }


def library(load_encoder: Callable[[Modality, str], Encoder]) -> Library:
    """The library, whose encoders load their towers by `load_encoder`."""
    return Library(
        name=NAME,
        module="safetensors",
        modalities=("text", "image", "video"),
        models="a folder made by `ltr encoder align` or `ltr encoder finetune`",
        load=partial(load, load_encoder=load_encoder),
        example="runs/photos",
    )
