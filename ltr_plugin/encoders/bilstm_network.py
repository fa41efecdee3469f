"""A bidirectional LSTM over a text's pieces: what both directions say of it, at its strongest.

Maximum over time as in Conneau et al. 2017, https://arxiv.org/abs/1705.02364; pieces of words as in CLIP, so that no
word of a query is unknown.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence


@dataclass(frozen=True)
class LstmShape:
    """How large the network is: its vectors have twice `hidden` numbers. Of a text, `tokens` are read."""

    width: int = 64
    hidden: int = 128
    tokens: int = 64


class LstmNetwork(nn.Module):
    """Vectors of texts, not yet of unit length; `logit_scale` is CLIP's learned temperature."""

    def __init__(self, shape: LstmShape) -> None:
        super().__init__()
        self.shape = shape
        self.pieces = nn.Embedding(_tokenizer().vocab_size, shape.width)
        self.lstm = nn.LSTM(shape.width, shape.hidden, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.logit_scale = nn.Parameter(torch.tensor(14.0).log())

    def forward(self, texts: list[list[int]]) -> torch.Tensor:
        """(n, 2 * hidden) from lists of token ids, none of them empty."""
        lengths = [len(tokens) for tokens in texts]
        ids = torch.tensor([token for tokens in texts for token in tokens], device=self.pieces.weight.device)
        embedded = self.dropout(self.pieces(ids)).split(lengths)
        states, _ = self.lstm(pack_sequence(embedded, enforce_sorted=False))
        padded, _ = pad_packed_sequence(states, batch_first=True, padding_value=float("-inf"))
        return padded.amax(dim=1)

    def tokens(self, text: str) -> list[int]:
        """The text's token ids, the end-of-text one last."""
        tokenizer = _tokenizer()
        return [*tokenizer.encode(text)[: self.shape.tokens - 1], tokenizer.eot_token_id]


@cache
def _tokenizer() -> Any:  # noqa: ANN401
    from open_clip import SimpleTokenizer

    return SimpleTokenizer()
