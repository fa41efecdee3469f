"""Search parameters: what a storefront sends to a search template, and what feature templates read.

Queries are encoded as products are, so a query vector has the name of the product field that is made in the same way:
`text_vector` and `image_text_vector` from the text, `image_vector` from the image. Any of them may be absent. For each,
a boolean `has_...` says whether it is present, because a template can branch on a boolean but not on a vector.
"""

from collections.abc import Iterable, Mapping, Sequence


def flag_name(name: str) -> str:
    """The name of the boolean parameter that says whether a query has the parameter `name`."""
    return f"has_{name}"


def search_parameters(
    text: str | None, vectors: Mapping[str, Sequence[float]], vector_names: Iterable[str]
) -> dict[str, object]:
    """The parameters of a query: its text, its `vectors`, and a flag for the text and for each of `vector_names`."""
    flags = {flag_name(name): name in vectors for name in vector_names}
    return {
        "text": text or "",
        flag_name("text"): bool(text),
        **flags,
        **{name: list(vectors[name]) for name in vectors},
    }
