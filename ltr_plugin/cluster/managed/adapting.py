"""Documents of one version of an index as another one has them, where their fields or languages differ."""

from collections.abc import Mapping
from typing import Any

from ltr_plugin.catalog.localized import LOCALIZED_PARTS, first_language, localized_texts
from ltr_plugin.catalog.product import Variant
from ltr_plugin.catalog.product_types import READERS
from ltr_plugin.catalog.schema import VARIANTS, CatalogSchema, FieldType
from ltr_plugin.errors import InputError, Problem


def are_alike(before: CatalogSchema, after: CatalogSchema) -> bool:
    """Whether documents are the same in indices of these schemas."""
    return (before.fields, before.nested, tuple(before.languages)) == (
        after.fields,
        after.nested,
        tuple(after.languages),
    )


def adapted(document: Mapping[str, Any], before: CatalogSchema, after: CatalogSchema) -> dict[str, Any]:
    """The document of an index of the schema `before` as one of the schema `after` has it.

    Texts are in its languages, values have the types that it declares, and objects only the keys that it does: another
    key would have the whole list refused later. InputError for a value that cannot have its new type, and for objects
    without their new key.
    """
    texts = (*LOCALIZED_PARTS, *(one.name for one in before.declared() if one.type == "text"))
    made = dict(localized_texts(document, texts, before.languages, after.languages))
    types: dict[str, FieldType] = {one.name: one.type for one in before.fields}
    changed = {one.name: one.type for one in after.fields if types.get(one.name, one.type) != one.type}
    problems: list[Problem] = []

    def read(name: str, value: object) -> object:
        if name not in changed or value is None:
            return value
        try:
            return _converted(value, changed[name])
        except ValueError as error:
            problems.append(Problem(f"$.{name}", f"{error}; update the product, or keep the field's type"))
            return None

    for one in after.declared():
        if one.name in made:
            made[one.name] = read(one.name, made[one.name])
    keys = {one.path: one.key for one in after.nested}
    for path in {VARIANTS, *keys} & made.keys():
        key = keys.get(path)
        known = {key, *(one.key for one in after.declared(path)), *(Variant.model_fields if path == VARIANTS else ())}
        words = [one.key for one in before.declared(path) if one.type == "text"]
        objects = [localized_texts(one, words, before.languages, after.languages) for one in made[path] or ()]
        made[path] = [
            {name: read(f"{path}.{name}", value) for name, value in one.items() if name in known} for one in objects
        ]
        if path != VARIANTS and key and any(one.get(key) is None for one in objects):
            problems.append(Problem(f"$.{path}", f"an object has no {key!r}; update the product, or keep the key"))
    if problems:
        raise InputError(f"product {document.get('id')}", problems)
    return made


def _converted(value: object, type_: FieldType) -> object:
    """The value, or each of a list, as one of this type; ValueError where it cannot be one."""
    if isinstance(value, Mapping) and type_ != "text":
        value = first_language(value)
    if isinstance(value, list):
        return [_converted(one, type_) for one in value]
    if type_ in ("keyword", "text") and not isinstance(value, str | Mapping):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    elif type_ == "number" and isinstance(value, str):
        value = _number(value)
    elif type_ == "boolean" and isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower(), value)
    return value if isinstance(value, Mapping) else _as_json(READERS[type_](value), value)


def _number(text: str) -> object:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _as_json(read: object, value: object) -> object:
    """What was read, as a document has it: a date is its text."""
    return read if isinstance(read, str | int | float) else value
