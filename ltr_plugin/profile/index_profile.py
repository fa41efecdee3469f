"""Index profiles: what the fields of an index mean, be it one that this library makes or a shop's own."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from ltr_plugin.catalog.localized import (
    LANGUAGE,
    LANGUAGE_PARAMETER,
    LocalizedPath,
    in_language,
    in_languages,
    template_tag,
)
from ltr_plugin.catalog.product import MEDIA_FIELDS, Product, digest, read_leniently
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.catalog.values import FieldPath
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.profile.filter_fields import FilterField, repeated_parameters
from ltr_plugin.profile.first_pass import FirstPass
from ltr_plugin.validation import StrictModel, shorten

PROFILE_VERSION = 1
"""Version of the form of profiles."""

DOCUMENT_ID = "_id"
"""The name of a document's own id."""

UNKNOWN = ("aggs", "aggregations", "filter", "query", "rescore", "sort")
"""Parts of a search's body that a caller may take for parameters."""

PARAMETERS = ("text", "size", "from", "filters", "facets", "highlight", "pins", LANGUAGE_PARAMETER)
"""Search parameters of every index, beside those of its filters and vectors."""

PICK = "pick"
"""What Python and the command line call the keys by which a search picks objects; a template has each by its name."""

_RESERVED_KEY = re.compile(r"(filter|sort|has)_.*|.*_vector")
"""Names of other search parameters, and of flags that features read."""

BoostedField = Annotated[
    str, StringConstraints(pattern=r"^(\{language\}|[^\s^*{}\"])+(\^\d+(\.\d+)?)?$", max_length=256)
]
"""A field with its boost, as `multi_match` writes it, such as `title^2`."""

_BOOST = re.compile(r"\^([\d.]+)$")


class ProductFields(StrictModel):
    """The field that holds each part of a product; None where the index has none."""

    id: FieldPath = Field(default=DOCUMENT_ID, description="Id of a product, in judgments too; a keyword field.")
    title: LocalizedPath | None = Field(default=None, description="Name.")
    description: LocalizedPath | None = Field(default=None, description="Longer text.")
    brand: LocalizedPath | None = Field(default=None, description="Brand or maker.")
    model: LocalizedPath | None = Field(default=None, description="The maker's name or number of the product.")
    category: LocalizedPath | None = Field(default=None, description="Category or categories.")
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

    def product(self, id_: str, source: Mapping[str, Any], codes: Iterable[str] = ()) -> Product:
        """The product of a document's `_source`, as far as its values are those of a product; each text in the first
        of the languages of these codes that it has."""
        codes = list(codes)
        parts = {part: _localized_value(source, field, codes) for part, field in self.fields().items()}
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
    returned_fields: tuple[LocalizedPath, ...] = Field(
        default=(), description="Fields of a product that a search returns."
    )
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

    @property
    def boosts(self) -> dict[str, float]:
        """The text fields with their boosts."""
        return {
            _BOOST.sub("", one): float(found[1]) if (found := _BOOST.search(one)) else 1.0 for one in self.text_fields
        }

    @property
    def part_fields(self) -> list[str]:
        """The fields of the parts of a product, in all languages."""
        fields = self.product.fields().values()
        return list(dict.fromkeys(one for field in fields for one in in_languages(field, self.languages)))

    def in_language(self, code: str | None = None) -> Self:
        """The profile with its fields in the language of a code, by default the default one."""
        code = code or self.default_language
        if code is None:
            return self
        product = {part: in_language(field, code) for part, field in self.product if field}
        query = self.first_pass.query and in_language(self.first_pass.query, code)
        filters = (one.model_copy(update={"field": in_language(one.field, code)}) for one in self.filters)
        changed = {
            "product": self.product.model_copy(update=product),
            "text_fields": tuple(in_language(one, code) for one in self.text_fields),
            "returned_fields": tuple(in_language(one, code) for one in self.returned_fields),
            "filters": tuple(filters),
            "first_pass": self.first_pass.model_copy(update={"query": query}),
        }
        return self.model_copy(update=changed)

    def for_template(self) -> Self:
        """The profile with its fields as a search template has them, in the language that a search states."""
        return self.in_language(template_tag(self.default_language)) if self.default_language else self

    @property
    def localized_text_field(self) -> str | None:
        """A text field that comes once in each language, if there is one."""
        return next((field for field in self.boosts if LANGUAGE in field), None)

    def language_problem(self, code: str | None) -> str | None:
        """Why a search cannot be in the language of this code, if it cannot."""
        if code is None or code in self.languages:
            return None
        known = ", ".join(self.languages)
        return f"{shorten(code)} is no language of the profile; " + (f"it has {known}" if known else "it states none")

    def read_product(self, id_: str, source: Mapping[str, Any], language: str | None = None) -> Product:
        """The product of a document's `_source`, its texts in the language of this code, or else in the first of the
        profile that it has."""
        return self.product.product(id_, source, (*filter(None, (language,)), *self.languages))

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
        first_pass = self.first_pass.model_dump(
            mode="json", exclude_defaults=True, exclude=set() if vectors else {"scales", "query"}
        )
        spaces = {one.name: {"source": one.source, "encoder": one.fingerprint.digest} for one in self.vectors}
        return {
            "text_fields": self.boosts,
            **({"default_language": self.default_language} if self.default_language else {}),
            "first_pass": first_pass,
            **({"vectors": spaces} if vectors else {}),
        }

    @property  # a cached one would go along with `model_copy`
    def digest(self) -> str:
        """16 hex digits of all that changes how products are ranked: of `ranking`."""
        return digest(self.ranking())


def _localized_value(source: Mapping[str, Any], field: str, codes: Iterable[str]) -> Any:  # noqa: ANN401 - any JSON
    """The value of a field in the first of these languages in which there is one."""
    if LANGUAGE not in field:
        return value_at(source, field)
    return next((value for path in in_languages(field, codes) if (value := value_at(source, path))), None)


def value_at(source: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON
    """The value at a dotted path of a document, whose keys may have dots themselves; None where there is none."""
    if path in source:
        return source[path]
    for position, letter in enumerate(path):
        inner = source.get(path[:position]) if letter == "." else None
        if isinstance(inner, Mapping) and (value := value_at(inner, path[position + 1 :])) is not None:
            return value
    return None
