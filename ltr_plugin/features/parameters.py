"""The parameters of a search: what a storefront sends, and what feature templates read.

A query is encoded just as a product is, so a query vector has the name of the product field made the same way:
`text_vector` and `image_text_vector` from the typed words, `image_vector` from the photo. Any of them may be absent;
a boolean `has_...` beside each says so, since a template can branch on a flag but not on a vector.
"""

from collections.abc import Iterable, Mapping, Sequence

Parameters = Mapping[str, str | bool | Sequence[float]]


def flag_of(name: str) -> str:
    """The name of the flag that says whether a query has `name`."""
    return f"has_{name}"


def parameters(text: str | None, vectors: Mapping[str, Sequence[float]], known: Iterable[str]) -> dict[str, object]:
    """What a search sends: the text, the vectors at hand, and a flag for the text and every `known` vector."""
    flags = {flag_of(name): name in vectors for name in known}
    return {"text": text or "", flag_of("text"): bool(text), **flags, **{name: list(vectors[name]) for name in vectors}}
