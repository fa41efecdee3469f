"""Training a vocabulary of visual words on a shop's photos, see `ltr_plugin.encoders.keypoints`.

K-means in small batches (Sculley 2010, https://doi.org/10.1145/1772690.1772862) over the descriptions of keypoints.
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
from ltr_plugin.encoders import keypoints
from ltr_plugin.encoders.keypoints import Descriptions, Recipe, counts
from ltr_plugin.encoders.training.examples import Examples, Source, captions, sources, usable
from ltr_plugin.encoders.training.folder import replaced, unfinished
from ltr_plugin.encoders.training.holdout import hold_out, measure
from ltr_plugin.encoders.training.loop import UNSAID, Budget, learn
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.errors import InputError
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.media.images import open_image
from ltr_plugin.progress import Progress, silent

EPOCHS = 10
BATCH = 4096

MOST_PHOTOS = 4000
"""More photos hardly change the words, and this many fit into half a gigabyte."""

DESCRIPTIONS_A_WORD = 10
"""A word that stands for fewer would be learned by heart."""


def train_vocabulary(
    catalog: Path,
    out: Path,
    *,
    descriptor: keypoints.Descriptor = "sift",
    words: int = 1000,
    queries: Path | None = None,
    qrels: Path | None = None,
    budget: Budget = UNSAID,
    seed: int = 0,
    resume: bool = False,
    progress: Progress = silent,
) -> TrainingReport:
    """Makes a vocabulary of the catalog's photos and writes the encoder's folder `out`, used as `keypoints:OUT`.

    Of a large catalog, MOST_PHOTOS are drawn. There are fewer `words` where the photos do not have the keypoints for
    them. `queries` with `qrels` add photos. Ctrl-C ends it early and keeps what was learned; `resume` goes on from
    there. `progress` counts photos read, then hundredths. InputError when there is nothing to learn from.
    """
    if descriptor not in (known := get_args(keypoints.Descriptor)):
        raise InputError("descriptor", f"{descriptor!r} is none of {', '.join(known)}")
    products = list(JsonLines(catalog, Product).read())
    before = unfinished(out) if resume else {}
    seed = before.get("seed", seed)  # the same photos are held out as before
    earlier = keypoints.load(str(out)) if resume else None
    recipe = earlier.recipe if earlier else Recipe(descriptor)
    chance = random.Random(seed)  # noqa: S311 - no secret
    found = sources("image", catalog, products, queries, qrels)
    drawn = [found[place] for place in sorted(chance.sample(range(len(found)), min(MOST_PHOTOS, len(found))))]
    examples = _read(products, drawn, recipe, progress)
    held = hold_out(examples, chance)
    seen = [examples.photos[place] for place in sorted(set(range(len(examples))) - set(held))]
    enough = sum(map(len, seen)) // DESCRIPTIONS_A_WORD
    if enough < 2:
        raise InputError(str(catalog), f"{len(seen)} usable photos have too few keypoints to make words of them")

    means = MiniBatchKMeans(min(words, enough), random_state=seed, n_init=1)
    if earlier:
        means = MiniBatchKMeans(len(earlier.words), init=earlier.words, random_state=seed, n_init=1)
    batches = _batches(recipe, np.concatenate(seen), max(BATCH, 3 * means.n_clusters), seed)
    means.partial_fit(next(batches))
    learned = learn(
        lambda points, _: means.partial_fit(points),
        batches,
        budget,
        steps_an_epoch=sum(map(len, seen)) / BATCH,
        default_epochs=EPOCHS,
        done=before.get("share", 0.0),
        progress=progress,
    )

    centres = means.cluster_centers_.astype(np.float32)
    present = (counts(recipe, centres, seen) > 0).sum(axis=0)
    encoder = keypoints.wrap(recipe, centres, np.log(1 + len(seen) / np.maximum(present, 1)), name=out.resolve().name)
    report = TrainingReport(
        folder=out,
        fingerprint=encoder.fingerprint,
        products=len(products),
        unit="photos",
        items=len(seen),
        bad=examples.bad,
        steps=learned.steps,
        seconds=learned.seconds,
        share=learned.share,
        held_out=measure(examples, held, lambda places: encoder.encode("image", [examples.photos[p] for p in places])),
    )
    with replaced(out, report.to_card(steps=before.get("steps", 0) + learned.steps, seed=seed)) as folder:
        keypoints.write(folder, encoder)
    return report


@dataclass(frozen=True)
class _Described(Examples):
    photos: tuple[Descriptions, ...]


def _read(products: Sequence[Product], found: Sequence[Source], recipe: Recipe, progress: Progress) -> _Described:
    bad: list[str] = []
    kept = list(usable(found, lambda source: recipe.describe(open_image(source.root, source.reference)), bad, progress))
    return _Described(
        shows=tuple(source.shows for source, _ in kept),
        extra=tuple(source.extra for source, _ in kept),
        captions=tuple(tuple(captions(product)) for product in products),
        bad=tuple(bad),
        photos=tuple(described for _, described in kept),
    )


def _batches(recipe: Recipe, everything: Descriptions, size: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Endless batches of points, drawn at random."""
    chance = np.random.default_rng(seed)
    while True:
        yield recipe.points(everything[chance.integers(len(everything), size=min(size, len(everything)))])
