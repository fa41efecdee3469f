"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is done and, where known, what there is in all, both in items."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Hears how far the work is."""


def silent(done: int, total: int | None = None) -> None:
    """A listener that does nothing."""


def part_of(progress: Progress, before: int, whole: int) -> Progress:
    """A listener for one part of a longer work of `whole` items, of which `before` come earlier."""

    def listen(done: int, total: int | None = None) -> None:  # noqa: ARG001 - the whole is known
        progress(before + done, whole)

    return listen
