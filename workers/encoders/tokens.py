"""Texts as tokens: made for many at once, then padded anew, batch by batch, to the longest there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MASK = "attention_mask"
"""The name under which tokenizers of transformers say what is padding: 0 there, 1 elsewhere."""

EVEN = 16
"""Attention is faster over columns in whole lots of so many, the float32 in the registers of a CPU: by an eighth to a
fifth for each of them."""


@dataclass(frozen=True)
class Tokens:
    """One text of many: `rows` are its own of what a tokenizer made of them by name, of which those in `padded` have a
    column a token; `columns` is how many of these a batch should have for it."""

    rows: Mapping[str, Any]
    padded: frozenset[str]
    columns: int

    def __len__(self) -> int:
        return self.columns


def apart(made: Mapping[str, Any]) -> list[Tokens]:
    """The texts, one by one, of what a tokenizer made of them: tensors (n, columns), MASK among them, and what else it
    says of all. Where that has columns in lots of EVEN, a text that nearly fills its last lot is given all of it."""
    mask = made[MASK]
    padded = frozenset(name for name, value in made.items() if getattr(value, "shape", None) == mask.shape)
    return [
        Tokens(
            {name: value[row] if name in padded else value for name, value in made.items()},
            padded,
            min(_columns(tokens), mask.shape[1]),
        )
        for row, tokens in enumerate(mask.sum(dim=1).tolist())
    ]


def together(texts: Sequence[Tokens]) -> dict[str, Any]:
    """What a tokenizer would have made of these alone, whichever side it pads, in the columns of the longest."""
    import torch

    masks = torch.stack([text.rows[MASK] for text in texts])
    written = masks.any(dim=0).nonzero().flatten().tolist() or [0]
    columns = max(written[-1] + 1 - written[0], *map(len, texts))
    end = min(written[0] + columns, masks.shape[1])
    kept = slice(end - columns, end)
    return {
        name: torch.stack([text.rows[name] for text in texts])[:, kept] if name in texts[0].padded else value
        for name, value in texts[0].rows.items()
    }


def _columns(tokens: int) -> int:
    """Whole lots of EVEN where they are an eighth padding at most."""
    even = -(-tokens // EVEN) * EVEN
    return even if 8 * (even - tokens) <= even else tokens
