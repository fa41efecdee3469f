"""Ids of variants that a feed tells apart by their options alone."""

import re
from collections.abc import Mapping
from typing import Any


def name_variants(product_id: str, variants: list[dict[str, Any]], types: Mapping[str, str]) -> None:
    """Gives a variant without a SKU, or with that of another one with other options, an id of its options."""
    taken: set[str] = set()
    known: list[Any] = []
    for number, variant in enumerate(variants, start=1):
        declared = {name: value for name, value in variant.items() if types.get(f"variants.{name}") == "keyword"}
        attributes = {**declared, **variant.get("attributes", {})}
        id_ = "-".join(str(variant.get("id", "")).split())
        if not id_ or (id_ in taken and attributes not in known):
            options = "-".join(str(value) for value in attributes.values() if isinstance(value, str))
            slug = re.sub(r"[^\w]+", "-", options.lower()).strip("-")
            id_ = f"{product_id}-{slug or number}"
            id_ = f"{id_}-{number}" if id_ in taken else id_
        variant["id"] = id_
        taken.add(id_)
        known.append(attributes)
