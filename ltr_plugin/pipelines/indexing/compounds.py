"""The words of a catalog, or of an index, that the parts of compounds are looked for in when a version is made."""

from collections.abc import Iterable
from dataclasses import replace

from ltr_plugin.catalog.changes import Change
from ltr_plugin.catalog.compounds import catalog_words
from ltr_plugin.catalog.languages import LANGUAGES
from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.schema import CatalogSchema
from ltr_plugin.cluster.managed.analysis_choices import compound_languages
from ltr_plugin.cluster.managed.documents import stored_product
from ltr_plugin.cluster.managed.index import ManagedIndex
from ltr_plugin.cluster.managed.versions import IndexOptions

PAGE_SIZE = 1000


def with_words(options: IndexOptions, schema: CatalogSchema, products: Iterable[Change]) -> IndexOptions:
    """The options with the words of these products, which are only read where the schema's language has compounds and
    the schema does not state what they are made of."""
    if options.words or not finds_parts(schema):
        return options
    codes = {code for code, language in schema.languages.items() if LANGUAGES[language].compounds}
    read = (one for one in products if isinstance(one, Product))
    return replace(options, words=tuple(catalog_words(read, codes)))


def finds_parts(schema: CatalogSchema) -> bool:
    """Whether the parts of compounds are looked for in products: a language has compounds, and no words are stated."""
    return bool(compound_languages(schema)) and not schema.analysis.compound_words


def products_of(index: ManagedIndex) -> Iterable[Product]:
    """The products of an index, without their vectors."""
    hits = index.scan({"match_all": {}}, page=PAGE_SIZE, source={"excludes": list(index.vector_names)})
    type_ = index.product_types.product
    return (stored_product(hit["_source"], type_).product for hit in hits)
