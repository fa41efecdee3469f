"""Vector fields, and the fingerprints of the encoders that fill them: vectors of two spaces never mix."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from pydantic import ConfigDict

from ltr_plugin.catalog.product import Modality, digest


@dataclass(frozen=True)
class Fingerprint:
    """Identity of an encoder's vector space. Two vectors can be compared only if their fingerprints are equal.

    `weights` is a hash of the weights, `preprocessing` describes what is done to the input (sizes, lengths, pooling).
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    library: str
    model: str
    revision: str
    dimension: int
    preprocessing: str
    weights: str

    @cached_property
    def digest(self) -> str:
        """16 hex digits of the whole fingerprint, for documents and queries."""
        return digest(asdict(self))


@dataclass(frozen=True)
class VectorField:
    """A dense vector field: `name` in the index, the modality of the product it is made of, and its encoder.

    `encoder` is `library:model`, such as `open_clip:ViT-B-32/laion2b_s34b_b79k` or `open_clip:runs/encoder`. A product
    with several images (or audio clips, or videos) has the unit vector of their mean in `name`, and the vector of each
    in `per_media`.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    source: Modality
    encoder: str
    fingerprint: Fingerprint = field(repr=False)

    def __hash__(self) -> int:
        # fields are looked up for every product; a hash of the whole fingerprint would take far longer
        return hash(self.name)

    @property
    def parameter(self) -> str:
        """The name of a query's vector in this space, as search templates and features have it: a dot would be one of
        mustache's."""
        return self.name.replace(".", "_")

    @property
    def per_media(self) -> str:
        """The nested field with one `vector` for each of several images, audio clips or videos."""
        return f"per_media.{self.name}"

    def to_meta(self) -> dict[str, Any]:
        """The form of it in an index's `_meta`."""
        return asdict(self)

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> "VectorField":
        """The field that an index's `_meta` describes."""
        return cls(**{**meta, "fingerprint": Fingerprint(**meta["fingerprint"])})
