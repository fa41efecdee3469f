"""A product, as a catalog has it."""

import hashlib
import json
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, StringConstraints, model_validator

from ltr_plugin.catalog.references import MediaReferences
from ltr_plugin.validation import StrictModel

Modality = Literal["text", "image", "audio", "video"]
MODALITIES: tuple[Modality, ...] = ("text", "image", "audio", "video")

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\s\x00-\x1f]+$")]
Scalar = bool | int | FiniteFloat | str


class Product(StrictModel):
    """One product. Only `id` and one of title or media are required. Media are paths beside the catalog, or URLs."""

    id: Identifier = Field(description="Unique in the index; at most 256 characters, no blanks.")
    title: str = Field(default="", description="Name, the most important text.")
    description: str = Field(default="", description="Longer text.")
    brand: str = Field(default="", description="Brand or maker.")
    model: str = Field(default="", description="The maker's name or number of the product.")
    category: tuple[str, ...] = Field(default=(), description="Category, the most general name first.")
    price: Annotated[FiniteFloat, Field(ge=0)] | None = Field(default=None, description="Price, 0 or more.")
    currency: str = Field(default="", description="Currency of the price, such as EUR.")
    released: date | datetime | None = Field(default=None, description="Date of release, such as 2026-05-01.")
    ean: tuple[str, ...] = Field(default=(), description="Article numbers (EAN, GTIN).")
    attributes: dict[str, Scalar | tuple[Scalar, ...]] = Field(
        default_factory=dict, description="Properties by name, such as colour: text, numbers, or lists of them."
    )
    images: MediaReferences = Field(default=(), description="Photos: paths relative to the catalog's folder, or URLs.")
    audio: MediaReferences = Field(default=(), description="Recordings, likewise.")
    video: MediaReferences = Field(default=(), description="Videos, likewise.")
    stats: dict[str, FiniteFloat] = Field(
        default_factory=dict, description="Numbers on shoppers' behaviour by name, such as rating or sales."
    )

    @model_validator(mode="after")
    def _require_title_or_media(self) -> Self:
        if not (self.title or self.images or self.audio or self.video):
            raise ValueError("a product needs a title or at least one of images, audio, video")
        return self

    def media(self, modality: Modality) -> tuple[str, ...]:
        """The media references of a modality; empty for text."""
        return {"text": (), "image": self.images, "audio": self.audio, "video": self.video}[modality]

    def embedding_text(self) -> str:
        """The text for a text encoder: title, brand, category and description."""
        return product_text(self.title, self.brand, self.category, self.description)

    def attribute_text(self) -> str:
        """All attributes as one searchable text, such as `colour: red\\nwi fi: true`."""
        lines = (f"{key.replace('_', ' ').strip()}: {_to_text(value)}" for key, value in self.attributes.items())
        return "\n".join(lines)


def product_text(title: str, brand: str, category: tuple[str, ...], description: str) -> str:
    """The text of a product for a text encoder, most important first, because encoders truncate it."""
    head = title if not brand or brand.lower() in title.lower() else f"{brand} {title}"
    return ". ".join(part for part in (head, ", ".join(category), description) if part)


def digest(value: object) -> str:
    """A stable digest of a JSON-like value, 16 hex digits."""
    packed = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.blake2b(packed, digest_size=8).hexdigest()


def _to_text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_to_text(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
