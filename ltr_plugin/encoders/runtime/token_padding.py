"""Texts as tokens: made for many at once without padding, then padded, batch by batch, to the longest there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

ATTENTION_MASK = "attention_mask"
"""The name under which tokenizers of transformers say what is padding: 0 there, 1 elsewhere."""

PAD_MULTIPLE = 16
"""Attention is faster over columns in whole lots of so many, the float32 in the registers of a CPU: by an eighth to a
fifth for each of them."""


@dataclass(frozen=True, slots=True)
class TokenizedTexts:
    """What a tokenizer made of many texts: `arrays` by name, those of one text behind those of the other and padding
    as the last of all; `extras` is what it says of all texts at once."""

    arrays: Mapping[str, NDArray[np.int64]]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    padded_left: bool
    extras: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text of many, by its row; `padded_length` is how many of these a batch should have for it."""

    tokenized: TokenizedTexts
    row: int
    padded_length: int

    def __len__(self) -> int:
        return self.padded_length


def split_tokens(tokenized: Mapping[str, Any], tokenizer: Any, max_tokens: int) -> list[Tokens]:  # noqa: ANN401 - of transformers
    """The texts, one by one, of what this tokenizer made of them without padding: a list of numbers for each text, by
    name, MASK among them. A text that nearly fills its last lot of EVEN columns is given all of it, within `max_tokens`; none
    is cut."""
    counts = list(map(len, tokenized[ATTENTION_MASK]))
    lists = {name: value for name, value in tokenized.items() if isinstance(value, list)}
    fillings = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    whole = TokenizedTexts(
        {
            name: np.fromiter(chain(chain.from_iterable(value), [fillings.get(name, 0)]), np.int64, sum(counts) + 1)
            for name, value in lists.items()
        },
        np.fromiter(accumulate(counts[:-1], initial=0), np.int64, len(counts)),
        np.array(counts),
        tokenizer.padding_side == "left",
        {name: value for name, value in tokenized.items() if name not in lists},
    )
    return [Tokens(whole, row, min(_columns(count), max(count, max_tokens))) for row, count in enumerate(counts)]


def pad_tokens(texts: Sequence[Tokens]) -> dict[str, Any]:
    """What the tokenizer would have made of these alone, padded: tensors (n, columns of the longest), by name. They are
    of one call of `split_tokens`."""
    import torch

    tokenized, rows = texts[0].tokenized, [text.row for text in texts]
    padded_length = max(1, *map(len, texts))
    counts = tokenized.counts[rows, None]
    places = np.arange(padded_length) - (padded_length - counts if tokenized.padded_left else 0)
    places = np.where((places >= 0) & (places < counts), tokenized.starts[rows, None] + places, -1)
    return {**{name: torch.from_numpy(arrays[places]) for name, arrays in tokenized.arrays.items()}, **tokenized.extras}


def _columns(tokens: int) -> int:
    """Whole lots of EVEN where they are an eighth padding at most."""
    even = -(-tokens // PAD_MULTIPLE) * PAD_MULTIPLE
    return even if 8 * (even - tokens) <= even else tokens
