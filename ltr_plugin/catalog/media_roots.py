"""The folders with an index's media, and the form of references in the index, so that workers find their files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ltr_plugin.catalog.media import is_url
from ltr_plugin.catalog.product import Modality
from ltr_plugin.validation import StrictModel

MEDIA_FIELDS: Mapping[Modality, str] = {"image": "images", "audio": "audio", "video": "video"}
"""The product field with the references of each modality."""

ModelT = TypeVar("ModelT", bound=StrictModel)


@dataclass(frozen=True)
class MediaRoots:
    """Relative references are under `main`, absolute ones under any of the roots. The roots are absolute paths."""

    main: Path
    others: tuple[Path, ...] = ()

    def contains(self, folder: Path) -> bool:
        """Whether a folder is under one of the roots."""
        return any(folder.resolve().is_relative_to(root) for root in (self.main, *self.others))

    def root_of(self, reference: str) -> Path:
        """The root that `resolve_media_path` needs for a reference."""
        return next((root for root in self.others if Path(reference).is_relative_to(root)), self.main)

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
