"""Training an image and text encoder on a shop's own photos and titles.

Photos meet texts as in CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020), and photos of the same product
meet each other (Khosla et al. 2020, https://arxiv.org/abs/2004.11362), so that a shopper's photo finds the shop's.
"""

import contextlib
import json
import math
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import normalize

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.errors import InputError
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.judgments.qrels import read_qrels
from ltr_plugin.progress import Progress, silent
from ltr_plugin.queries.query import read_queries
from workers.encoders import openclip
from workers.encoders.torch_encoder import cpu_multiplies_bfloat16
from workers.training.architecture import build, small_config, write_folder
from workers.training.augmentation import augment
from workers.training.batches import Batch, batches
from workers.training.examples import Examples, Source, judged_photos, read_examples
from workers.training.holdout import Retrieval, hold_out, measure
from workers.training.loss import photo_photo_loss, photo_text_loss

FRESH_RATE, PRETRAINED_RATE = 4e-3, 3e-5
WARM_UP = 0.05
"""Share of the training in which the learning rate rises; it then falls along a cosine."""

PHOTO_SCALE = 10.0
"""Inverse temperature between photos; between photos and texts it is learned, as in CLIP."""

MARGIN = 7 / 6
"""Photos are kept in memory a little larger than the model sees them, so that a view can be a part of one."""


@dataclass(frozen=True)
class Budget:
    """How long to train: by the clock, by batches, or by how often each photo is looked at; the first that is given."""

    minutes: float | None = None
    steps: int | None = None
    epochs: float = 50

    def share(self, seconds: float, steps: int, steps_an_epoch: float) -> float:
        """The part of it that is used up, from 0 to 1."""
        if self.minutes:
            return min(1.0, seconds / (60 * self.minutes))
        return min(1.0, steps / (self.steps or self.epochs * steps_an_epoch))


@dataclass(frozen=True)
class TrainingReport:
    """The encoder's folder and fingerprint, what it was made of, and what it finds for photos it has not seen.

    `share` is below 1 when the training was interrupted; `resume` goes on from there.
    """

    folder: Path
    fingerprint: Fingerprint
    products: int
    photos: int
    bad_photos: tuple[str, ...]
    steps: int
    seconds: float
    share: float
    held_out: Retrieval


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
    budget: Budget = Budget(),
    seed: int = 0,
    progress: Progress = silent,
) -> TrainingReport:
    """Trains on the catalog and writes the encoder's folder `out`, to be used as `open_clip:OUT`.

    `start` is what follows `open_clip:` in an encoder's specification; without it a small model learns from nothing.
    `queries` with `qrels` add photo queries with grade 3 as further photos of that product. Ctrl-C ends the training
    early and keeps what was learned. `progress` counts photos read, then hundredths of the training.
    The same seed and steps give the same encoder on the same machine. InputError when there is nothing to learn from.
    """
    products = list(JsonLines(catalog, Product).read())
    before = _card(out) if resume else {}
    if resume:
        start = str(out)
    torch.manual_seed(seed)
    model, config = _model(start, image_size)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    wanted = openclip.preprocessing(model)
    size = max(wanted.size)
    extra = _extra(queries, qrels, products)
    examples = read_examples(products, catalog.parent, extra, round(size * MARGIN), progress)
    chance = random.Random(seed)  # noqa: S311 - no secret
    held = hold_out(examples, chance)
    seen = sorted(set(range(len(examples.shows))) - set(held))
    if len(seen) < 2:
        raise InputError(str(catalog), f"{len(seen)} usable photos; an encoder needs at least two to learn from")

    trainer = _Trainer(model.to(device), wanted, size, FRESH_RATE if start is None else PRETRAINED_RATE, seed)
    done, began = before.get("share", 0.0), time.monotonic()
    first, steps, share = done, 0, done
    with contextlib.suppress(KeyboardInterrupt):
        for drawn in batches(examples, seen, batch, chance):
            used = budget.share(time.monotonic() - began, steps, max(1.0, len(seen) / batch))
            share = first + (1 - first) * used
            progress(int(100 * share), 100)
            if share >= 1:
                break
            trainer.step(examples, drawn, share)
            steps += 1
    seconds = time.monotonic() - began

    encoder = openclip.wrap(model.cpu(), trainer.tokenizer, name=out.resolve().name)
    found = measure(encoder, examples, held, products)
    trained = {"steps": before.get("steps", 0) + steps, "seconds": round(seconds, 1), "seed": seed, "batch": batch}
    card = {
        "name": encoder.fingerprint.model,
        "fingerprint": asdict(encoder.fingerprint),
        "share": share,
        "products": len(products),
        "photos": len(seen),
        **trained,
        "held_out": found.to_card(),
    }
    write_folder(out, model, config, card)
    return TrainingReport(
        out, encoder.fingerprint, len(products), len(seen), examples.bad, steps, seconds, share, found
    )


class _Trainer:
    """The model with its optimizer: one step at a time."""

    def __init__(self, model: Any, wanted: Any, size: int, rate: float, seed: int) -> None:  # noqa: ANN401
        from open_clip import SimpleTokenizer

        self.model = model.train().requires_grad_(True)
        self.tokenizer = SimpleTokenizer(context_length=_context_length(model))
        self._size, self._rate = size, rate
        self._mean, self._std = (torch.tensor(values).view(1, 3, 1, 1) for values in (wanted.mean, wanted.std))
        self._device = next(model.parameters()).device
        self._views = torch.Generator().manual_seed(seed)
        weights = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        self._optimizer = torch.optim.AdamW(
            [{"params": weights, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=rate
        )

    def step(self, examples: Examples, batch: Batch, share: float) -> None:
        """Learns from one batch, at the learning rate of this share of the training."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * min(1.0, (share + 0.001) / WARM_UP) * (1 + math.cos(math.pi * share)) / 2
        views = augment(examples.photos[batch.photos], examples.cutouts[batch.photos], self._size, self._views)
        views = ((views - self._mean) / self._std).contiguous(memory_format=torch.channels_last).to(self._device)
        shows = batch.shows.to(self._device)
        same = (shows.float() @ shows.float().T) > 0
        with self._precision(), openclip.shortened(self.model, self.tokenizer(batch.captions)) as tokens:
            photos = self.model.encode_image(views)
            texts = self.model.encode_text(tokens.to(self._device))
        photos, texts = normalize(photos.float(), dim=-1), normalize(texts.float(), dim=-1)
        scale = self.model.logit_scale.exp().clamp(max=100)
        loss = photo_text_loss(photos, texts, shows, scale) + photo_photo_loss(photos, same, PHOTO_SCALE)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        fast = self._device.type == "cuda" or cpu_multiplies_bfloat16()
        return torch.autocast(self._device.type, torch.bfloat16) if fast else contextlib.nullcontext()


def _model(start: str | None, image_size: int) -> tuple[Any, dict[str, Any]]:
    """The model to train, and its configuration in open_clip's form."""
    if start is None:
        config = small_config(image_size)
        return build(config), config
    import open_clip

    model = openclip.load(start).model.cpu()
    folder = Path(start) / openclip.CONFIG
    if folder.is_file():
        return model, json.loads(folder.read_text("utf-8"))
    name = start if start.startswith("hf-hub:") else start.partition("/")[0]
    return model, {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": model.visual.preprocess_cfg}


def _context_length(model: Any) -> int:  # noqa: ANN401
    return int(getattr(model, "context_length", None) or model.text.context_length)


def _extra(queries: Path | None, qrels: Path | None, products: list[Product]) -> list[Source]:
    if (queries is None) != (qrels is None):
        raise InputError("queries and qrels", "give both, or neither: the judgments say what the photos show")
    if queries is None or qrels is None:
        return []
    return judged_photos(read_queries(queries), queries.parent, read_qrels(qrels), products)


def _card(out: Path) -> dict[str, Any]:
    path = out / openclip.CARD
    if not path.is_file():
        raise InputError(str(out), "holds no encoder to go on with")
    card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if card.get("share", 1.0) >= 1:
        raise InputError(str(out), "was trained to its end; to train it further, start a new one from it")
    return card
