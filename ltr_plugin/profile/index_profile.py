"""Index profiles: what the fields of an index mean, be it one that this library makes or a shop's own."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from ltr_plugin.catalog.product import MEDIA_FIELDS, Product, digest, read_leniently
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.values import FieldPath
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.profile.filter_fields import FilterField, repeated_parameters
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.validation import StrictModel

PROFILE_VERSION = 1
"""Version of the form of profiles."""

DOCUMENT_ID = "_id"
"""The name of a document's own id."""

UNKNOWN = ("aggs", "aggregations", "filter", "query", "rescore", "sort")
"""Parts of a search's body that a caller may take for parameters."""

PARAMETERS = ("text", "size", "from", "filters", "facets", "highlight", "pins")
"""Search parameters of every index, beside those of its filters and vectors."""

PICK = "pick"
"""What Python and the command line call the keys by which a search picks objects; a template has each by its name."""

_RESERVED_KEY = re.compile(r"(filter|sort|has)_.*|.*_vector")
"""Names of other search parameters, and of flags that features read."""

BoostedField = Annotated[str, StringConstraints(pattern=r"^[^\s^*{}\"]+(\^\d+(\.\d+)?)?$", max_length=256)]
"""A field with its boost, as `multi_match` writes it, such as `title^2`."""


class ProductFields(StrictModel):
    """The field that holds each part of a product; None where the index has none."""

    id: FieldPath = Field(default=DOCUMENT_ID, description="Id of a product, in judgments too; a keyword field.")
    title: FieldPath | None = Field(default=None, description="Name.")
    description: FieldPath | None = Field(default=None, description="Longer text.")
    brand: FieldPath | None = Field(default=None, description="Brand or maker.")
    model: FieldPath | None = Field(default=None, description="The maker's name or number of the product.")
    category: FieldPath | None = Field(default=None, description="Category or categories.")
    price: FieldPath | None = Field(default=None, description="Price, a number.")
    currency: FieldPath | None = Field(default=None, description="Currency of the price.")
    stock: FieldPath | None = Field(default=None, description="How many can be sold, a number or true and false.")
    released: FieldPath | None = Field(default=None, description="Date of release: newer is greater.")
    group: FieldPath | None = Field(
        default=None,
        description="What the variants of one product have in common, where each is a document; a keyword field.",
    )
    images: FieldPath | None = Field(default=None, description="Paths or URLs of photos.")
    audio: FieldPath | None = Field(default=None, description="Paths or URLs of recordings.")
    video: FieldPath | None = Field(default=None, description="Paths or URLs of videos.")
    stats: FieldPath | None = Field(default=None, description="Object with numbers on shoppers' behaviour.")

    def product(self, id_: str, source: Mapping[str, Any]) -> Product:
        """The product of a document's `_source`, as far as its values are those of a product."""
        parts = {part: value_at(source, field) for part, field in self.fields().items()}
        many = {part: [value] for part, value in parts.items() if part in _LISTS and isinstance(value, str)}
        known = {part: value for part, value in (parts | many).items() if value is not None}
        return read_leniently({name: known[name] for name in known.keys() & Product.model_fields.keys()} | {"id": id_})

    def fields(self) -> dict[str, str]:
        """The field of each part that has one, but for the id."""
        return {part: field for part, field in self if part != "id" and field is not None}


_LISTS = ("category", *MEDIA_FIELDS.values())


class IndexProfile(CatalogSchema):
    """The meaning of an index's fields, as a file `index.yaml` states it.

    `vectors` are the vector fields that queries are compared with, each with the encoder that made it. The profile of
    an index of this library needs to state only what differs from its default.
    """

    version: int = Field(default=PROFILE_VERSION, ge=1, le=PROFILE_VERSION, description="Version of this form.")
    product: ProductFields = Field(default=ProductFields(), description="Field of each part of a product.")
    text_fields: tuple[BoostedField, ...] = Field(
        default=(),
        description="Fields that the first pass searches for the query's text, with boosts such as `title^2`.",
    )
    returned_fields: tuple[FieldPath, ...] = Field(default=(), description="Fields of a product that a search returns.")
    vectors: tuple[VectorField, ...] = Field(default=(), description="Vector fields with the encoders that made them.")
    first_pass: FirstPass = Field(default=FirstPass(), description="How candidates are found.")
    filters: tuple[FilterField, ...] = Field(default=(), description="Fields that shoppers filter, count and sort by.")
    media_root: str | None = Field(default=None, description="Folder of media that are named by a relative path.")

    @model_validator(mode="after")
    def _unique_parameters(self) -> Self:
        parameters = [vector.parameter for vector in self.vectors]
        if twice := next((name for name in parameters if parameters.count(name) > 1), None):
            raise ValueError(f"two vector fields are called {twice!r} as a parameter; leave one out")
        taken = {
            *PARAMETERS,
            *UNKNOWN,
            *(name for one in self.filters for name in (*one.parameters, one.sort_parameter)),
        }
        if both := next((name for name in parameters if name in taken), None):
            raise ValueError(
                f"{both!r} means something else in a search, so no vector field can be called that; leave it out"
            )
        if twice := next(repeated_parameters(self.filters), None):
            raise ValueError(f"two filters have the parameter {twice!r}; give one another name")
        for key in self.pick_keys:
            if key in {*taken, *parameters, PICK} or _RESERVED_KEY.fullmatch(key):
                raise ValueError(f"{key!r} means something else in a search, so no key of `nested` can be called that")
        return self

    @property
    def pick_keys(self) -> tuple[str, ...]:
        """The search parameters that pick an object of nested fields, such as `store`."""
        return tuple(dict.fromkeys(one.key for one in self.nested if one.key))

    @property
    def source_fields(self) -> tuple[str, ...]:
        """The fields of a document that a search returns: the stated ones, and those of the id and of the group."""
        group = (self.product.group,) if self.product.group else ()
        return tuple(dict.fromkeys((*self.returned_fields, *self.id_source, *group)))

    @property
    def id_source(self) -> tuple[str, ...]:
        """The fields of a document's `_source` that `product_id` needs."""
        return () if self.product.id == DOCUMENT_ID else (self.product.id,)

    def ids_query(self, ids: Iterable[str]) -> dict[str, Any]:
        """A query of the products of these ids."""
        return {"terms": {self.product.id: list(ids)}}

    def product_id(self, hit: Mapping[str, Any]) -> str:
        """The id of a search hit's product; its `_source` must have the field of the id, unless that is `_id`."""
        field = self.product.id
        return str(hit[DOCUMENT_ID] if field == DOCUMENT_ID else value_at(hit.get("_source", {}), field))

    def ranking(self, *, vectors: bool = True) -> dict[str, Any]:
        """What of the profile changes which products are found and how they score, as JSON.

        A ranker learned on candidates that this found, and from vectors of these encoders; what a page shows of a
        product is not in it. Options that have their default are left out, so that a new one changes nothing. Without
        `vectors`, it is that of a search by words alone.
        """
        boosts = (field.partition("^") for field in self.text_fields)
        first_pass = self.first_pass.model_dump(
            mode="json", exclude_defaults=True, exclude=set() if vectors else {"scales", "query"}
        )
        spaces = {one.name: {"source": one.source, "encoder": one.fingerprint.digest} for one in self.vectors}
        return {
            "text_fields": {path: float(boost or 1) for path, _, boost in boosts},
            "first_pass": first_pass,
            **({"vectors": spaces} if vectors else {}),
        }

    @property  # a cached one would go along with `model_copy`
    def digest(self) -> str:
        """16 hex digits of all that changes how products are ranked: of `ranking`."""
        return digest(self.ranking())


def value_at(source: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON
    """The value at a dotted path of a document, whose keys may have dots themselves; None where there is none."""
    if path in source:
        return source[path]
    for position, letter in enumerate(path):
        inner = source.get(path[:position]) if letter == "." else None
        if isinstance(inner, Mapping) and (value := value_at(inner, path[position + 1 :])) is not None:
            return value
    return None
