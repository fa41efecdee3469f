"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called with what is done and, where known, what there is in all, both in items."""

    def __call__(self, done: int, total: int | None = None) -> None: ...


def silent(done: int, total: int | None = None) -> None:  # noqa: ARG001 - the shape is the protocol
    """A listener that does nothing."""
