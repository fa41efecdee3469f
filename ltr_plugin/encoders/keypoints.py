"""Photos as bags of visual words (Sivic and Zisserman 2003, https://doi.org/10.1109/ICCV.2003.1238663): no network.

Keypoints of a photo are described by SIFT or ORB, each description is replaced by the nearest word of a vocabulary, and
the words are counted, weighted by tf-idf. Square roots keep a pattern that repeats from outweighing all else: of SIFT's
descriptions (Arandjelovic and Zisserman 2012, https://doi.org/10.1109/CVPR.2012.6248018), and of the counts.
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
from ltr_plugin.encoders.batched import BatchedEncoder
from ltr_plugin.encoders.folders import name_of, require
from ltr_plugin.encoders.protocol import Library, Vectors
from ltr_plugin.encoders.torch_encoder import weights_hash
from ltr_plugin.errors import EncoderError, MediaError

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE, WORDS = "keypoints.json", "vocabulary.safetensors"

Descriptor = Literal["sift", "orb"]
Descriptions = NDArray[np.uint8]
"""(keypoints, bytes): SIFT's 128 numbers from 0 to 255, or ORB's 256 bits."""


@dataclass(frozen=True)
class Recipe:
    """How keypoints are found: the `keypoints` strongest of a photo whose longer side is at most `side` pixels."""

    descriptor: Descriptor
    side: int = 320
    keypoints: int = 500

    def describe(self, photo: "Image") -> Descriptions:
        """The photo's keypoints, described; none where it is even, or a few pixels large."""
        import cv2

        grey = photo.convert("L")
        grey.thumbnail((self.side, self.side))
        if self.descriptor == "sift":
            detector: Any = cv2.SIFT.create(nfeatures=self.keypoints, contrastThreshold=0.02)
        else:
            detector = cv2.ORB.create(nfeatures=self.keypoints, fastThreshold=5, edgeThreshold=15)
        try:
            _, found = detector.detectAndCompute(np.asarray(grey), None)
        except cv2.error:  # smaller than the detector's own window
            found = None
        empty = np.empty((0, 128 if self.descriptor == "sift" else 32), np.uint8)
        return empty if found is None else found[: self.keypoints].astype(np.uint8)

    @property
    def width(self) -> int:
        """Numbers of one point."""
        return 128 if self.descriptor == "sift" else 256

    def points(self, descriptions: Descriptions) -> NDArray[np.float32]:
        """(n, width) float32, whose straight distances say how alike the descriptions are."""
        if self.descriptor == "orb":
            return np.unpackbits(descriptions, axis=1).astype(np.float32)
        sums = np.maximum(descriptions.sum(axis=1, dtype=np.float32, keepdims=True), 1)
        points: NDArray[np.float32] = np.sqrt(descriptions / sums, dtype=np.float32)
        return points


def counts(recipe: Recipe, words: NDArray[np.float32], photos: Sequence[Descriptions]) -> NDArray[np.float32]:
    """(photos, words): how often each word is on each photo."""
    found = np.zeros((len(photos), len(words)), np.float32)
    lengths = (words**2).sum(axis=1) / 2
    for photo, descriptions in enumerate(photos):
        if len(descriptions):
            nearest = (recipe.points(descriptions) @ words.T - lengths).argmax(axis=1)
            found[photo] = np.bincount(nearest, minlength=len(words))
    return found


class KeypointEncoder(BatchedEncoder):
    """Photos, and videos by their frames, into the space of a vocabulary's words.

    `words` (n, width) are points of descriptions, `weights` (n,) says how telling each is.
    """

    def __init__(
        self, recipe: Recipe, words: NDArray[np.float32], weights: NDArray[np.float32], fingerprint: Fingerprint
    ) -> None:
        super().__init__(fingerprint, frozenset({"image"}), batch_size=32)
        self.recipe, self.words, self.weights = recipe, words, weights

    def prepare(self, source: Modality, item: Any) -> Any:  # noqa: ANN401
        """A photo's descriptions, and a list of them for a video; MediaError when there is no keypoint at all."""
        prepared = super().prepare(source, item)
        if not sum(map(len, prepared) if source == "video" else [len(prepared)]):
            raise MediaError("no keypoints: it is too even or too small")
        return prepared

    def _prepare(self, source: Modality, item: "Image") -> Descriptions:  # noqa: ARG002 - photos are all there is
        return self.recipe.describe(item)

    def _vectors(self, source: Modality, batch: list[Descriptions]) -> Vectors:  # noqa: ARG002
        weighted = np.sqrt(counts(self.recipe, self.words, batch) * self.weights)
        lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
        vectors: Vectors = np.divide(weighted, lengths, out=weighted, where=lengths > 0)
        return vectors


def load(model: str) -> KeypointEncoder:
    """The encoder in a folder that `ltr encoder train --kind keypoints` made."""
    from safetensors.numpy import load_file

    folder = Path(model)
    require(folder, RECIPE, WORDS)
    recipe = Recipe(**json.loads((folder / RECIPE).read_text("utf-8")))
    tensors = load_file(folder / WORDS)
    if tensors["words"].shape != (len(tensors["weights"]), recipe.width):
        raise EncoderError(f"{str(folder / WORDS)!r} holds no words of {recipe.descriptor!r}, which {RECIPE} asks for")
    return wrap(recipe, tensors["words"], tensors["weights"], name=name_of(folder))


def wrap(recipe: Recipe, words: NDArray[Any], weights: NDArray[Any], *, name: str) -> KeypointEncoder:
    """The encoder of a vocabulary in memory."""
    import torch

    words, weights = words.astype(np.float32), weights.astype(np.float32)
    fingerprint = Fingerprint(
        library=LIBRARY.name,
        model=name,
        revision="",
        dimension=len(words),
        preprocessing=json.dumps(asdict(recipe), sort_keys=True),
        weights=weights_hash({"words": torch.from_numpy(words), "weights": torch.from_numpy(weights)}),
    )
    return KeypointEncoder(recipe, words, weights, fingerprint)


def write(folder: Path, encoder: KeypointEncoder) -> None:
    """Puts recipe and vocabulary into a folder that is there."""
    from safetensors.numpy import save_file

    save_file({"words": encoder.words, "weights": encoder.weights}, folder / WORDS)
    (folder / RECIPE).write_text(json.dumps(asdict(encoder.recipe)) + "\n", "utf-8")


LIBRARY = Library(
    name="keypoints",
    module="cv2",
    encodes=("image", "video"),
    models="a folder made by `ltr encoder train --kind keypoints`",
    load=load,
    example="runs/keypoints",
    extra="classical",
)
