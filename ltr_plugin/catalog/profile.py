"""What the fields of an index mean: which are searched, shown and embedded, and where its media lie."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltr_plugin.catalog.media_roots import MediaRoots
from ltr_plugin.catalog.vectors import VectorField
from ltr_plugin.errors import InputError

LAYOUT_VERSION = 3
"""Version of the layout of an index and of what its `_meta` says; an index of another version is refused."""

TEXT_FIELDS = ("title.stem", "brand", "model", "category.stem", "description.stem", "attribute_text.stem")
RETURNED_FIELDS = ("id", "title", "brand", "price", "currency", "category", "shown_images")


@dataclass(frozen=True)
class IndexProfile:
    """The meaning of an index's fields. The defaults are those of an index that this library makes.

    `text_fields` are what the first pass searches for the query's text, each with its boost as `multi_match` writes it
    (`title^2`). `returned_fields` are the fields of a product that a search gives back.
    """

    vectors: tuple[VectorField, ...] = ()
    media: MediaRoots = field(default_factory=lambda: MediaRoots(Path()))
    text_fields: tuple[str, ...] = TEXT_FIELDS
    title: str = "title"
    returned_fields: tuple[str, ...] = RETURNED_FIELDS
    language: str = "english"
    schema: int = LAYOUT_VERSION

    @classmethod
    def from_meta(cls, name: str, meta: Mapping[str, Any], *, media_roots: Iterable[Path] = ()) -> "IndexProfile":
        """The profile that the `_meta` of the index `name` states; defaults stand for what it does not state.

        `media_roots` are the folders that this process may read media from (see `MediaRoots`). InputError for an index
        that this library did not make, or that an earlier version made.
        """
        version = meta.get("layout_version")
        if version is None and {"format", "vectors"} <= meta.keys():
            raise InputError(f"index {name}", "it was made by ltr 0.1; index the catalog again with `ltr catalog put`")
        if version is None:
            raise InputError(f"index {name}", "it was not made by `ltr index create`; choose another index")
        if version != LAYOUT_VERSION:
            raise InputError(
                f"index {name}",
                f"its layout has version {version!r}, not {LAYOUT_VERSION}; "
                "index the catalog again with `ltr catalog put`",
            )
        keys = ("text_fields", "title", "returned_fields", "language")
        stated: dict[str, Any] = {
            key: tuple(value) if isinstance(value := meta[key], list) else value for key in keys if key in meta
        }
        return cls(
            vectors=tuple(VectorField.from_meta(entry) for entry in meta["vectors"]),
            media=MediaRoots.of(Path(meta["media_root"]), media_roots),
            **stated,
        )
