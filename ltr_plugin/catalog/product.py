"""A product, as a catalog has it."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, create_model, model_validator

from ltr_plugin.catalog.localized import first_language
from ltr_plugin.catalog.references import MediaReferences
from ltr_plugin.catalog.reviews import Reviews
from ltr_plugin.catalog.stamp import Stamp
from ltr_plugin.catalog.values import (
    MAX_ATTRIBUTES,
    MAX_STATS,
    AttributeName,
    AttributeValue,
    Identifier,
    Keyword,
    Number,
    Released,
    Stat,
    StatName,
    Text,
)
from ltr_plugin.files import MAX_LINE_BYTES
from ltr_plugin.validation import StrictModel, shorten

Modality = Literal["text", "image", "audio", "video"]
MODALITIES: tuple[Modality, ...] = ("text", "image", "audio", "video")
Content = Modality | Literal["reviews"]
"""What vectors of a product are made of, each with a hash of its own; reviews are text."""

MEDIA_FIELDS: Mapping[Modality, str] = {"image": "images", "audio": "audio", "video": "video"}
"""The part of a product that holds the media of each modality."""

MAX_VARIANTS = 1000

MAX_PRODUCT_BYTES = MAX_LINE_BYTES
"""Bytes of a product as JSON, however it arrives: one of 50 MB takes all memory of a node with a heap of 512 MB."""


Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    Field(
        max_length=MAX_ATTRIBUTES,
        description="Properties by name, such as colour: text, numbers, or lists of them; integers of 64 bits.",
    ),
]


class Variant(StrictModel):
    """What a variant of a product has of its own, such as a size and its price; it is found as its product is."""

    id: Identifier = Field(description="Unique among the product's variants; at most 512 bytes in UTF-8, no blanks.")
    price: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="Price, 0 or more.")
    ean: tuple[Keyword, ...] = Field(default=(), description="Article numbers (EAN, GTIN).")
    attributes: Attributes = Field(default_factory=dict)


class Product(StrictModel):
    """One product. Only `id` and one of title or media are required. Media are paths beside the catalog, or URLs."""

    id: Identifier = Field(description="Unique in the index; at most 512 bytes in UTF-8, no blanks.")
    title: Text = Field(default="", description="Name, the most important text.")
    description: Text = Field(default="", description="Longer text.")
    brand: Text = Field(default="", description="Brand or maker.")
    model: Text = Field(default="", description="The maker's name or number of the product.")
    category: tuple[Text, ...] = Field(default=(), description="Category, the most general name first.")
    price: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="Price, 0 or more.")
    currency: Keyword = Field(default="", description="Currency of the price, such as EUR.")
    released: Released | None = Field(
        default=None, description="Date of release as ISO 8601 writes it, such as 2026-05-01."
    )
    ean: tuple[Keyword, ...] = Field(default=(), description="Article numbers (EAN, GTIN).")
    attributes: Attributes = Field(default_factory=dict)
    variants: tuple[Variant, ...] = Field(
        default=(),
        max_length=MAX_VARIANTS,
        description="Variants, such as sizes and colours, at most 1,000: `id`, and `price`, `ean` and `attributes` of "
        "their own.",
    )
    images: MediaReferences = Field(default=(), description="Photos: paths relative to the catalog's folder, or URLs.")
    audio: MediaReferences = Field(default=(), description="Recordings, likewise.")
    video: MediaReferences = Field(default=(), description="Videos, likewise.")
    reviews: Reviews = Field(
        default=(),
        description="Reviews, at most 1,000: each has a `text` of at most 10,000 characters, a `rating`, which is a "
        "number, or both. A plain text is a review without a rating.",
    )
    stats: dict[StatName, Stat] = Field(
        default_factory=dict,
        max_length=MAX_STATS,
        description="Numbers on shoppers' behaviour by name, such as rating or sales; at most 100, between -3.4e38 and "
        "3.4e38. A name has up to 64 letters, digits, `_` and `-`.",
    )
    changed: Stamp | None = Field(
        default=None,
        description="When the shop changed it: a time with its zone, such as 2026-05-01T12:00:00Z, or a number that "
        "grows. A change that is older than the product's last one is skipped.",
    )

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if not (self.title or self.images or self.audio or self.video):
            raise ValueError("a product needs a title or at least one of images, audio, video")
        ids = Counter(variant.id for variant in self.variants)
        if repeated := [id_ for id_, count in ids.items() if count > 1]:
            raise ValueError(
                f"two variants have the id {shorten(repeated[0])}; a product's variants need different ids"
            )
        size = len(self.model_dump_json().encode())
        if size > MAX_PRODUCT_BYTES:
            raise ValueError(f"the product has {size:,} bytes as JSON; shorten it to {MAX_PRODUCT_BYTES:,}")
        return self

    def media(self, modality: Modality) -> tuple[str, ...]:
        """The media references of a modality; empty for text."""
        return {"text": (), "image": self.images, "audio": self.audio, "video": self.video}[modality]

    def embedding_text(self) -> str:
        """The text for a text encoder: title, brand, category and description."""
        return product_text(self.title, self.brand, self.category, self.description)

    def attribute_text(self, *declared: Mapping[str, Any]) -> str:
        """All attributes, of variants too, and these `declared` values, of the product and of each variant, as one
        searchable text, each once, such as `colour: red\\nwi fi: true`."""
        attributes = (*declared, self.attributes, *(variant.attributes for variant in self.variants))
        pairs = (pair for one in attributes for pair in one.items())
        return "\n".join(dict.fromkeys(f"{key.replace('_', ' ').strip()}: {_to_text(value)}" for key, value in pairs))


def read_leniently(fields: Mapping[str, Any], type_: type[Product] = Product) -> Product:
    """The product in a document of the index, without the values that today's rules refuse, but with its id."""
    try:
        return type_.model_validate(fields)
    except ValidationError as error:
        wrong = {details["loc"][0] for details in error.errors(include_url=False) if details["loc"]}
        wrong.discard("id")
        lenient = _lenient(type_)
        return lenient.model_validate({name: value for name, value in fields.items() if name not in wrong})


@lru_cache(maxsize=64)
def _lenient(type_: type[Product]) -> type[Product]:
    """The type without its checks as a whole, and for any id: a shop's own index may have ids that ours may not."""
    unchecked: dict[str, Any] = {"_check_whole": model_validator(mode="after")(lambda self: self)}
    return create_model("LenientProduct", __base__=type_, __validators__=unchecked, id=(str, ...))


def product_text(title: str, brand: str, category: tuple[str, ...], description: str) -> str:
    """The text of a product for a text encoder, most important first, because encoders truncate it.

    Of parts in several languages it has the first that there is, which is that of the index's default language.
    """
    title, category, description = map(first_language, (title, category, description))
    head = title if not brand or brand.lower() in title.lower() else f"{brand} {title}"
    return ". ".join(part for part in (head, ", ".join(category), description) if part)


def digest(value: object) -> str:
    """A stable digest of a JSON-like value, 16 hex digits."""
    packed = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.blake2b(packed, digest_size=8).hexdigest()


def _to_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_to_text(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
