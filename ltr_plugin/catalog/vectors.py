"""What a vector field holds: which encoder made it from what, so that two spaces never mix."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ltr_plugin.catalog.product import Modality, digest


@dataclass(frozen=True)
class Fingerprint:
    """Identity of an encoder's vector space. Vectors compare only when their fingerprints are equal.

    `weights` is a hash of the weights, `preprocessing` says what is done to the input (sizes, lengths, pooling).
    """

    library: str
    model: str
    revision: str
    dimension: int
    preprocessing: str
    weights: str

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that stand for the whole in documents and queries."""
        return digest(asdict(self))


@dataclass(frozen=True)
class VectorField:
    """A dense vector field: `name` in the index, the modality of the product it is made of, and its encoder.

    `encoder` is `library:model`, such as `open_clip:ViT-B-32/laion2b_s34b_b79k` or `open_clip:runs/encoder`. A product
    with several photos (or sounds, or videos) has their mean direction in `name`, and each one's own vector in `per_media`.
    """

    name: str
    source: Modality
    encoder: str
    fingerprint: Fingerprint = field(repr=False)

    def __hash__(self) -> int:
        # looked up for every product; hashing all of the fingerprint each time would take far longer
        return hash(self.name)

    @property
    def per_media(self) -> str:
        """The nested field that holds one `vector` for each of several photos, sounds or videos."""
        return f"per_media.{self.name}"

    def to_meta(self) -> dict[str, Any]:
        """The form kept in the index's mapping."""
        return asdict(self)

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> "VectorField":
        """The field as the index's mapping states it."""
        return cls(**{**meta, "fingerprint": Fingerprint(**meta["fingerprint"])})
