"""What came out of a training."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.vectors import Fingerprint
from ltr_plugin.encoders.encoder_folder import CARD, read_card
from ltr_plugin.errors import InputError


@dataclass(frozen=True)
class HoldoutRetrieval:
    """Shares of held-out items (photos, sounds) whose product comes first, or among the first five.

    `text` looks for the product by its text, `same` by the other items that its catalog has of it; None where it cannot
    be asked.
    """

    items: int = 0
    text_at_1: float | None = None
    text_at_5: float | None = None
    same_at_1: float | None = None
    same_at_5: float | None = None


@dataclass(frozen=True)
class TrainingReport:
    """The encoder's folder and fingerprint, what it was made of, and what it finds for items it has not seen.

    `unit` is what the items are called, in the plural; `unusable` says which ones were left out, and why. `share` is below 1
    when the training was interrupted; `resume` goes on from there.
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

    def to_card(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        """The note kept beside the encoder, as `folder.read_card` gives it back; `more` goes in as it is."""
        facts = {name: value for name, value in asdict(self).items() if name not in ("folder", "unusable")}
        return {"name": self.fingerprint.model, **facts, "seconds": round(self.seconds, 1), **more}


def read_unfinished_card(out: Path) -> dict[str, Any]:
    """The card of an interrupted training, to be resumed; InputError when there is none or it came to its end."""
    if not (out / CARD).is_file():
        raise InputError(str(out), "holds no encoder to go on with")
    card = read_card(out)
    if card.get("share", 1.0) >= 1:
        raise InputError(str(out), "was trained to its end; to train it further, start a new one from it")
    return card
