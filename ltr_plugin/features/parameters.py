"""The parameters of a search: what a storefront sends, and what feature templates read.

A query is encoded just as a product is, so a query vector has the name of the product field made the same way:
`text_vector` and `image_text_vector` from the typed words, `image_vector` from the photo. Any of them may be absent;
a boolean `has_...` beside each says so, since a template can branch on a flag but not on a vector.
"""

from collections.abc import Iterable, Mapping, Sequence

SearchParameters = Mapping[str, str | bool | Sequence[float]]


def flag_name(name: str) -> str:
    """The name of the flag that says whether a query has `name`."""
    return f"has_{name}"


def search_parameters(
    text: str | None, vectors: Mapping[str, Sequence[float]], vector_names: Iterable[str]
) -> dict[str, object]:
    """What a search sends: the text, the vectors at hand, and a flag for the text and every `vector_names` vector."""
    flags = {flag_name(name): name in vectors for name in vector_names}
    return {
        "text": text or "",
        flag_name("text"): bool(text),
        **flags,
        **{name: list(vectors[name]) for name in vectors},
    }
