"""The folder with an index's media, the folders that may be read, and the form of references in the index."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ltr_plugin.catalog.product import Modality
from ltr_plugin.catalog.references import is_url
from ltr_plugin.validation import StrictModel

MEDIA_FIELDS: Mapping[Modality, str] = {"image": "images", "audio": "audio", "video": "video"}
"""The product field with the references of each modality."""

ModelT = TypeVar("ModelT", bound=StrictModel)


@dataclass(frozen=True)
class MediaRoots:
    """The folder with an index's media, and the folders that this process may read. All are absolute.

    Relative references are under `main`, which the index states. The index cannot allow anything: `allowed` comes from
    the settings, or from the command that was told the folder.
    """

    main: Path
    allowed: tuple[Path, ...] = ()

    @classmethod
    def of(cls, stated: Path, allowed: Iterable[Path] = ()) -> "MediaRoots":
        """The roots of an index that states this folder; the first allowed one stands for it if it is not here."""
        folders = tuple(folder.resolve() for folder in allowed)
        elsewhere = folders and not _is_under(stated, folders) and not stated.exists()
        return cls(folders[0] if elsewhere else stated.resolve(), folders)

    def refusal(self, reference: str) -> str | None:
        """Why this process may not read a local reference of the index; None if it may."""
        if is_url(reference) or _is_under(self.main, self.allowed):
            return None
        if self.allowed and Path(reference).is_absolute():
            return None  # it lies in an allowed folder, or `resolve_media_path` refuses it
        return (
            f"{reference!r} is a file; set LTR_MEDIA_ROOT of the worker to a folder that contains {self.main}, "
            "or name it with `ltr index embed --media-root`"
        )

    def first_refusal(self, references: Iterable[str]) -> str | None:
        """Why this process may not read one of these references; None if it may read all."""
        return next(filter(None, map(self.refusal, references)), None)

    def root_of(self, reference: str) -> Path:
        """The root that `resolve_media_path` needs for a reference that is not refused."""
        return next((root for root in self.allowed if Path(reference).is_relative_to(root)), self.main)

    def rebase(self, change: ModelT, folder: Path) -> ModelT:
        """The change with its references, which are relative to `folder`, in the form of the index.

        A reference under the main root becomes relative to it; any other becomes absolute.
        """
        if folder.resolve() == self.main:
            return change
        rebased = {
            name: tuple(self._rebase(reference, folder) for reference in getattr(change, name) or ())
            for name in MEDIA_FIELDS.values()
            if name in change.model_fields_set
        }
        return change.model_copy(update=rebased)

    def _rebase(self, reference: str, folder: Path) -> str:
        if is_url(reference):
            return reference
        path = Path(os.path.normpath(folder.resolve() / reference))
        return path.relative_to(self.main).as_posix() if path.is_relative_to(self.main) else str(path)


def _is_under(folder: Path, roots: Iterable[Path]) -> bool:
    return any(folder.resolve().is_relative_to(root) for root in roots)
