"""What can be trained: kind of encoder to the function that trains it, imported when it is needed."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, no_progress


@dataclass(frozen=True)
class Trainer:
    """A way to train an encoder: what it learns, in words, and `module:entry_point`.

    The function takes what `__call__` takes, of `options` only those that are named here.
    """

    description: str
    entry_point: str
    options: frozenset[str] = field(default=frozenset())

    def __call__(
        self,
        catalog: Path,
        out: Path,
        *,
        queries: Path | None = None,
        qrels: Path | None = None,
        budget: Budget = DEFAULT_BUDGET,
        seed: int = 0,
        resume: bool = False,
        progress: Progress = no_progress,
        **options: Any,  # noqa: ANN401 - each trainer has its own
    ) -> TrainingReport:
        """Trains on a catalog and writes the encoder's folder `out`; its report says how to use it.

        `queries` with `qrels` add the media of judged queries as further ones of the product that they are judged 3
        for. Ctrl-C ends it early and keeps what was learned, `resume` goes on from there as it began.
        InputError for an option that this trainer does not have, when `out` holds something else than an encoder, and
        when there is nothing to learn from.
        """
        if unknown := sorted(set(options) - self.options):
            have = ", ".join(sorted(self.options)) or "none beside the common ones"
            raise InputError(
                ", ".join(unknown), f"means nothing for an encoder that learns {self.description}; has {have}"
            )
        from ltr_plugin.encoders.encoder_folder import check_output_folder

        check_output_folder(out)
        module, _, name = self.entry_point.partition(":")
        report: TrainingReport = getattr(import_module(module), name)(
            catalog, out, queries=queries, qrels=qrels, budget=budget, seed=seed, resume=resume, progress=progress,
            **options,
        )  # fmt: skip
        return report


TRAINERS: dict[str, Trainer] = {
    "photo": Trainer(
        "photos and text in one space (open_clip)",
        "ltr_plugin.encoders.training.photos:train_encoder",
        frozenset({"start", "image_size", "batch"}),
    ),
    "audio": Trainer(
        "audio and text in one space (a small network on spectrograms)",
        "ltr_plugin.encoders.training.audio:train_encoder",
        frozenset({"start", "batch"}),
    ),
    "text": Trainer(
        "text alone (a BiLSTM)",
        "ltr_plugin.encoders.training.text:train_text",
        frozenset({"start", "batch"}),
    ),
    "keypoints": Trainer(
        "photos as bags of visual words (SIFT or ORB)",
        "ltr_plugin.encoders.training.visual_words:train_visual_words",
        frozenset({"descriptor", "vocabulary_size"}),
    ),
}


def get_trainer(kind: str) -> Trainer:
    """The trainer of this name; InputError with the names there are."""
    if kind not in TRAINERS:
        raise InputError("kind", f"{kind!r} is none of {', '.join(TRAINERS)}")
    return TRAINERS[kind]
