"""A product's errors as one text that the index can search: its keyword field ignores longer ones."""

from collections.abc import Iterable
from itertools import accumulate

from ltr_plugin.cluster.managed.mapping import MAX_ERROR_LENGTH

SUMMARY_BYTES = MAX_ERROR_LENGTH - 100
"""Limit of one product's reasons; the rest is for `and N more`. A text has at least as many bytes as characters."""

HEAD_BYTES, TAIL_BYTES = 250, 150
"""Bytes kept of one long reason: it begins with its subject, and ends with what is wrong."""


def summarize(reasons: Iterable[str]) -> str:
    """The distinct reasons, joined by `; `: as many as fit, then how many more there are."""
    texts = [_cut(reason) for reason in dict.fromkeys(reasons)]
    fit = sum(length <= SUMMARY_BYTES for length in accumulate(len(_bytes(f"{text}; ")) for text in texts))
    more = [f"and {len(texts) - fit} more"] if fit < len(texts) else []
    return "; ".join([*texts[:fit], *more])


def _cut(reason: str) -> str:
    text = _bytes(reason)
    if len(text) <= HEAD_BYTES + TAIL_BYTES:
        return reason
    return " ... ".join(part.decode(errors="ignore") for part in (text[:HEAD_BYTES], text[-TAIL_BYTES:]))


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")  # a file name may not be valid text
