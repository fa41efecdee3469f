"""Search parameters: what a storefront sends to a search template, and what feature templates read.

Queries are encoded as products are, so a query vector has the name of the product field that is made in the same way:
`text_vector` and `image_text_vector` from the text, `image_vector` from the image. Any of them may be absent. Feature
templates read beside each a flag `has_...`, because they can branch on a boolean but not on a vector; a search template
derives the flags from what is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ltr_plugin.catalog.localized import LANGUAGE_PARAMETER


def flag_name(name: str) -> str:
    """The name of the boolean parameter that says whether a query has the parameter `name`."""
    return f"has_{name}"


def search_parameters(
    text: str | None, vectors: Mapping[str, Sequence[float]], language: str | None = None
) -> dict[str, object]:
    """The parameters of a query: its text, its vectors, and the code of its language if it states one."""
    stated = {LANGUAGE_PARAMETER: language} if language else {}
    return {"text": text or "", **stated, **{name: list(vector) for name, vector in vectors.items()}}


def feature_parameters(
    params: Mapping[str, Any], vector_names: Iterable[str], default_language: str | None = None
) -> dict[str, Any]:
    """The search parameters with a flag for the text and for each of `vector_names`, and a language where an index has
    several, as feature templates read them."""
    default = {LANGUAGE_PARAMETER: default_language} if default_language else {}
    flags = {flag_name(name): bool(params.get(name)) for name in ("text", *vector_names)}
    return {**default, **params, **flags}
