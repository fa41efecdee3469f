"""The report of a training, and the card that keeps it in the encoder's folder."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import CARD, read_card
from ltr_plugin.errors import InputError, counted
from ltr_plugin.validation import decode


@dataclass(frozen=True)
class HoldoutRetrieval:
    """Share of held-out items (photos, audio) whose product is the first result, or among the first five.

    `text_at_k` searches the products' text, `same_at_k` the other items of products in the catalog; None if there is
    nothing to search.
    """

    items: int = 0
    text_at_1: float | None = None
    text_at_5: float | None = None
    same_at_1: float | None = None
    same_at_5: float | None = None


@dataclass(frozen=True)
class TrainingReport:
    """The encoder's folder and fingerprint, its training data and effort, and its retrieval of held-out items.

    `unit` is the plural noun for the items, which ends in s. `unusable` has the reason for each item that was left out.
    `share` is below 1 when the training was interrupted; `resume` continues it.
    """

    folder: Path
    fingerprint: Fingerprint
    products: int
    unit: str
    items: int
    unusable: tuple[str, ...] = ()
    steps: int = 0
    seconds: float = 0.0
    share: float = 1.0
    held_out: HoldoutRetrieval = HoldoutRetrieval()

    @property
    def spec(self) -> str:
        """The encoder's specification, `library:folder`."""
        return f"{self.fingerprint.library}:{self.folder}"

    def to_summary(self) -> str:
        """Lines for a person: what was learned from, how to use the encoder, and what it finds."""
        held, item = self.held_out, self.unit.removesuffix("s")
        made = (
            f"{counted(self.items, item)} of {counted(self.products, 'product')}, {counted(self.steps, 'step')} "
            f"in {self.seconds:.0f} s"
        )
        lines = [f"{self.folder}: {made}", f"use it as {self.spec}"]
        if self.share < 1:
            lines.insert(1, f"interrupted at {self.share:.0%}; --resume continues from here")
        find = f"{counted(held.items, f'unseen {item}')} {'finds its' if held.items == 1 else 'find their'} product's"
        for name, first, five in (
            ("text", held.text_at_1, held.text_at_5),
            (f"other {self.unit}", held.same_at_1, held.same_at_5),
        ):
            if first is not None:
                lines.append(f"{find} {name}: {first:.0%} first, {five:.0%} in the first five")
        return "\n".join(lines)

    def to_card(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        """The card for the encoder's folder, as `read_card` returns it, with the facts in `more`."""
        facts = {name: value for name, value in asdict(self).items() if name not in ("folder", "unusable")}
        return {"name": self.fingerprint.model, **facts, "seconds": round(self.seconds, 1), **more}


class _Interrupted(BaseModel):
    """What a card says of the training, where it says it."""

    share: float = Field(1.0, ge=0)
    steps: int = Field(0, ge=0)
    seed: int = Field(0, ge=0)
    batch: int = Field(2, ge=1)
    start: str | None = None


def read_unfinished_card(out: Path) -> dict[str, Any]:
    """The card of an interrupted training, to be resumed; InputError when there is none that can go on."""
    if not (out / CARD).is_file():
        raise InputError(str(out), "holds no encoder whose training could be resumed; start it without --resume")
    card = read_card(out)
    decode(_Interrupted, card, source=str(out / CARD))
    if card.get("share", 1.0) >= 1:
        raise InputError(str(out), "was trained to its end; start a new training without --resume")
    return card
