"""Reporting progress: long work calls a function that it is given."""

from typing import Protocol


class Progress(Protocol):
    """A function that is told how many items are done and, where that is known, how many there are in total."""

    def __call__(self, done: int, total: int | None = None, stage: str = "") -> None:
        """Reports `done` of `total` items, of a stage of the work that has counts of its own, or of the whole."""


def no_progress(done: int, total: int | None = None, stage: str = "") -> None:
    """Ignores the progress."""


def stage_progress(progress: Progress, stage: str) -> Progress:
    """Progress of a stage, such as `reading photos`, which is shown beside that of the whole."""

    def report(done: int, total: int | None = None, stage: str = stage) -> None:
        progress(done, total, stage)

    return report


def offset_progress(progress: Progress, offset: int, overall_total: int) -> Progress:
    """Progress of one part of a task that has `overall_total` items, `offset` of them in earlier parts."""

    def report(done: int, total: int | None = None, stage: str = "") -> None:  # noqa: ARG001 - of the whole task
        progress(offset + done, overall_total)

    return report
