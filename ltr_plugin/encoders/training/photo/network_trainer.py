"""Steps of fine-tuning a photo network of timm with its projections, as of `finetuning`."""

import copy
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from PIL import Image
from timm.models import group_parameters
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, normalize

from ltr_plugin.batches import batched
from ltr_plugin.encoders import aligned, timm_images
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.runtime.cores import cores
from ltr_plugin.encoders.runtime.fused_batch_norms import has_depthwise_convolutions
from ltr_plugin.encoders.runtime.torch_encoder import default_device
from ltr_plugin.encoders.training.batches import Batch, batches
from ltr_plugin.encoders.training.examples import AHEAD, Examples
from ltr_plugin.encoders.training.fitting import Optimizer, autocast_bfloat16
from ltr_plugin.encoders.training.heads import HeadTrainer, ProjectionHeads
from ltr_plugin.encoders.training.photo.augmentation import augment
from ltr_plugin.encoders.training.photo.examples import PhotoExamples
from ltr_plugin.prefetching import Prefetcher
from ltr_plugin.progress import Progress, no_progress, stage_progress

NETWORK_RATE, HEAD_RATE, DECAY = 6e-4, 4e-3, 0.02

FROZEN_SHARE = 0.4
"""Of the network's layer groups, the first: they see edges and textures, which are the same in every shop (Yosinski et
al. 2014, https://arxiv.org/abs/1411.1792), and take more than half of a step's time."""

HEAD_STEPS, HEAD_BATCH = 300, 256
"""Steps of the projections alone, before the network changes."""

PRODUCT_SCALE, LABEL_SMOOTHING = 20.0, 0.1
"""Of the softmax over the products."""

PATIENCE = 3
"""Epochs without a better result on the held-out photos that end the training."""


def no_better(epochs: Sequence[float]) -> bool:
    """Whether the last PATIENCE epochs brought nothing, by the results after each.

    They are compared with each other, and not with the state before them: the first ones, of a high learning rate, are
    often worse than that.
    """
    best = max(range(len(epochs)), key=epochs.__getitem__, default=0)
    return len(epochs) - 1 - best >= PATIENCE


class NetworkTrainer:
    """The network, its projections, a vector of each product with several photos, and the optimizer of all."""

    def __init__(
        self,
        network: Any,  # noqa: ANN401 - timm's
        examples: PhotoExamples,
        texts: dict[str, torch.Tensor],
        seed: int,
        progress: Progress,
    ) -> None:
        self._device = default_device()
        # batch norm keeps its statistics: a shop's photos are too few for better ones
        self._network = network.to(self._device, memory_format=torch.channels_last).eval()
        _freeze_first_layers(self._network)
        # a CPU's gradients of depthwise convolutions take 1.5 times as long in half precision
        self._half = self._device.type == "cuda" or not has_depthwise_convolutions(network)
        self._examples, self._texts, self._seed = examples, texts, seed
        self._views = torch.Generator(self._device).manual_seed(seed)
        config = network.pretrained_cfg
        self._side: int = config["input_size"][1]
        self._mean, self._std = (
            torch.tensor(config[name], device=self._device).view(1, 3, 1, 1) for name in ("mean", "std")
        )
        self._best: tuple[float, list[dict[str, torch.Tensor]]] = (float("-inf"), [])
        self._scores: list[float] = []
        self._progress = progress

    def begin(self, seen: Sequence[int], held_out: Sequence[int], before: aligned.Alignment | None) -> None:
        """Trains the projections alone, unless they were `before`, and gives each product the mean of its photos."""
        self._held_out = list(held_out)
        features = torch.from_numpy(encode_photos(tower_of(self._network), self._examples, self._progress)).to(
            self._device
        )
        self.heads = ProjectionHeads(features, torch.stack(list(self._texts.values())).to(self._device)).to(
            self._device
        )
        if before:
            self.heads.load(before)
        else:
            self._train_heads(features, seen)
        with torch.no_grad():
            counts, sums = product_sums(self._examples, seen, self.heads.photo(features))
        self._several = torch.nonzero(counts > 1)[:, 0]
        means = normalize(sums[self._several], dim=1)
        self._products = nn.Linear(means.shape[1], len(means), bias=False, device=self._device)
        self._products.weight.data = means / means.shape[1] ** 0.5
        others = [(self.heads, HEAD_RATE), (self._products, HEAD_RATE)]
        self._optimizer = Optimizer(self._network, NETWORK_RATE, DECAY, others)
        self.finished()  # a training too short to gain anything keeps what it began with

    def step(self, batch: Batch, share: float) -> None:
        """Takes one optimizer step on a batch; `share` is the completed share of the training."""
        photos, cutouts = (
            layers[batch.items].to(self._device) for layers in (self._examples.photos, self._examples.cutouts)
        )
        views = augment(photos, cutouts, self._side, self._views)
        vectors = self.heads.photo(self._features(views))
        texts = self.heads.text(self._caption_vectors(batch.captions))
        self._optimizer.step(self.heads.loss(vectors, texts, batch) + self._product_loss(vectors, batch), share)

    def finished(self) -> bool:
        """Whether the products' text finds the held-out photos no better any more; the best state is kept meanwhile."""
        if not self._held_out:
            return False
        with torch.no_grad():
            groups = batched(self._held_out, 64)
            photos = torch.cat([self.heads.photo(self._features(self._as_they_are(list(group)))) for group in groups])
            texts = self.heads.text(self._caption_vectors([own[0] if own else "" for own in self._examples.captions]))
            logs = (self.heads.temperature() * photos @ texts.T).log_softmax(dim=1)
            score = float((logs * normalize(self._shows(self._held_out), p=1, dim=1)).sum())
        if score > self._best[0]:
            self._best = score, [copy.deepcopy(one.state_dict()) for one in (self._network, self.heads)]
        self._scores.append(score)
        return no_better(self._scores[1:])

    def restore_best(self) -> None:
        """Puts the best state back, of the first, the last and each epoch's, where there were held-out photos."""
        self.finished()
        for module, state in zip((self._network, self.heads), self._best[1], strict=False):
            module.load_state_dict(state)

    def _train_heads(self, features: torch.Tensor, seen: Sequence[int]) -> None:
        progress = stage_progress(self._progress, "training projections")
        trainer = HeadTrainer(self.heads, features, self._texts)
        drawn = batches(self._examples, seen, HEAD_BATCH, random.Random(self._seed), lambda caption, _: caption)  # noqa: S311
        for number, batch in zip(range(HEAD_STEPS), drawn, strict=False):
            trainer.step(batch, number / HEAD_STEPS)
            progress(number + 1, HEAD_STEPS)

    def _product_loss(self, vectors: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of photos among the products that have several; one photo alone says nothing of its product."""
        shows = self._shows(batch.items)[:, self._several]
        rows = shows.any(dim=1)
        if len(self._several) < 2 or not rows.any():
            return vectors.new_zeros(())
        similarities = PRODUCT_SCALE * vectors[rows] @ normalize(self._products.weight, dim=1).T
        return cross_entropy(similarities, normalize(shows[rows], p=1, dim=1), label_smoothing=LABEL_SMOOTHING)

    def _caption_vectors(self, captions: Sequence[str]) -> torch.Tensor:
        return torch.stack([self._texts[caption] for caption in captions]).to(self._device)

    def _shows(self, items: Sequence[int]) -> torch.Tensor:
        """float32 (items, products): 1 where an item shows a product."""
        shows = torch.zeros(len(items), len(self._examples.captions), device=self._device)
        for row, item in enumerate(items):
            shows[row, list(self._examples.shows[item])] = 1
        return shows

    def _as_they_are(self, items: list[int]) -> torch.Tensor:
        photos = self._examples.photos[items].to(self._device).float() / 255
        return interpolate(photos, size=(self._side, self._side), mode="bilinear", antialias=True)

    def _features(self, views: torch.Tensor) -> torch.Tensor:
        """The network's unit vectors (n, dimension) of views with values from 0 to 1."""
        pixels = ((views - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        with autocast_bfloat16(self._device) if self._half else nullcontext():
            features = self._network(pixels)
        return normalize(features.float(), dim=-1)


def product_sums(examples: Examples, items: Sequence[int], vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """How many of the items show each product, (products,), and the sums of their vectors, (products, dimension).

    `vectors` (examples, dimension) are those of all examples. No matrix of items and products is made, which would
    take gigabytes in a large shop.
    """
    pairs = [(item, product) for item in items for product in examples.shows[item]]
    shown, products = torch.tensor(pairs, device=vectors.device).T
    sums = vectors.new_zeros(len(examples.captions), vectors.shape[1]).index_add(0, products, vectors[shown])
    return torch.bincount(products, minlength=len(examples.captions)), sums


def _freeze_first_layers(network: Any) -> None:  # noqa: ANN401
    """Leaves the first layers as they are, in networks whose layer groups timm knows."""
    network.requires_grad_(True)
    if hasattr(network, "group_matcher"):
        groups = group_parameters(network, network.group_matcher(coarse=True))
        parameters = dict(network.named_parameters())
        for group in sorted(groups)[: int(FROZEN_SHARE * len(groups))]:
            for name in groups[group]:
                parameters[name].requires_grad_(False)


def tower_of(network: Any) -> timm_images.TimmEncoder:  # noqa: ANN401
    """An encoder of a copy of the network, which may be trained further."""
    tower = timm_images.from_network(copy.deepcopy(network))
    tower.prepare_for_inference()
    return tower


def encode_photos(tower: Encoder, examples: PhotoExamples, progress: Progress = no_progress) -> Vectors:
    """The tower's vectors of all photos, float32 (photos, dimension)."""
    progress = stage_progress(progress, "encoding photos")
    with ThreadPoolExecutor(cores()) as pool:
        photos = Prefetcher(
            pool,
            lambda one: tower.prepare("image", Image.fromarray(one.permute(1, 2, 0).numpy())),
            examples.photos,
            AHEAD,
        )
        vectors: list[Vectors] = []
        for group in batched((prepared for _, prepared in photos), 64):
            vectors.append(tower.encode("image", group))
            progress(sum(map(len, vectors)), len(examples))
        return np.concatenate(vectors)
