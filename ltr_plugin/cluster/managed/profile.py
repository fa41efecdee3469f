"""The profile of an index that this library makes: its default, and what a shop states otherwise."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from ltr_plugin.catalog.compounds import PARTS
from ltr_plugin.catalog.localized import LANGUAGE
from ltr_plugin.catalog.schema import SCHEMA_KEYS, VARIANTS, CatalogSchema, DeclaredField, NestedField
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.cluster.managed.analysis import COMPOUND_FIELDS, has_parts
from ltr_plugin.cluster.managed.mapping import is_managed
from ltr_plugin.cluster.managed.template_room import with_room
from ltr_plugin.profile.filter_fields import Facet, FilterField, FilterType
from ltr_plugin.profile.first_pass import SearchType
from ltr_plugin.profile.index_profile import IndexProfile, ProductFields

FACET_VALUES = 20
"""Values of a declared keyword that are counted, unless a profile states another facet."""

MAX_TEXT_FIELDS = 28
"""Fields that the first pass searches: each of the 32 words of a long text is a clause in each of them, and this leaves
room for filters below 1,024 clauses, a cluster's default limit."""

VARIANT_FIELD = NestedField(path=VARIANTS)
"""Variants, where a profile does not state a key for them."""

PRICE_RANGES = (10, 20, 50, 100, 200, 500, 1000)
"""Limits between the prices that are counted together, unless a profile states others."""

PROFILE = IndexProfile(
    product=ProductFields(
        id="id",
        title="title",
        description="description",
        brand="brand",
        model="model",
        category="category",
        price="price",
        currency="currency",
        released="released",
        images="images",
        audio="audio",
        video="video",
        stats="stats",
    ),
    text_fields=("title.stem", "brand", "model", "category.stem", "description.stem", "attribute_text.stem"),
    returned_fields=("id", "title", "brand", "price", "currency", "category", "shown_images", "variants"),
    filters=(
        FilterField(name="brand", field="brand.keyword", type="keyword", facet=Facet(terms=20)),
        FilterField(name="category", field="category.keyword", type="keyword", facet=Facet(terms=20)),
        FilterField(name="price", field="price", type="number", facet=Facet(ranges=PRICE_RANGES)),
        FilterField(name="released", field="released", type="date", facet=Facet(histogram="year")),
    ),
)
"""What the fields mean, but for the vectors and the media."""


def managed_schema(meta: Mapping[str, Any]) -> CatalogSchema:
    """The schema of an index with this `_meta`."""
    return CatalogSchema.model_validate(meta.get("schema", {}))


def managed_profile(meta: Mapping[str, Any], profile: IndexProfile | None = None) -> IndexProfile:
    """The profile of an index with this `_meta`, which `index_body` made.

    Its vectors, its media and its schema are its own; what `profile` leaves out is as `default_profile` has it. A field
    that `profile` states no filter for has the default one, if search templates have room for it (`with_room`).
    """
    schema = managed_schema(meta)
    stated = profile or IndexProfile()
    made = default_profile(schema, stated.filters)
    kept = _unstated(made, stated)
    product = stated.product.model_dump(exclude_defaults=True)
    own = {
        "vectors": tuple(VectorField.from_meta(entry) for entry in meta["vectors"]),
        "media_root": meta["media_root"],
        "product": made.product.model_copy(update=product),
        "text_fields": stated.text_fields or made.text_fields,
        "returned_fields": stated.returned_fields or made.returned_fields,
        "filters": (*stated.filters, *kept),
        "nested": made.nested,
        "first_pass": stated.first_pass.model_copy(
            update={"search_type": stated.first_pass.search_type or default_search_type(meta)}
        ),
    }
    whole = stated.model_copy(update={**{key: getattr(schema, key) for key in SCHEMA_KEYS}, **own})
    standard = {one.name for one in PROFILE.filters}
    return with_room(whole, [one for one in kept if one.name not in standard])


def default_search_type(meta: Mapping[str, Any]) -> SearchType | None:
    """The search type of an index with this `_meta` whose profile states none."""
    return "dfs_query_then_fetch" if meta.get("shards", 1) > 1 else None


def without_room(profile: IndexProfile, stated: IndexProfile) -> list[str]:
    """The default filters that the profile of an index lacks, beside the `stated` ones, and those without their facet:
    search templates have no room for them (`with_room`)."""
    kept = {one.field: one for one in profile.filters}
    made = _unstated(default_profile(profile, stated.filters), stated)
    lacking = [f"filter {one.name}" for one in made if one.field not in kept]
    plain = [one for one in made if one.facet and one.field in kept and not kept[one.field].facet]
    return [*lacking, *(f"facet {one.name}" for one in plain)]


def _unstated(made: IndexProfile, stated: IndexProfile) -> list[FilterField]:
    """The default filters whose field and name the stated ones leave alone."""
    taken = {one.field for one in stated.filters} | {one.name for one in stated.filters}
    return [one for one in made.filters if not {one.field, one.name} & taken]


def default_profile(schema: CatalogSchema, stated: Iterable[FilterField] = ()) -> IndexProfile:
    """PROFILE with the declared fields: text is searched, as far as MAX_TEXT_FIELDS, the others are filters, and all
    are returned. A declared `stock` is the stock of a product. Fields of nested objects are filters of their own key,
    such as `size`, or, where that is taken, by one of the `stated` filters too, of their path, such as `variants_size`.
    Text in several languages is searched and counted in that of the search, and returned in all."""
    declared = schema.declared()
    nested = schema.nested if any(one.path == VARIANTS for one in schema.nested) else (VARIANT_FIELD, *schema.nested)
    stock = next((one.name for one in declared if one.name == "stock" and one.type in ("number", "boolean")), None)
    text = [f"{one.name}.stem" for one in declared if one.type == "text"]

    def named(field: str) -> str:
        name, dot, subfield = field.partition(".")
        return f"{name}.{LANGUAGE}{dot}{subfield}" if schema.is_localized(name) else field

    parts = {part: named(field) for part, field in PROFILE.product.fields().items()}
    compounds = [f"{field}.{PARTS}" for field in COMPOUND_FIELDS if has_parts(schema, field)]
    stated = tuple(stated)
    filters = [
        *(one.model_copy(update={"field": named(one.field)}) for one in PROFILE.filters),
        *(_filter(one, one.key) for one in declared if one.type != "text"),
    ]
    for one in (one for path in nested for one in schema.declared(path.path) if one.type != "text"):
        names = (one.key, f"{one.parent}_{one.key}"[:64])
        parameters = {name for other in (*stated, *filters) for name in (other.name, *other.parameters)}
        free = [_filter(one, name) for name in names]
        filters += [each for each in free if not parameters & {each.name, *each.parameters}][:1]
    return PROFILE.model_copy(
        update={
            "product": PROFILE.product.model_copy(update={**parts, "stock": stock}),
            "text_fields": tuple(map(named, (*PROFILE.text_fields, *compounds, *text)))[:MAX_TEXT_FIELDS],
            "returned_fields": tuple(
                dict.fromkeys(
                    (*PROFILE.returned_fields, *(one.name for one in declared), *(one.path for one in nested))
                )
            ),
            "filters": tuple(filters),
            "nested": nested,
        }
    )


def _filter(field: DeclaredField, name: str) -> FilterField:
    facet = Facet(terms=FACET_VALUES) if field.type in ("keyword", "boolean") else None
    return FilterField(name=name, field=field.name, type=cast("FilterType", field.type), facet=facet)


def effective_profile(name: str, meta: Mapping[str, Any], profile: IndexProfile | None) -> IndexProfile | None:
    """What an index of this name and `_meta` is read by when `profile` is stated for it; None for a shop's own index
    for which none is stated. InputError as of `is_managed`."""
    return managed_profile(meta, profile) if is_managed(name, meta) else profile
