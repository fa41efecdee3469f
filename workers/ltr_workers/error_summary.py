"""Why something has no vector, in no more words than the index finds again."""

from collections.abc import Iterable
from itertools import accumulate

from ltr_plugin.cluster.mapping import MAX_ERROR_LENGTH

SUMMARY_BYTES = MAX_ERROR_LENGTH - 100
"""Bytes of the reasons of one product: there are never fewer of them than characters. What is left is for `more`."""

HEAD_BYTES, TAIL_BYTES = 250, 150
"""Bytes that are kept of one long reason: it begins with what it is about, and ends with what is wrong."""


def summarize(reasons: Iterable[str]) -> str:
    """The reasons, each once; where they are too long together, as many as fit, and how many more there are."""
    said = [_cut(reason) for reason in dict.fromkeys(reasons)]
    fit = sum(length <= SUMMARY_BYTES for length in accumulate(len(_bytes(f"{one}; ")) for one in said))
    more = [f"and {len(said) - fit} more"] if fit < len(said) else []
    return "; ".join([*said[:fit], *more])


def _cut(reason: str) -> str:
    text = _bytes(reason)
    if len(text) <= HEAD_BYTES + TAIL_BYTES:
        return reason
    return " ... ".join(part.decode(errors="ignore") for part in (text[:HEAD_BYTES], text[-TAIL_BYTES:]))


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")  # the name of a file may be no text at all
