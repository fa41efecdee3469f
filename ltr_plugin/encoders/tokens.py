"""Texts as tokens: made for many at once without padding, then padded, batch by batch, to the longest there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

MASK = "attention_mask"
"""The name under which tokenizers of transformers say what is padding: 0 there, 1 elsewhere."""

EVEN = 16
"""Attention is faster over columns in whole lots of so many, the float32 in the registers of a CPU: by an eighth to a
fifth for each of them."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a tokenizer made of many texts: `numbers` by name, those of one text behind those of the other and padding
    as the last of all; `also` is what it says of all texts at once."""

    numbers: Mapping[str, NDArray[np.int64]]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    padded_left: bool
    also: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text of many, by its row; `columns` is how many of these a batch should have for it."""

    made: Made
    row: int
    columns: int

    def __len__(self) -> int:
        return self.columns


def apart(made: Mapping[str, Any], tokenizer: Any, most: int) -> list[Tokens]:  # noqa: ANN401 - of transformers
    """The texts, one by one, of what this tokenizer made of them without padding: a list of numbers for each text, by
    name, MASK among them. A text that nearly fills its last lot of EVEN columns is given all of it, within `most`; none
    is cut."""
    counts = list(map(len, made[MASK]))
    lists = {name: value for name, value in made.items() if isinstance(value, list)}
    fillings = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    whole = Made(
        {
            name: np.fromiter(chain(chain.from_iterable(value), [fillings.get(name, 0)]), np.int64, sum(counts) + 1)
            for name, value in lists.items()
        },
        np.fromiter(accumulate(counts[:-1], initial=0), np.int64, len(counts)),
        np.array(counts),
        tokenizer.padding_side == "left",
        {name: value for name, value in made.items() if name not in lists},
    )
    return [Tokens(whole, row, min(_columns(count), max(count, most))) for row, count in enumerate(counts)]


def together(texts: Sequence[Tokens]) -> dict[str, Any]:
    """What the tokenizer would have made of these alone, padded: tensors (n, columns of the longest), by name. They are
    of one call of `apart`."""
    import torch

    made, rows = texts[0].made, [text.row for text in texts]
    columns = max(1, *map(len, texts))
    counts = made.counts[rows, None]
    places = np.arange(columns) - (columns - counts if made.padded_left else 0)
    places = np.where((places >= 0) & (places < counts), made.starts[rows, None] + places, -1)
    return {**{name: torch.from_numpy(numbers[places]) for name, numbers in made.numbers.items()}, **made.also}


def _columns(tokens: int) -> int:
    """Whole lots of EVEN where they are an eighth padding at most."""
    even = -(-tokens // EVEN) * EVEN
    return even if 8 * (even - tokens) <= even else tokens
