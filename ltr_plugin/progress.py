"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is done and, where known, what there is in all, both in items."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Hears how far the work is."""


def no_progress(done: int, total: int | None = None) -> None:
    """A listener that does nothing."""


def offset_progress(progress: Progress, offset: int, whole_total: int) -> Progress:
    """A listener for one part of a longer work of `whole_total` items, of which `offset` come earlier."""

    def listen(done: int, total: int | None = None) -> None:  # noqa: ARG001 - the whole is known
        progress(offset + done, whole_total)

    return listen
