"""What is wrong with the schema of an index that is yet to be made, but for what only the cluster knows."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.product import Variant
from ltr_plugin.catalog.schema import VARIANTS, CatalogSchema, is_reserved
from ltr_plugin.cluster.managed.analysis_check import analysis_problems
from ltr_plugin.cluster.managed.mapping import index_body, text_fields
from ltr_plugin.engines import OPENSEARCH
from ltr_plugin.errors import Problem
from ltr_plugin.validation import StrictModel

MAX_MAPPED = 850
"""Fields of a mapping, sub-fields counted: a cluster takes 1,000, and `stats` has up to 100, vectors the others."""

_NAME, _KEY = re.compile(r"[a-z][a-z0-9_]{0,63}"), re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OTHER_NAME = "choose another name"


def schema_problems(schema: CatalogSchema) -> list[Problem]:
    """All that is wrong with its names; or else with its languages, its analyzers and the number of its fields."""
    named = [*_field_names(schema), *_nested_names(schema)]
    return named or analysis_problems(schema, text_fields(schema)) or list(_too_many(schema))


def _field_names(schema: CatalogSchema) -> Iterator[Problem]:
    for position, one in enumerate(schema.fields):
        taken = hasattr(StrictModel, one.key) or one.key in StrictModel.model_fields
        if one.parent == VARIANTS:
            taken = taken or hasattr(Variant, one.key) or one.key in Variant.model_fields
        if one.parent and taken:
            what = "a part that every variant has, or " if one.parent == VARIANTS else ""
            yield Problem(f"$.fields[{position}].name", f"{one.name!r} is {what}no name of a field; {_OTHER_NAME}")


def _nested_names(schema: CatalogSchema) -> Iterator[Problem]:
    declared = {one.name: one for one in schema.fields}
    for position, one in enumerate(schema.nested):
        place = f"$.nested[{position}]"
        if one.path != VARIANTS:
            if not _NAME.fullmatch(one.path):
                yield Problem(f"{place}.path", f"{one.path!r} has more than lower-case letters, digits and `_`")
            elif is_reserved(one.path):
                reason = "is a part that every product has, or a name of the index's own"
                yield Problem(f"{place}.path", f"{one.path!r} {reason}; {_OTHER_NAME}")
            elif one.path in declared:
                yield Problem(f"{place}.path", f"{one.path!r} is the name of a field too; {_OTHER_NAME}")
        if one.key and (not _KEY.fullmatch(one.key) or hasattr(StrictModel, one.key)):
            yield Problem(f"{place}.key", f"{one.key!r} is no name of a key; {_OTHER_NAME}")
        elif one.key and (field := declared.get(f"{one.path}.{one.key}")) and field.type != "keyword":
            yield Problem(f"{place}.key", f"{field.name!r} is a {field.type}; a key is a keyword")


def _too_many(schema: CatalogSchema) -> Iterator[Problem]:
    body = index_body(OPENSEARCH, [], Path(), schema=schema)
    if (count := _mapped(body["mappings"]["properties"])) > MAX_MAPPED:
        reason = f"the index would have {count} fields, with sub-fields such as those of words; it takes {MAX_MAPPED}"
        yield Problem("$.fields", f"{reason}: declare what is filtered or searched, and put the rest into `attributes`")


def _mapped(properties: Mapping[str, Any]) -> int:
    """The number of fields as the cluster counts them, objects and sub-fields too."""
    members = (one for field in properties.values() for one in (field.get("properties"), field.get("fields")))
    return len(properties) + sum(_mapped(one) for one in members if one)
