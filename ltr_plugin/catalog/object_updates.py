"""Updates of the objects of a product, such as its variants or its stock by store: each is named by its key."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, create_model

from ltr_plugin.catalog.product import MAX_VARIANTS, Variant
from ltr_plugin.catalog.values import MAX_ATTRIBUTES, AttributeName, AttributeValue, Identifier
from ltr_plugin.validation import StrictModel, shorten

VARIANT_KEY = "id"

AttributeUpdates = Annotated[dict[AttributeName, AttributeValue | None], Field(max_length=MAX_ATTRIBUTES)]
"""New values of some attributes; None removes one."""


def variant_updates(members: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - a type
    """The type of updates of variants, which have these `members` beyond the standard ones."""
    types = {**field_types(Variant), "attributes": AttributeUpdates}
    standard = {name: (type_, None) for name, type_ in types.items()}
    return object_updates(VARIANT_KEY, Identifier, {**standard, **(members or {})})


def field_types(model: type[StrictModel]) -> dict[str, Any]:
    """The types of the fields of a model, by name."""
    return {
        name: Annotated[one.annotation, *one.metadata] if one.metadata else one.annotation
        for name, one in model.model_fields.items()
    }


def object_updates(key: str, key_type: Any, members: Mapping[str, Any]) -> Any:  # noqa: ANN401 - types
    """The type of updates of objects that this key tells apart. A member that is None is removed, and with `deleted`
    the object itself."""
    optional: dict[str, Any] = {name: (type_ | None, None) for name, (type_, _) in members.items()}
    fields = {**optional, key: (key_type, ...), "deleted": (StrictBool, False)}
    return objects_of(create_model("ObjectUpdate", __base__=StrictModel, **fields), key)


def objects_of(type_: type[StrictModel], key: str | None) -> Any:  # noqa: ANN401 - a type
    """The type of a list of objects of this type, each with another key, where they have one."""
    bounded = Annotated[tuple[type_, ...], Field(max_length=MAX_VARIANTS)]  # type: ignore[valid-type]
    return Annotated[bounded, AfterValidator(_distinct(key))] if key else bounded


def _distinct(key: str) -> Any:  # noqa: ANN401 - a validator
    """A validator of objects, no two of which have the same key."""

    def checked(objects: tuple[Any, ...]) -> tuple[Any, ...]:
        counts = Counter(getattr(one, key) for one in objects)
        if twice := next((one for one, count in counts.items() if count > 1), None):
            raise ValueError(f"two objects have the {key} {shorten(twice)}; leave one out")
        return objects

    return checked


def changed_objects(
    objects: Iterable[Mapping[str, Any]], updates: Iterable[Mapping[str, Any]], key: str
) -> list[dict[str, Any]]:
    """The objects, as JSON, with these updates: one whose key none of them has is added at the end."""
    by_key = {one.get(key): dict(one) for one in objects}
    for update in updates:
        values = {name: value for name, value in update.items() if name != "deleted"}
        if update.get("deleted"):
            by_key.pop(update[key], None)
        else:
            by_key[update[key]] = merge_patch(by_key.get(update[key], {}), values)
    return list(by_key.values())


def merge_patch(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the values of a merge patch (RFC 7396)."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name) or {}, value) if isinstance(value, dict) else value
    return merged
