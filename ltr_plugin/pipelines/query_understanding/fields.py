"""The fields of an index that have words."""

from collections.abc import Iterable, Mapping
from typing import Any

from ltr_plugin.cluster.index import Index
from ltr_plugin.profile.index_fields import IndexField, index_fields
from ltr_plugin.profile.word_fields import word_fields


def unnested_fields(index: Index) -> dict[str, IndexField]:
    """The fields of the index that plain queries reach, by path."""
    return {path: one for path, one in index_fields(index.mapping).items() if one.searchable}


def words_of(index: Index, paths: Iterable[str], mapped: Mapping[str, IndexField]) -> tuple[str, ...]:
    """The fields with the words of these ones as they are written, as far as there are such (`word_field`)."""
    return word_fields(paths, mapped, analysis_of(index))


def analysis_of(index: Index) -> Mapping[str, Any]:
    """The `analysis` block of the index's settings."""
    analysis: Mapping[str, Any] = index.settings.get("analysis", {})
    return analysis
