"""Texts as tokens: made for many at once, then padded anew, batch by batch, to the longest there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MASK = "attention_mask"
"""The name under which tokenizers of transformers say what is padding: 0 there, 1 elsewhere."""

EVEN = 16
"""Attention is faster over columns in whole lots of so many, the float32 in the registers of a CPU: by an eighth to a
fifth for each of them."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text of many: a row of what a tokenizer made of them all, by name; `columns` is how many of these a batch
    should have for it."""

    made: Mapping[str, Any]
    row: int
    columns: int

    def __len__(self) -> int:
        return self.columns


def apart(made: Mapping[str, Any]) -> list[Tokens]:
    """The texts, one by one, of what a tokenizer made of them: tensors (n, columns), MASK among them, and what else it
    says of all. Where that has columns in lots of EVEN, a text that nearly fills its last lot is given all of it."""
    most = made[MASK].shape[1]
    return [Tokens(made, row, min(_columns(tokens), most)) for row, tokens in enumerate(made[MASK].sum(dim=1).tolist())]


def together(texts: Sequence[Tokens]) -> dict[str, Any]:
    """What a tokenizer would have made of these alone, whichever side it pads, in the columns of the longest. They are
    of one call of `apart`."""
    import torch

    made = texts[0].made
    mask, rows = made[MASK], torch.tensor([text.row for text in texts])
    written = mask[rows].any(dim=0).nonzero().flatten().tolist() or [0]
    columns = max(written[-1] + 1 - written[0], *map(len, texts))
    end = min(written[0] + columns, mask.shape[1])
    return {
        name: value[:, end - columns : end][rows] if getattr(value, "shape", None) == mask.shape else value
        for name, value in made.items()
    }


def _columns(tokens: int) -> int:
    """Whole lots of EVEN where they are an eighth padding at most."""
    even = -(-tokens // EVEN) * EVEN
    return even if 8 * (even - tokens) <= even else tokens
