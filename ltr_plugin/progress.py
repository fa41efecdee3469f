"""Reporting progress: long work calls a function that it is given."""

from typing import Protocol


class Progress(Protocol):
    """A function that is told how many items are done and, where that is known, how many there are in total."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Reports `done` of `total` items."""


def no_progress(done: int, total: int | None = None) -> None:
    """Ignores the progress."""


def offset_progress(progress: Progress, offset: int, overall_total: int) -> Progress:
    """Progress of one part of a task that has `overall_total` items, `offset` of them in earlier parts."""

    def report(done: int, total: int | None = None) -> None:  # noqa: ARG001 - the total of the whole task is reported
        progress(offset + done, overall_total)

    return report
