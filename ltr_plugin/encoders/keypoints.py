"""Photos as bags of visual words, without a neural network; made by `ltr encoder train --kind keypoints`.

Keypoints of a photo are described by SIFT or ORB (OpenCV), each descriptor is replaced by the nearest word of a
vocabulary, and the words are counted, weighted by tf-idf (Sivic and Zisserman 2003,
https://doi.org/10.1109/ICCV.2003.1238663). So that repeated patterns do not dominate, square roots are taken of SIFT's
descriptors (Arandjelovic and Zisserman 2012, https://doi.org/10.1109/CVPR.2012.6248018) and of the counts.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import encoder_name, read_config, require_files
from ltr_plugin.encoders.protocol import Library, Vectors
from ltr_plugin.encoders.runtime.batched_encoder import BatchedEncoder
from ltr_plugin.encoders.runtime.torch_encoder import weights_hash
from ltr_plugin.errors import EncoderError, MediaError

if TYPE_CHECKING:
    from PIL.Image import Image

CONFIG, VOCABULARY = "keypoints.json", "vocabulary.safetensors"

DescriptorName = Literal["sift", "orb"]
Descriptors = NDArray[np.uint8]
"""(keypoints, bytes) uint8: SIFT's 128 numbers from 0 to 255, or ORB's 256 bits in 32 bytes."""


@dataclass(frozen=True)
class KeypointConfig:
    """How keypoints are found: the `keypoints` strongest ones, after the longer side is reduced to `side` pixels."""

    descriptor: DescriptorName
    side: int = 320
    keypoints: int = 500

    def describe(self, photo: "Image") -> Descriptors:
        """The descriptors of the photo's keypoints; none if it is uniform or only a few pixels large."""
        import cv2

        grey = photo.convert("L")
        grey.thumbnail((self.side, self.side))
        if self.descriptor == "sift":
            detector: Any = cv2.SIFT.create(nfeatures=self.keypoints, contrastThreshold=0.02)
        else:
            detector = cv2.ORB.create(nfeatures=self.keypoints, fastThreshold=5, edgeThreshold=15)
        try:
            _, descriptors = detector.detectAndCompute(np.asarray(grey), None)
        except cv2.error:  # the photo is smaller than the detector's window
            descriptors = None
        empty = np.empty((0, 128 if self.descriptor == "sift" else 32), np.uint8)
        return empty if descriptors is None else descriptors[: self.keypoints].astype(np.uint8)

    @property
    def width(self) -> int:
        """Length of one point."""
        return 128 if self.descriptor == "sift" else 256

    def points(self, descriptors: Descriptors) -> NDArray[np.float32]:
        """float32 (n, width): descriptors as points whose Euclidean distances compare them."""
        if self.descriptor == "orb":
            return np.unpackbits(descriptors, axis=1).astype(np.float32)
        sums = np.maximum(descriptors.sum(axis=1, dtype=np.float32, keepdims=True), 1)
        points: NDArray[np.float32] = np.sqrt(descriptors / sums, dtype=np.float32)
        return points


def word_counts(
    config: KeypointConfig, words: NDArray[np.float32], photos: Sequence[Descriptors]
) -> NDArray[np.float32]:
    """float32 (photos, words): how often each visual word occurs in each photo."""
    counts = np.zeros((len(photos), len(words)), np.float32)
    half_squared_norms = (words**2).sum(axis=1) / 2
    for photo, descriptors in enumerate(photos):
        if len(descriptors):
            nearest = (config.points(descriptors) @ words.T - half_squared_norms).argmax(axis=1)
            counts[photo] = np.bincount(nearest, minlength=len(words))
    return counts


class KeypointEncoder(BatchedEncoder):
    """Encodes photos, and videos by their frames, as float32 (n, words).

    `words` (words, width) are the vocabulary's points, `weights` (words,) their inverse document frequencies.
    """

    def __init__(
        self, config: KeypointConfig, words: NDArray[np.float32], weights: NDArray[np.float32], fingerprint: Fingerprint
    ) -> None:
        super().__init__(fingerprint, frozenset({"image"}), batch_size=32)
        self.config, self.words, self.weights = config, words, weights

    def prepare(self, modality: Modality, item: Any) -> Any:  # noqa: ANN401
        """A photo's descriptors, or a list of them for a video; MediaError when there is no keypoint at all."""
        prepared = super().prepare(modality, item)
        if not sum(map(len, prepared) if modality == "video" else [len(prepared)]):
            raise MediaError("no keypoints: it is too uniform or too small")
        return prepared

    def _prepare(self, modality: Modality, item: "Image") -> Descriptors:  # noqa: ARG002 - photos are its only modality
        return self.config.describe(item)

    def _vectors(self, modality: Modality, batch: list[Descriptors]) -> Vectors:  # noqa: ARG002
        weighted = np.sqrt(word_counts(self.config, self.words, batch) * self.weights)
        norms = np.linalg.norm(weighted, axis=1, keepdims=True)
        vectors: Vectors = np.divide(weighted, norms, out=weighted, where=norms > 0)
        return vectors


def load(model: str) -> KeypointEncoder:
    """The encoder in a folder that `ltr encoder train --kind keypoints` made.

    EncoderError when a file is missing, or the vocabulary is not one of the configured descriptor.
    """
    from safetensors.numpy import load_file

    folder = Path(model)
    require_files(folder, CONFIG, VOCABULARY)
    config = KeypointConfig(**read_config(folder, CONFIG))
    tensors = load_file(folder / VOCABULARY)
    if tensors["words"].shape != (len(tensors["weights"]), config.width):
        raise EncoderError(
            f"{str(folder / VOCABULARY)!r} holds no vocabulary for {config.descriptor!r}, which {CONFIG} names"
        )
    return from_model(config, tensors["words"], tensors["weights"], name=encoder_name(folder))


def from_model(config: KeypointConfig, words: NDArray[Any], weights: NDArray[Any], *, name: str) -> KeypointEncoder:
    """The encoder of a vocabulary in memory."""
    import torch

    words, weights = words.astype(np.float32), weights.astype(np.float32)
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=name,
        revision="",
        dimension=len(words),
        preprocessing=json.dumps(asdict(config), sort_keys=True),
        weights=weights_hash({"words": torch.from_numpy(words), "weights": torch.from_numpy(weights)}),
    )
    return KeypointEncoder(config, words, weights, fingerprint)


def write(folder: Path, encoder: KeypointEncoder) -> None:
    """Writes configuration and vocabulary into an existing folder."""
    from safetensors.numpy import save_file

    save_file({"words": encoder.words, "weights": encoder.weights}, folder / VOCABULARY)
    (folder / CONFIG).write_text(json.dumps(asdict(encoder.config)) + "\n", "utf-8")


LIBRARY = Library(
    name="keypoints",
    module="cv2",
    modalities=("image", "video"),
    models="a folder made by `ltr encoder train --kind keypoints`",
    load=load,
    example="runs/keypoints",
)
