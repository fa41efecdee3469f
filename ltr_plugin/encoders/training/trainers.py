"""The kinds of encoders that can be trained, each with the function that trains it, imported when it is used."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from ltr_plugin.encoders.training.fitting import DEFAULT_BUDGET, Budget
from ltr_plugin.encoders.training.report import TrainingReport
from ltr_plugin.errors import InputError
from ltr_plugin.progress import Progress, no_progress

LIMITS = {
    "batch": (2, 65_536),  # one item alone has nothing that it could be told apart from
    "image_size": (32, 1024),
    "vocabulary_size": (2, 1_000_000),
    "seed": (0, 2**32 - 1),  # what all libraries take
}
"""The smallest and the largest value of numeric settings."""


@dataclass(frozen=True)
class Trainer:
    """A kind of training: a description of what it learns, and its function as `module:function`.

    The function takes the arguments of `__call__`, and of `options` only those named here.
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
        """Trains on a catalog and writes the encoder's folder `out`; returns the report.

        `queries` with `qrels` add the items of queries judged with grade 3 to that product's items. Ctrl-C ends the
        training early and keeps what was learned; `resume` continues it with its original settings. InputError for an
        option that this trainer does not have, or that is outside LIMITS, when `out` holds something other than an
        encoder or cannot be written, and when there is nothing to learn from.
        """
        if unknown := sorted(set(options) - self.options):
            known = ", ".join(sorted(self.options)) or "none"
            raise InputError(
                ", ".join(unknown), f"not an option of an encoder that learns {self.description}; options: {known}"
            )
        numbers = {name: value for name, value in {"seed": seed, **options}.items() if name in LIMITS}
        for name, value in numbers.items():
            low, high = LIMITS[name]
            if not low <= value <= high:
                raise InputError(name, f"must be from {low} to {high}, not {value}")
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
        "ltr_plugin.encoders.training.photo.clip:train_encoder",
        frozenset({"start", "image_size", "batch"}),
    ),
    "audio": Trainer(
        "audio and text in one space (a small network on spectrograms)",
        "ltr_plugin.encoders.training.audio.mel_cnn:train_encoder",
        frozenset({"start", "text", "batch"}),
    ),
    "text": Trainer(
        "text alone (a BiLSTM)",
        "ltr_plugin.encoders.training.text:train_text",
        frozenset({"start", "batch"}),
    ),
    "keypoints": Trainer(
        "photos as bags of visual words (SIFT or ORB)",
        "ltr_plugin.encoders.training.photo.visual_words:train_visual_words",
        frozenset({"descriptor", "vocabulary_size"}),
    ),
}

ALIGN = Trainer(
    "projections of a photo and a text encoder into one space",
    "ltr_plugin.encoders.training.alignment:train_alignment",
    frozenset({"photo", "text", "batch"}),
)
FINETUNE = Trainer(
    "photos of a shop, from an encoder that knows others",
    "ltr_plugin.encoders.training.photo.finetuning:finetune",
    frozenset({"start", "text", "image_size", "batch"}),
)


def get_trainer(kind: str) -> Trainer:
    """The trainer of this kind; InputError with the known kinds."""
    if kind not in TRAINERS:
        raise InputError("--kind", f"{kind!r} is none of {', '.join(TRAINERS)}")
    return TRAINERS[kind]
