"""Texts as tokens: made for many at once, then padded anew, batch by batch, to the longest there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MASK = "attention_mask"
"""The name under which tokenizers of transformers say what is padding: 0 there, 1 elsewhere."""


@dataclass(frozen=True)
class Tokens:
    """One text of many: `rows` are its own of what a tokenizer made of them by name, of which those in `padded` have a
    column a token; `length` is how many tokens are no padding."""

    rows: Mapping[str, Any]
    padded: frozenset[str]
    length: int

    def __len__(self) -> int:
        return self.length


def apart(made: Mapping[str, Any]) -> list[Tokens]:
    """The texts, one by one, of what a tokenizer made of them: tensors (n, columns), MASK among them, and what else it
    says of all."""
    mask = made[MASK]
    padded = frozenset(name for name, value in made.items() if getattr(value, "shape", None) == mask.shape)
    return [
        Tokens({name: value[row] if name in padded else value for name, value in made.items()}, padded, length)
        for row, length in enumerate(mask.sum(dim=1).tolist())
    ]


def together(texts: Sequence[Tokens]) -> dict[str, Any]:
    """What a tokenizer would have made of these alone, whichever side it pads."""
    import torch

    masks = torch.stack([text.rows[MASK] for text in texts])
    written = masks.any(dim=0).nonzero().flatten().tolist() or [0]
    kept = slice(written[0], written[-1] + 1)
    return {
        name: torch.stack([text.rows[name] for text in texts])[:, kept] if name in texts[0].padded else value
        for name, value in texts[0].rows.items()
    }
