"""A small convolutional network on log-mel spectrograms, and a projection of text vectors into the same space.

Blocks of two 3 x 3 convolutions with batch normalisation and pooling in between, as in the CNNs of PANNs (Kong et al.
2020, https://arxiv.org/abs/1912.10211); then the mean and the maximum over the bands.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, relu

from ltr_plugin.encoders.audio.log_mel import MEL_BANDS

LOUDNESS_EXPONENT = 0.3
"""Perceived loudness is the sound's power to this exponent (Stevens 1957, https://doi.org/10.1037/h0046162). With
decibels as input, the level of a barely audible background would dominate."""


@dataclass(frozen=True)
class MelShape:
    """Sizes of the network: channels of each block, dimension of its vectors and of the text vectors it gets."""

    channels: tuple[int, ...] = (16, 32, 64, 128)
    dimension: int = 128
    text_dimension: int = 384


class MelNetwork(nn.Module):
    """`audio` and `texts` make vectors, not normalised; `logit_scale` is the log of a learned inverse temperature."""

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
        """float32 (n, dimension) from (n, frames, MEL_BANDS) decibels, at most 0; in training, n is at least 2."""
        loudness = 10 ** (LOUDNESS_EXPONENT * decibels / 10)
        features = self.bands(loudness.transpose(1, 2)).transpose(1, 2)[:, None]
        features = features.contiguous(memory_format=torch.channels_last)
        for number, block in enumerate(self.blocks):
            features = block(avg_pool2d(features, 2) if number else features)
        over_time = features.mean(dim=3)
        pooled = torch.cat([over_time.mean(dim=2), over_time.amax(dim=2)], dim=1)
        vectors: torch.Tensor = self.project(self.dropout(pooled))
        return vectors

    def texts(self, embedded: torch.Tensor) -> torch.Tensor:
        """float32 (n, dimension) from (n, text_dimension), the vectors of a text encoder."""
        vectors: torch.Tensor = self.text_projection(self.dropout(embedded))
        return vectors


class _Block(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 2 if before == 1 else 1  # the first plane is the largest, and costs most
        self.layers = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return relu(self.layers(features))
