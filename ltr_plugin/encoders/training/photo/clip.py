"""Training of an image and text encoder on a shop's own photos and text.

The loss pairs photos with text as in CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020), and photos of the
same product with each other (Khosla et al. 2020, https://arxiv.org/abs/2004.11362), so that a shopper's photo finds the
shop's photo.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import normalize

from ltr_plugin.encoders import openclip
from ltr_plugin.encoders.protocol import Vectors
from ltr_plugin.encoders.registry import loading
from ltr_plugin.encoders.runtime.torch_encoder import default_device
from ltr_plugin.encoders.training.batches import Batch
from ltr_plugin.encoders.training.examples import media_sources
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget, Optimizer, autocast_bfloat16
from ltr_plugin.encoders.training.frozen_text import product_texts
from ltr_plugin.encoders.training.loss import batch_loss
from ltr_plugin.encoders.training.photo.augmentation import augment
from ltr_plugin.encoders.training.photo.examples import PhotoExamples, read_photos
from ltr_plugin.encoders.training.photo.small_clip import CONTEXT_LENGTH, build_model, save_encoder, small_config
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.training_run import TrainingRun
from ltr_plugin.progress import Progress, no_progress

FRESH_RATE, PRETRAINED_RATE = 4e-3, 3e-5
EPOCHS = 50

PHOTO_SCALE = 10.0
"""Inverse temperature between photos; between photos and text it is learned, as in CLIP."""

MARGIN = 7 / 6
"""Photos are kept in memory larger than the model's input by this factor, so that a view can be a part of one."""


def train_encoder(
    catalog: Path,
    out: Path,
    *,
    start: str | None = None,
    resume: bool = False,
    queries: Path | None = None,
    qrels: Path | None = None,
    image_size: int = 64,
    batch: int = 128,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Trains on the catalog and writes the encoder's folder `out`, to be used as `open_clip:OUT`.

    `start` is what follows `open_clip:` in an encoder's specification; without it, a small new model is trained.
    `queries` with `qrels` add photo queries with grade 3 as further photos of that product. Ctrl-C ends the training
    early and keeps what was learned. `progress` counts hundredths of the training, and its stages.
    The same seed and steps give the same encoder on the same machine. InputError when there is nothing to learn from.
    """
    training = TrainingRun(
        catalog, out, "photos", start=start, batch=batch, budget=budget, seed=seed, resume=resume, progress=progress
    )
    model, tokenizer, config = _model(training.start, image_size)
    transform = openclip.preprocessing(model)
    size = max(transform.size)
    sources = media_sources("image", catalog, training.products, queries, qrels)
    examples = read_photos(training.products, sources, round(size * MARGIN), progress)
    rate = FRESH_RATE if training.fresh else PRETRAINED_RATE
    trainer = _Trainer(model.to(default_device()), tokenizer, transform, size, rate, training.seed)
    training.run(examples, lambda drawn, share: trainer.step(examples, drawn, share), EPOCHS)

    encoder = openclip.from_model(model.cpu(), tokenizer, name=out.resolve().name)
    texts = product_texts(encoder, training.products, progress)
    report, card = training.report(encoder, lambda items: _vectors(encoder, examples, items), texts)
    save_encoder(out, model, config, card, tokenizer)
    return report


class _Trainer:
    """The model with its optimizer: one step at a time."""

    def __init__(self, model: Any, tokenizer: Any, transform: Any, size: int, rate: float, seed: int) -> None:  # noqa: ANN401
        self.model, self.tokenizer = model.train().requires_grad_(True), tokenizer
        self._size = size
        self._device = next(model.parameters()).device
        self._mean, self._std = (
            torch.tensor(values, device=self._device).view(1, 3, 1, 1) for values in (transform.mean, transform.std)
        )
        self._views = torch.Generator(self._device).manual_seed(seed)
        self._optimizer = Optimizer(model, rate)

    def step(self, examples: PhotoExamples, batch: Batch, share: float) -> None:
        """Takes one optimizer step on a batch; `share` is the completed share of the training."""
        photos, cutouts = (layers[batch.items].to(self._device) for layers in (examples.photos, examples.cutouts))
        views = augment(photos, cutouts, self._size, self._views)
        views = ((views - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        tokens = self.tokenizer(batch.captions)
        with autocast_bfloat16(self._device), openclip.trim_padding(self.model, tokens) as trimmed:
            photos = self.model.encode_image(views)
            texts = self.model.encode_text(trimmed.to(self._device))
        photos, texts = normalize(photos.float(), dim=-1), normalize(texts.float(), dim=-1)
        self._optimizer.step(batch_loss(photos, texts, batch, self.model.logit_scale, PHOTO_SCALE), share)


def _vectors(encoder: openclip.OpenClipEncoder, examples: PhotoExamples, items: Sequence[int]) -> Vectors:
    pixels = (examples.photos[item].permute(1, 2, 0).numpy() for item in items)
    return encoder.encode("image", [encoder.prepare("image", Image.fromarray(photo)) for photo in pixels])


def _model(start: str | None, image_size: int) -> tuple[Any, Any, dict[str, Any]]:
    """The model to train, its tokenizer, and its configuration in open_clip's form."""
    if start is None:
        from open_clip import SimpleTokenizer

        config = small_config(image_size)
        return build_model(config), SimpleTokenizer(context_length=CONTEXT_LENGTH), config
    with loading(f"{openclip.LIBRARY.name}:{start}"):
        encoder = openclip.load(start)
    model = encoder.model.cpu()
    config = {"model_cfg": openclip.model_config(start), "preprocess_cfg": model.visual.preprocess_cfg}
    return model, encoder.tokenizer, config
