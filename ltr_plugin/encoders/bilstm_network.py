"""A bidirectional LSTM over a text's tokens, pooled by the maximum over time.

The architecture is that of Conneau et al. 2017, https://arxiv.org/abs/1705.02364. The tokens are CLIP's subwords, so
that no word of a query is unknown.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence


@dataclass(frozen=True)
class LstmShape:
    """Sizes of the network: `width` of a token's embedding, vectors of 2 * `hidden`, at most `tokens` of a text."""

    width: int = 64
    hidden: int = 128
    tokens: int = 64


class LstmNetwork(nn.Module):
    """Makes vectors of texts, not normalised; `logit_scale` is the log of CLIP's learned inverse temperature."""

    def __init__(self, shape: LstmShape) -> None:
        super().__init__()
        self.shape = shape
        self.pieces = nn.Embedding(_tokenizer().vocab_size, shape.width)
        self.lstm = nn.LSTM(shape.width, shape.hidden, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.logit_scale = nn.Parameter(torch.tensor(14.0).log())

    def forward(self, texts: list[list[int]]) -> torch.Tensor:
        """float32 (n, 2 * hidden) from n lists of token ids, none of them empty."""
        lengths = [len(tokens) for tokens in texts]
        ids = torch.tensor([token for tokens in texts for token in tokens], device=self.pieces.weight.device)
        embedded = self.dropout(self.pieces(ids)).split(lengths)
        states, _ = self.lstm(pack_sequence(embedded, enforce_sorted=False))
        padded, _ = pad_packed_sequence(states, batch_first=True, padding_value=float("-inf"))
        return padded.amax(dim=1)

    def tokens(self, text: str) -> list[int]:
        """The text's token ids, at most `shape.tokens`, ending in the end-of-text token."""
        tokenizer = _tokenizer()
        return [*tokenizer.encode(text)[: self.shape.tokens - 1], tokenizer.eot_token_id]


@cache
def _tokenizer() -> Any:  # noqa: ANN401
    from open_clip import SimpleTokenizer

    return SimpleTokenizer()
