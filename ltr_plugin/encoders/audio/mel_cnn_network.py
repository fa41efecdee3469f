"""A small convolutional network on log-mel spectrograms, with a text tower beside it, in one space.

Blocks of two 3 x 3 convolutions with batch normalisation, halved in between, as in the CNNs of PANNs (Kong et al. 2020,
https://arxiv.org/abs/1912.10211); what is heard is then both what it is like on the whole and at its strongest.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, relu

from ltr_plugin.encoders.audio.log_mel import MEL_BANDS

LOUDNESS_EXPONENT = 0.3
"""Heard loudness grows with this power of a sound's power (Stevens 1957, https://doi.org/10.1037/h0046162). In decibels
instead, the level of a background that is hardly heard would be most of what the network sees."""


@dataclass(frozen=True)
class MelShape:
    """How large the network is: channels of each block, the vectors' dimension and that of the text it is given."""

    channels: tuple[int, ...] = (16, 32, 64, 128)
    dimension: int = 128
    text_dimension: int = 384


class MelNetwork(nn.Module):
    """`audio` and `texts` make vectors, not yet of unit length; `logit_scale` is CLIP's learned temperature."""

    def __init__(self, shape: MelShape) -> None:
        super().__init__()
        self.shape = shape
        self.bands = nn.BatchNorm1d(MEL_BANDS)
        sizes = (1, *shape.channels)
        self.blocks = nn.ModuleList(_Block(before, after) for before, after in zip(sizes, shape.channels, strict=False))
        self.project = nn.Linear(2 * shape.channels[-1], shape.dimension)
        self.text_projection = nn.Linear(shape.text_dimension, shape.dimension)
        self.dropout = nn.Dropout(0.2)
        self.logit_scale = nn.Parameter(torch.tensor(10.0).log())

    def audio(self, decibels: torch.Tensor) -> torch.Tensor:
        """(n, dimension) from (n, frames, BANDS) decibels, 0 at most; n of at least 2 in training."""
        loudness = 10 ** (LOUDNESS_EXPONENT * decibels / 10)
        features = self.bands(loudness.transpose(1, 2)).transpose(1, 2)[:, None]
        features = features.contiguous(memory_format=torch.channels_last)
        for place, block in enumerate(self.blocks):
            features = block(avg_pool2d(features, 2) if place else features)
        over_time = features.mean(dim=3)
        pooled = torch.cat([over_time.mean(dim=2), over_time.amax(dim=2)], dim=1)
        vectors: torch.Tensor = self.project(self.dropout(pooled))
        return vectors

    def texts(self, embedded: torch.Tensor) -> torch.Tensor:
        """(n, dimension) from (n, text_dimension), the text's vectors from its own encoder."""
        vectors: torch.Tensor = self.text_projection(self.dropout(embedded))
        return vectors


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 2 if before == 1 else 1  # the plane is largest here, and costs most
        self.layers = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return relu(self.layers(features))
