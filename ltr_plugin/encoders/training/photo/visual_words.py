"""Training of a vocabulary of visual words on a shop's photos, for `ltr_plugin.encoders.keypoints`.

Mini-batch k-means (Sculley 2010, https://doi.org/10.1145/1772690.1772862) over the descriptors of keypoints.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans  # type: ignore[import-untyped]

from ltr_plugin.catalog.product import Product
from ltr_plugin.catalog.product_types import LearnedProduct
from ltr_plugin.encoders import keypoints
from ltr_plugin.encoders.encoder_folder import replace_encoder
from ltr_plugin.encoders.keypoints import Descriptors, KeypointConfig, word_counts
from ltr_plugin.encoders.training.examples import Examples, MediaSource, captions, media_sources, read_usable
from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget, fit
from ltr_plugin.encoders.training.holdout import evaluate_holdout, hold_out
from ltr_plugin.encoders.training.report import TrainingReport, read_unfinished_card
from ltr_plugin.errors import InputError, counted
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.media.images import open_image
from ltr_plugin.progress import Progress, no_progress

EPOCHS = 10
BATCH = 4096

MAX_PHOTOS = 4000
"""Maximum photos: more hardly change the vocabulary, and this many take 0.5 GB."""

DESCRIPTORS_PER_WORD = 10
"""Minimum descriptors for each visual word; with fewer, words would overfit."""


def train_visual_words(
    catalog: Path,
    out: Path,
    *,
    descriptor: keypoints.DescriptorName = "sift",
    vocabulary_size: int = 1000,
    queries: Path | None = None,
    qrels: Path | None = None,
    budget: Budget = DEFAULT_BUDGET,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = no_progress,
) -> TrainingReport:
    """Makes a vocabulary of the catalog's photos and writes the encoder's folder `out`, to be used as `keypoints:OUT`.

    At most MAX_PHOTOS are drawn from the catalog. The vocabulary is smaller than `vocabulary_size` if the photos have
    too few keypoints. `queries` with `qrels` add photos. Ctrl-C ends the training early and keeps what was learned;
    `resume` continues it. `progress` counts hundredths, and photos as a stage. InputError when there is nothing to
    learn from.
    """
    if descriptor not in (known := get_args(keypoints.DescriptorName)):
        raise InputError("descriptor", f"{descriptor!r} is none of {', '.join(known)}")
    products = list(JsonLines(catalog, LearnedProduct).read())
    before = read_unfinished_card(out) if resume else {}
    seed = before.get("seed", seed)  # the same photos are held out as before
    earlier = keypoints.load(str(out)) if resume else None
    config = earlier.config if earlier else KeypointConfig(descriptor)
    rng = random.Random(seed)  # noqa: S311 - no secret
    sources = media_sources("image", catalog, products, queries, qrels)
    drawn = [sources[index] for index in sorted(rng.sample(range(len(sources)), min(MAX_PHOTOS, len(sources))))]
    examples = _read(products, drawn, config, progress)
    held_out = hold_out(examples, rng)
    seen = [examples.photos[item] for item in sorted(set(range(len(examples))) - set(held_out))]
    max_words = sum(map(len, seen)) // DESCRIPTORS_PER_WORD
    if max_words < 2:
        raise InputError(str(catalog), f"too few keypoints for a vocabulary in {counted(len(seen), 'usable photo')}")

    means = MiniBatchKMeans(min(vocabulary_size, max_words), random_state=seed, n_init=1)
    if earlier:
        means = MiniBatchKMeans(len(earlier.words), init=earlier.words, random_state=seed, n_init=1)
    batches = _batches(config, np.concatenate(seen), max(BATCH, 3 * means.n_clusters), seed)
    means.partial_fit(next(batches))
    fitted = fit(
        lambda points, _: means.partial_fit(points),
        batches,
        budget,
        steps_per_epoch=sum(map(len, seen)) / BATCH,
        default_epochs=EPOCHS,
        done=before.get("share", 0.0),
        progress=progress,
    )

    centres = means.cluster_centers_.astype(np.float32)
    present = (word_counts(config, centres, seen) > 0).sum(axis=0)
    encoder = keypoints.from_model(
        config, centres, np.log(1 + len(seen) / np.maximum(present, 1)), name=out.resolve().name
    )
    report = TrainingReport(
        folder=out,
        fingerprint=encoder.fingerprint,
        products=len(products),
        unit="photos",
        items=len(seen),
        unusable=examples.unusable,
        steps=fitted.steps,
        seconds=fitted.seconds,
        share=fitted.share,
        held_out=evaluate_holdout(
            examples, held_out, lambda items: encoder.encode("image", [examples.photos[item] for item in items])
        ),
    )
    with replace_encoder(out, report.to_card(steps=before.get("steps", 0) + fitted.steps, seed=seed)) as folder:
        keypoints.write(folder, encoder)
    return report


@dataclass(frozen=True)
class _Described(Examples):
    photos: tuple[Descriptors, ...]


def _read(
    products: Sequence[Product], sources: Sequence[MediaSource], config: KeypointConfig, progress: Progress
) -> _Described:
    unusable: list[str] = []
    usable = list(
        read_usable(
            sources, lambda source: config.describe(open_image(source.root, source.reference)), unusable, progress
        )
    )
    return _Described(
        shows=tuple(source.shows for source, _ in usable),
        from_judgment=tuple(source.from_judgment for source, _ in usable),
        captions=tuple(tuple(captions(product)) for product in products),
        unusable=tuple(unusable),
        photos=tuple(described for _, described in usable),
    )


def _batches(config: KeypointConfig, descriptors: Descriptors, size: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Endless batches of points, drawn at random."""
    rng = np.random.default_rng(seed)
    while True:
        yield config.points(descriptors[rng.integers(len(descriptors), size=min(size, len(descriptors)))])
