"""What the products of an index have beyond the standard parts, and how their text is analyzed, as a profile states."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from ltr_plugin.catalog.localized import LOCALIZED_PARTS
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.values import FieldPath, paths_above
from ltr_plugin.validation import StrictModel, shorten

FieldType = Literal["keyword", "text", "number", "date", "boolean"]

_DECLARED = re.compile(r"[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?")


def _declared_name(name: str) -> str:
    if not _DECLARED.fullmatch(name):
        raise ValueError(
            f"{shorten(name)} cannot be declared: a name has lower case letters a to z, digits and _, no umlauts; "
            "it begins with a letter and has at most 64 of them, likewise behind a dot, as in `variants.size`"
        )
    return name


DeclaredName = Annotated[str, AfterValidator(_declared_name)]
"""The name of a declared field, behind the nested field that it is in."""

LanguageCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,15}$")]

PICK_KEY = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
"""Keys of nested objects that are search parameters."""

VARIANTS = "variants"
"""The nested field of variants, which products of an index of this library have without its being declared."""

DELETED = "deleted"
"""The key of a line of a catalog, of an update and of an object in it that says that what it names goes."""

RESERVED = frozenset(
    {"attribute_text", "content_hash", DELETED, "embedding", "id", "long_attributes", "per_media", "shown_images"}
    | {"review_count", "review_rating", "review_text"}
)
"""Names of fields that an index of this library has of its own, beside those of a product."""


class DeclaredField(StrictModel):
    """A field that products have beyond the standard parts; its values are one, or a list of them."""

    name: DeclaredName = Field(
        description="Key of a product, such as `colour`, or of a variant or a value per store, such as `variants.size`."
    )
    type: FieldType = Field(description="keyword, text, number, date or boolean.")

    @property
    def parent(self) -> str | None:
        """The nested field that it is in, if any."""
        return self.name.rpartition(".")[0] or None

    @property
    def key(self) -> str:
        """Its own key, without that of the nested field."""
        return self.name.rpartition(".")[2]


class NestedField(StrictModel):
    """A list of objects, each of which is searched as one: variants, or prices and stock by store."""

    path: FieldPath = Field(description="Field of the objects, such as `stores`.")
    key: Annotated[str, StringConstraints(pattern=PICK_KEY)] | None = Field(
        default=None,
        description="Keyword in each object that tells them apart, such as `store`: the search parameter of this name "
        "picks one of them.",
    )

    @property
    def key_field(self) -> str | None:
        """The path of the key, if there is one."""
        return f"{self.path}.{self.key}" if self.key else None


class TextAnalysis(StrictModel):
    """How text is cut into words, beyond what the language says."""

    settings: Mapping[str, Any] = Field(default_factory=dict, description="Analyzers and filters of the shop's own.")
    fields: Mapping[FieldPath, str] = Field(default_factory=dict, description="Analyzer by field, such as `title`.")
    compound_words: tuple[str, ...] = Field(
        default=(), description="Words that compounds are made of; in a file, the path of a list of words."
    )
    synonyms: tuple[str, ...] = Field(
        default=(), description="Rules of synonyms in Solr's form; in a file, the path of a list of rules."
    )


def _by_code(languages: object) -> object:
    """Languages by code, in their order, from pairs too, as an index keeps them. (YAML reads `no`, Norwegian, as
    false.)"""
    if isinstance(languages, list) and all(isinstance(one, list) and len(one) == 2 for one in languages):
        languages = dict(languages)
    if isinstance(languages, Mapping):
        return {"no" if code is False else code: name for code, name in languages.items()}
    return languages


class CatalogSchema(StrictModel):
    """The declared fields of products, and the language of their text. An index of this library keeps it in `_meta`."""

    language: str = Field(default="english", description="Language of the text.")
    field_languages: Mapping[FieldPath, str] = Field(
        default_factory=dict, description="Language of single fields, such as `description: french`."
    )
    languages: Annotated[Mapping[LanguageCode, str], BeforeValidator(_by_code)] = Field(
        default_factory=dict,
        description="Languages of products with texts in several, by code, such as `de: german`; the first is that of "
        "a search without `language`.",
    )
    analysis: TextAnalysis = Field(default=TextAnalysis(), description="How text is cut into words.")
    fields: tuple[DeclaredField, ...] = Field(default=(), description="Fields of products beyond the standard parts.")
    nested: tuple[NestedField, ...] = Field(default=(), description="Lists of objects, such as prices by store.")

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [one.name for one in self.fields]
        paths = [one.path for one in self.nested]
        for what, entries in (("fields", names), ("nested fields", paths)):
            if twice := next((one for one in entries if entries.count(one) > 1), None):
                raise ValueError(f"two {what} are called {twice!r}; leave one out")
        for one in self.fields:
            if one.parent and one.parent not in (VARIANTS, *paths):
                raise ValueError(
                    f"{one.name!r} is below {one.parent!r}, which is not declared; add `nested: [{{path: "
                    f"{one.parent}}}]`, or write the name without a dot"
                )
            if one.parent is None and is_reserved(one.name):
                raise ValueError(f"{one.name!r} is a part that every product has, or a name of the index's own")
        keys = [*(one.key for one in self.fields if one.parent), *(one.key for one in self.nested)]
        if DELETED in keys:
            raise ValueError(f"{DELETED!r} says in an update that an object goes; give the field another name")
        known = {"id", "ean", *(one.key for one in self.declared(VARIANTS))}
        if wrong := next(
            (one.key for one in self.nested if one.path == VARIANTS and one.key not in {None, *known}), None
        ):
            raise ValueError(f"variants have no key {wrong!r}; declare it: `{VARIANTS}.{wrong}`, a keyword")
        if self.languages and self.language != "english":
            raise ValueError("`language` and `languages` cannot both be stated; leave `language` out")
        return self

    def declared(self, parent: str | None = None) -> tuple[DeclaredField, ...]:
        """The declared fields of a product itself, or of the objects of a nested field."""
        return tuple(one for one in self.fields if one.parent == parent)

    def is_localized(self, field: str) -> bool:
        """Whether products have this text in each of several languages."""
        declared = any(one.name == field and one.type == "text" for one in self.fields)
        return bool(self.languages) and (field in LOCALIZED_PARTS or declared)

    @property
    def default_language(self) -> str | None:
        """The code of the language of searches and of texts that state none; None without `languages`."""
        return next(iter(self.languages), None)

    def nested_of(self, field: str) -> NestedField | None:
        """The nested field that a field is in, if any; the profile of an index of this library names its variants."""
        known = {one.path: one for one in self.nested}
        return next((known[path] for path in reversed(paths_above(field)) if path in known), None)


SCHEMA_KEYS = tuple(CatalogSchema.model_fields)


def is_reserved(name: str) -> bool:
    """Whether a product has a part of this name, or the index a field of its own."""
    return name in RESERVED or name.endswith("_vector") or hasattr(Product, name) or name in Product.model_fields
