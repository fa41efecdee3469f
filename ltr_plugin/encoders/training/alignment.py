"""Training of two projections that bring photos and text into one space; the encoders of both stay as they are.

Photos are paired with text as in CLIP (Radford et al. 2021, https://arxiv.org/abs/2103.00020), with towers that were
trained elsewhere (Zhai et al. 2022, https://arxiv.org/abs/2111.07991), and photos of the same product with each other
(Khosla et al. 2020, https://arxiv.org/abs/2004.11362), so that a shopper's photo finds the shop's photo.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ltr_plugin.batches import batched
from ltr_plugin.catalog.product import Product
from ltr_plugin.encoders import aligned
from ltr_plugin.encoders.encoder_folder import check_not_replaced, replace_encoder
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.registry import DEFAULT_PHOTO_ENCODER, DEFAULT_TEXT_ENCODER, load_encoder_for, resolve_spec
from ltr_plugin.encoders.training.examples import Examples, MediaSource, captions, media_sources, read_usable
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget
from ltr_plugin.encoders.training.frozen_text import encode_captions, merge_same_text, product_texts
from ltr_plugin.encoders.training.heads import HeadTrainer, ProjectionHeads, product_means
from ltr_plugin.encoders.training.holdout import check_enough
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.encoders.training.training_run import TrainingRun
from ltr_plugin.media.images import open_image
from ltr_plugin.progress import Progress, no_progress

EPOCHS, MIN_STEPS_PER_EPOCH = 50, 10


@dataclass(frozen=True)
class PhotoFeatures(Examples):
    """`features` float32 (n, dimension) has the photo tower's vector of each item."""

    features: torch.Tensor


def train_alignment(
    catalog: Path,
    out: Path,
    *,
    photo: str = DEFAULT_PHOTO_ENCODER,
    text: str = DEFAULT_TEXT_ENCODER,
    queries: Path | None = None,
    qrels: Path | None = None,
    batch: int = 256,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Trains on the catalog and writes the encoder's folder `out`, to be used as `aligned:OUT`.

    `photo` and `text` are the specifications of the towers. `queries` with `qrels` add photo queries with grade 3 as
    further photos of that product. Ctrl-C ends the training early and keeps what was learned; `resume` continues it.
    `progress` counts hundredths of the training, and its stages. InputError when there is nothing to learn from.
    """
    training = TrainingRun(
        catalog, out, "photos", start=photo, batch=batch, budget=budget, seed=seed, resume=resume, progress=progress
    )
    before = aligned.read(out) if resume else None
    photo, text = (before.photo, before.text) if before else (resolve_spec(photo), resolve_spec(text))
    check_not_replaced(out, photo, text)
    towers = load_encoder_for("image", photo), load_encoder_for("text", text)
    sources = media_sources("image", catalog, training.products, queries, qrels)
    photos = read_features(training.products, sources, towers[0], progress)
    check_enough(len(photos), catalog, "photos")
    examples, texts = encode_captions(merge_same_text(photos), towers[1], progress)
    heads = ProjectionHeads(photos.features, torch.stack(list(texts.values())))
    if before:
        heads.load(before.aligned)
    step = HeadTrainer(heads, photos.features, texts).step
    training.run(
        examples, step, EPOCHS, min_steps_per_epoch=MIN_STEPS_PER_EPOCH, augment_text=lambda caption, _: caption
    )
    return write_aligned(training, out, heads, photos, photos.features.numpy(), towers, (photo, text))


def write_aligned(
    training: TrainingRun,
    out: Path,
    heads: ProjectionHeads,
    examples: Examples,
    features: Vectors,
    towers: tuple[Encoder, Encoder],
    specs: tuple[str, str],
    *,
    write_tower: Callable[[Path], None] = lambda _folder: None,
) -> TrainingReport:
    """Writes the encoder's folder of trained `heads`, and returns its report.

    `features` are the photo tower's vectors of the examples. `towers` and their `specs` are of photos and of text;
    `write_tower` writes what else the folder needs.
    """
    vectors = heads.photo.projection()(features)
    trained = heads.alignment(product_means(training.products, examples, vectors))
    encoder = aligned.from_parts(*towers, trained, out.resolve().name)
    texts = product_texts(encoder, training.products, training.progress)
    report, card = training.report(encoder, lambda items: vectors[list(items)], texts)
    photo, text = specs
    with replace_encoder(out, card) as folder:
        write_tower(folder)
        aligned.write(folder, trained, photo=photo, text=text, name=encoder.fingerprint.model)
    return report


def read_features(
    products: Sequence[Product], sources: Sequence[MediaSource], tower: Encoder, progress: Progress
) -> PhotoFeatures:
    """The examples of all usable photos, encoded."""
    usable: list[MediaSource] = []
    unusable: list[str] = []
    features = [np.empty((0, tower.fingerprint.dimension), np.float32)]
    photos = read_usable(
        sources,
        lambda source: tower.prepare("image", open_image(source.root, source.reference)),
        unusable,
        progress,
    )
    for group in batched(photos, tower.batch_size):
        usable += (source for source, _ in group)
        features.append(tower.encode("image", [prepared for _, prepared in group]))
    return PhotoFeatures(
        shows=tuple(source.shows for source in usable),
        from_judgment=tuple(source.from_judgment for source in usable),
        captions=tuple(tuple(captions(product)) for product in products),
        unusable=tuple(unusable),
        features=torch.from_numpy(np.concatenate(features)),
    )
