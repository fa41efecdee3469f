"""Texts as tokens: tokenized all at once without padding, then padded to the longest text of each batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

ATTENTION_MASK = "attention_mask"
"""Key of the tokenizers of transformers for the mask: 0 for padding, 1 elsewhere."""

PAD_MULTIPLE = 16
"""Attention is 12 to 20 % faster over a multiple of this many columns: the float32 numbers in a CPU's register."""


@dataclass(frozen=True, slots=True)
class TokenizedTexts:
    """A tokenizer's output for many texts: `arrays` by name, the texts one after another, then one padding value.

    Text i is at `starts[i]`, with `counts[i]` tokens. `extras` holds what the tokenizer returns for all texts at once.
    """

    arrays: Mapping[str, NDArray[np.int64]]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    padded_left: bool
    extras: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text, the given `row` of many; a batch should have `padded_length` columns for it."""

    tokenized: TokenizedTexts
    row: int
    padded_length: int

    def __len__(self) -> int:
        return self.padded_length


def split_tokens(tokenized: Mapping[str, Any], tokenizer: Any, max_tokens: int) -> list[Tokens]:  # noqa: ANN401 - of transformers
    """The texts one by one, from a tokenizer's output without padding: by name, a list of numbers for each text.

    ATTENTION_MASK must be among the names. A text whose length is nearly a multiple of PAD_MULTIPLE is padded to it,
    within `max_tokens`; none is truncated.
    """
    counts = list(map(len, tokenized[ATTENTION_MASK]))
    lists = {name: value for name, value in tokenized.items() if isinstance(value, list)}
    fillings = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    all_texts = TokenizedTexts(
        {
            name: np.fromiter(chain(chain.from_iterable(value), [fillings.get(name, 0)]), np.int64, sum(counts) + 1)
            for name, value in lists.items()
        },
        np.fromiter(accumulate(counts[:-1], initial=0), np.int64, len(counts)),
        np.array(counts),
        tokenizer.padding_side == "left",
        {name: value for name, value in tokenized.items() if name not in lists},
    )
    return [Tokens(all_texts, row, min(_columns(count), max(count, max_tokens))) for row, count in enumerate(counts)]


def pad_tokens(texts: Sequence[Tokens]) -> dict[str, Any]:
    """The tokenizer's padded output for these texts: int64 tensors (n, columns of the longest) by name.

    The texts must come from one call of `split_tokens`.
    """
    import torch

    tokenized, rows = texts[0].tokenized, [text.row for text in texts]
    padded_length = max(1, *map(len, texts))
    counts = tokenized.counts[rows, None]
    offsets = np.arange(padded_length) - (padded_length - counts if tokenized.padded_left else 0)
    positions = np.where((offsets >= 0) & (offsets < counts), tokenized.starts[rows, None] + offsets, -1)
    return {
        **{name: torch.from_numpy(arrays[positions]) for name, arrays in tokenized.arrays.items()},
        **tokenized.extras,
    }


def _columns(tokens: int) -> int:
    """The next multiple of PAD_MULTIPLE, if at most an eighth of it is padding."""
    multiple = -(-tokens // PAD_MULTIPLE) * PAD_MULTIPLE
    return multiple if 8 * (multiple - tokens) <= multiple else tokens
