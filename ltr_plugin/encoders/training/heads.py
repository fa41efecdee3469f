"""Trained projections of two towers' vectors into one space, and what both kinds of training make of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import dropout, normalize

from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders.aligned import Alignment, Projection
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.training.batches import Batch
from ltr_plugin.encoders.training.examples import Examples
from ltr_plugin.encoders.training.fitting import Optimizer
from ltr_plugin.encoders.training.loss import batch_loss, learned_scale

DIMENSION = 256

MIN_STD = 1e-4
"""The least standard deviation that vectors are scaled by."""

PHOTO_SCALE = 10.0
"""Inverse temperature between photos; between photos and text it is learned, as in CLIP."""

RATE = 2e-3

DROPPED = 0.1
"""Share of a photo's features that a step leaves out: no view of the photo is another one here."""


class ProjectionHead(nn.Module):
    """A linear layer on a tower's vectors, which are centred and scaled to a variance of 1 first."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, vectors: torch.Tensor, dimension: int = DIMENSION) -> None:
        """`vectors` (n, tower's dimension) are those to centre and scale by."""
        super().__init__()
        self.register_buffer("mean", vectors.mean(dim=0))
        # vectors that hardly differ, such as those of one text, would be scaled until only rounding is left
        self.register_buffer("scale", 1 / vectors.std(dim=0, correction=0).mean().clamp(min=MIN_STD))
        self.linear = nn.Linear(vectors.shape[1], dimension)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Unit vectors (n, dimension)."""
        return normalize(self.linear((vectors - self.mean) * self.scale), dim=-1)

    def projection(self) -> Projection:
        """The same map in one weight and one bias."""
        with torch.no_grad():
            weight = self.linear.weight * self.scale
            bias = self.linear.bias - weight @ self.mean
        return Projection(weight.cpu().numpy(), bias.cpu().numpy())

    def load(self, projection: Projection) -> None:
        """Takes over a map that `projection` gave, of this head or another one."""
        with torch.no_grad():
            weight = torch.from_numpy(projection.weight).to(self.mean.device)
            self.linear.weight.copy_(weight / self.scale)
            self.linear.bias.copy_(torch.from_numpy(projection.bias).to(self.mean.device) + weight @ self.mean)


class ProjectionHeads(nn.Module):
    """The heads of the photo and the text tower, and the temperature between photos and text."""

    def __init__(self, photos: torch.Tensor, texts: torch.Tensor) -> None:
        """The vectors of each tower that its head is made for."""
        super().__init__()
        self.photo, self.text = ProjectionHead(photos), ProjectionHead(texts)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def load(self, trained: Alignment) -> None:
        """Takes over the projections of a training before."""
        self.photo.load(trained.photo)
        self.text.load(trained.text)

    def alignment(self, products: Mapping[str, NDArray[np.float32]]) -> Alignment:
        """The projections, with these vectors of products."""
        return Alignment(self.photo.projection(), self.text.projection(), products)

    def loss(self, photos: torch.Tensor, texts: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of a batch's vectors in the common space: photos with texts, and with photos of the same product."""
        return batch_loss(photos, texts, batch, self.logit_scale, PHOTO_SCALE)

    def temperature(self) -> torch.Tensor:
        """What similarities between photos and text are multiplied by; at most 100."""
        return learned_scale(self.logit_scale)


class HeadTrainer:
    """Trains projections alone, one optimizer step at a time; the vectors of the towers stay as they are."""

    def __init__(self, heads: ProjectionHeads, features: torch.Tensor, texts: Mapping[str, torch.Tensor]) -> None:
        """`features` (examples, dimension) are the photo tower's, `texts` the text tower's by caption."""
        self._heads, self._features, self._texts = heads, features, texts
        self._optimizer = Optimizer(heads, RATE)

    def step(self, batch: Batch, share: float) -> None:
        """Takes one step on a batch; `share` is the completed share of the training."""
        photos = self._heads.photo(dropout(self._features[batch.items], DROPPED))
        texts = torch.stack([self._texts[caption] for caption in batch.captions]).to(photos.device)
        self._optimizer.step(self._heads.loss(photos, self._heads.text(texts), batch), share)


def product_means(products: Sequence[Product], examples: Examples, vectors: Vectors) -> dict[str, NDArray[np.float32]]:
    """The mean direction of the `vectors` of each product that has photos beyond the catalog's, by its id.

    A product whose vectors cancel out has none.
    """
    shown: dict[int, list[int]] = {}
    for item, own in enumerate(examples.shows):
        for product in own:
            shown.setdefault(product, []).append(item)
    means = {
        products[product].id: vectors[items].mean(axis=0)
        for product, items in shown.items()
        if any(examples.from_judgment[item] for item in items)
    }
    return {
        id_: (mean / length).astype(np.float32)
        for id_, mean in means.items()
        if (length := float(np.linalg.norm(mean))) > 1e-6
    }
