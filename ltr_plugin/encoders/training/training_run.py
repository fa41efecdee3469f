"""One training of a network on a catalog, from the start or resumed: shared by photos, audio and text."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from ltr_plugin.catalog.product_types import LearnedProduct
from ltr_plugin.encoders.protocol import Encoder, Vectors
from ltr_plugin.encoders.training.batches import Batch, batches
from ltr_plugin.encoders.training.examples import Examples, augment_caption
from ltr_plugin.encoders.training.fitting import Budget, fit
from ltr_plugin.encoders.training.holdout import evaluate_holdout, split_holdout
from ltr_plugin.encoders.training.report import TrainingReport, read_unfinished_card
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.progress import Progress


class TrainingRun:
    """A training from its start, or resumed where it was interrupted; it seeds PyTorch's random numbers.

    `start` names the encoder whose weights to load, if any; `fresh` is whether the training began with new weights,
    before any interruption.
    """

    def __init__(
        self,
        catalog: Path,
        out: Path,
        unit: str,
        *,
        start: str | None,
        batch: int,
        budget: Budget,
        seed: int,
        resume: bool,
        progress: Progress,
    ) -> None:
        """`unit` is the plural noun for the items; `start` names the encoder whose weights to load, None for new ones.

        With `resume`, the settings of the interrupted training replace `start`, `batch` and `seed`. InputError when
        there is no interrupted training.
        """
        self.products = list(JsonLines(catalog, LearnedProduct).read())
        self._before: dict[str, Any] = read_unfinished_card(out) if resume else {}
        began: dict[str, Any] = {"start": start, "seed": seed, "batch": batch, **self._before}
        self.start: str | None = str(out) if resume else start
        self.fresh = began["start"] is None
        self.seed: int = began["seed"]
        self.rng = random.Random(self.seed)  # noqa: S311 - no secret
        self._began = {name: began[name] for name in ("start", "seed", "batch")}
        self._catalog, self._out, self._unit = catalog, out, unit
        self._budget, self.progress = budget, progress
        torch.manual_seed(self.seed)

    def run(
        self,
        examples: Examples,
        step: Callable[[Batch, float], None],
        epochs: int,
        *,
        min_steps_per_epoch: int = 1,
        augment_text: Callable[[str, random.Random], str] = augment_caption,
        catalog_share: float = 1.0,
        begin: Callable[[Sequence[int], Sequence[int]], None] = lambda _seen, _held_out: None,
        finished: Callable[[], bool] = lambda: False,
    ) -> None:
        """Calls `step` with batches (see `fit`) of the items that are not held out.

        `epochs` is the default of the budget, an epoch has at least `min_steps_per_epoch` steps, and `augment_text`
        varies the captions, `catalog_share` as of `batches`. `begin` is called first, with the items to learn from and
        those that are held out; `finished` as of `fit`. InputError for fewer than two items to learn from.
        """
        seen, held_out = split_holdout(examples, self._catalog, self._unit, self.rng)
        self._examples, self._seen, self._held_out = examples, seen, held_out
        begin(seen, held_out)
        self._fitted = fit(
            step,
            batches(examples, seen, self._began["batch"], self.rng, augment_text, catalog_share),
            self._budget,
            steps_per_epoch=max(min_steps_per_epoch, len(seen) / self._began["batch"]),
            default_epochs=epochs,
            done=self._before.get("share", 0.0),
            finished=finished,
            progress=self.progress,
        )

    def report(
        self, encoder: Encoder, vectors_of: Callable[[Sequence[int]], Vectors], texts: Vectors
    ) -> tuple[TrainingReport, dict[str, Any]]:
        """The report, and its card for the encoder's folder; the arguments are those of `evaluate_holdout`."""
        report = TrainingReport(
            folder=self._out,
            fingerprint=encoder.fingerprint,
            products=len(self.products),
            unit=self._unit,
            items=len(self._seen),
            unusable=self._examples.unusable,
            steps=self._fitted.steps,
            seconds=self._fitted.seconds,
            share=self._fitted.share,
            held_out=evaluate_holdout(self._examples, self._held_out, vectors_of, texts),
        )
        steps = self._before.get("steps", 0) + report.steps
        return report, report.to_card(steps=steps, **self._began)
