"""What is to be embedded of an index for one vector field, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Reasons = list[tuple[str, str]]
"""Ids of products, each with a reason."""


@dataclass(frozen=True)
class FieldOptions:
    """What is embedded besides what is new, changed, or made by another encoder.

    With `overwrite` vectors too that were not made here, with `retry_errors` what failed before. With `ids`, only these
    products, whatever was made of them. `dry_run` counts and writes nothing.
    """

    overwrite: bool = False
    retry_errors: bool = False
    ids: Sequence[str] | None = None
    dry_run: bool = False


@dataclass
class FieldResult:
    """What became of the documents of an index, as counts, or with a reason each.

    `embedded` got a vector; `unchanged` have the one that an earlier call made of the same content; `kept` have one
    that was not made here; `empty` have nothing that the encoder takes; `pending` would be embedded, were it not for
    `dry_run`. `changed` were written by another again and again meanwhile, or deleted.

    `failed` cannot be embedded, or not all of their media, as found now or by an earlier call. `unavailable` have media
    that cannot be read now. `refused` were not accepted by the cluster now, or have media that this process may not
    read. The last two are tried again by the next call.
    """

    products: int = 0
    embedded: int = 0
    unchanged: int = 0
    kept: int = 0
    empty: int = 0
    pending: int = 0
    changed: list[str] = field(default_factory=list)
    failed: Reasons = field(default_factory=list)
    unavailable: Reasons = field(default_factory=list)
    refused: Reasons = field(default_factory=list)
