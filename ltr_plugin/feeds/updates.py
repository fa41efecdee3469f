"""What a feed changes as updates: the parts that its mapping names."""

from typing import Any

from ltr_plugin.feeds.mapping import FeedMapping
from ltr_plugin.feeds.row import REGULAR_PRICE


def keep_named(product: dict[str, Any], mapping: FeedMapping) -> None:
    """Removes from an update what only said which variants there are: it is not to change.

    A variant of which nothing changes is not in the update.
    """
    stated = (*mapping.columns.values(), *mapping.options.values())
    named = {rule.to.removeprefix("variants.") for rule in stated if rule}
    if "sale_price" in named:
        named |= {"price", f"attributes.{REGULAR_PRICE}"}
    if "title" in named:
        named.add("attributes.title")
    if attributes := _named_attributes(product, named):
        product["attributes"] = attributes
    variants = [_named_parts(variant, named) for variant in product.pop("variants", ())]
    if changed := [variant for variant in variants if variant.keys() != {"id"}]:
        product["variants"] = changed


def _named_parts(variant: dict[str, Any], named: set[str]) -> dict[str, Any]:
    attributes = _named_attributes(variant, named)
    parts = {name: value for name, value in variant.items() if name == "id" or name in named}
    return {**parts, "attributes": attributes} if attributes else parts


def _named_attributes(holder: dict[str, Any], named: set[str]) -> dict[str, Any]:
    return {name: value for name, value in holder.pop("attributes", {}).items() if f"attributes.{name}" in named}
