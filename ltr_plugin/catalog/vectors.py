"""Vector fields, and the fingerprints of the encoders that fill them: vectors of two spaces never mix."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict

from ltr_plugin.catalog.product import Content, Modality, digest


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
    in `per_media`. With `part: reviews`, the field is likewise made of the product's reviews; it serves features, not
    the first pass.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    source: Modality
    encoder: str
    fingerprint: Fingerprint = field(repr=False)
    part: Literal["reviews"] | None = None

    def __hash__(self) -> int:
        # fields are looked up for every product; a hash of the whole fingerprint would take far longer
        return hash(self.name)

    @property
    def parameter(self) -> str:
        """The name of a query's vector in this space, as search templates and features have it: a dot would be one of
        mustache's."""
        return self.name.replace(".", "_")

    @property
    def content(self) -> Content:
        """What of a product it is made of, as hashes of content name it."""
        return self.part or self.source

    @property
    def several(self) -> bool:
        """Whether a product may have several of what it is made of, so that `per_media` has a vector of each."""
        return self.content != "text"

    @property
    def per_media(self) -> str:
        """The nested field with one `vector` for each of several images, audio clips, videos or reviews."""
        return f"per_media.{self.name}"

    def to_meta(self) -> dict[str, Any]:
        """The form of it in an index's `_meta`."""
        meta = asdict(self)
        return meta if self.part else {key: value for key, value in meta.items() if key != "part"}

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> "VectorField":
        """The field that an index's `_meta` describes."""
        return cls(**{**meta, "fingerprint": Fingerprint(**meta["fingerprint"])})


def query_fields(vectors: Iterable[VectorField]) -> tuple[VectorField, ...]:
    """The fields whose encoders give queries a vector: those of the first pass, and one of reviews in another space.

    Reviews in the space of another field of text are compared with the query's vector for that field.
    """
    known = tuple(vectors)
    spaces = {(one.source, one.fingerprint.digest) for one in known if not one.part}
    return tuple(one for one in known if not one.part or (one.source, one.fingerprint.digest) not in spaces)
