"""One training of a network on a catalog: what is the same for photos, sounds and words."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from ltr_plugin.catalog.product import Product
from ltr_plugin.jsonlines import JsonLines
from ltr_plugin.progress import Progress
from workers.encoders.protocol import Encoder, Vectors
from workers.training.batches import Batch, batches
from workers.training.examples import Examples, vary
from workers.training.folder import unfinished
from workers.training.holdout import measure, parted
from workers.training.loop import Budget, learn
from workers.training.report import TrainingReport


class Course:
    """A training from its start, or from where an interrupted one stopped; PyTorch's chance is set by its seed."""

    def __init__(
        self,
        catalog: Path,
        out: Path,
        unit: str,
        *,
        batch: int,
        budget: Budget,
        seed: int,
        resume: bool,
        progress: Progress,
    ) -> None:
        """`unit` is what the items are called, in the plural. InputError when there is nothing to resume."""
        self.products = list(JsonLines(catalog, Product).read())
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self._catalog, self._out, self._unit = catalog, out, unit
        self._batch, self._budget, self._seed, self._progress = batch, budget, seed, progress
        self._before: dict[str, Any] = unfinished(out) if resume else {}
        torch.manual_seed(seed)

    def start(self, given: str | None) -> str | None:
        """Whose weights it goes on with: those of the interrupted training, or those that are given."""
        return str(self._out) if self._before else given

    def run(
        self,
        examples: Examples,
        step: Callable[[Batch, float], None],
        epochs: int,
        *,
        fewest_steps: int = 1,
        say: Callable[[str, random.Random], str] = vary,
    ) -> None:
        """Has `step` learn from batches (see `learn`), but for the items that are held out.

        `epochs` count where the budget says nothing, an epoch has `fewest_steps` at least, captions are put as `say`
        does. InputError for fewer than two items to learn from.
        """
        seen, held = parted(examples, self._catalog, self._unit, self.chance)
        self._examples, self._seen, self._held = examples, seen, held
        self._learned = learn(
            step,
            batches(examples, seen, self._batch, self.chance, say),
            self._budget,
            steps_an_epoch=max(fewest_steps, len(seen) / self._batch),
            default_epochs=epochs,
            done=self._before.get("share", 0.0),
            progress=self._progress,
        )

    def report(
        self, encoder: Encoder, vectors_of: Callable[[Sequence[int]], Vectors], texts: Vectors
    ) -> tuple[TrainingReport, dict[str, Any]]:
        """What came out, and the card of it for the encoder's folder; the arguments are those of `measure`."""
        report = TrainingReport(
            folder=self._out,
            fingerprint=encoder.fingerprint,
            products=len(self.products),
            unit=self._unit,
            items=len(self._seen),
            bad=self._examples.bad,
            steps=self._learned.steps,
            seconds=self._learned.seconds,
            share=self._learned.share,
            held_out=measure(self._examples, self._held, vectors_of, texts),
        )
        steps = self._before.get("steps", 0) + report.steps
        return report, report.to_card(steps=steps, seed=self._seed, batch=self._batch)
