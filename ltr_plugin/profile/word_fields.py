"""Fields whose terms are words as products have them: neither stems, nor parts of words."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ltr_plugin.profile.analyzers import LANGUAGES
from ltr_plugin.profile.index_fields import TEXT_TYPES, IndexField

_STEMMERS = ("stem", "snowball", "hunspell", "porter")
_PARTS = ("gram", "shingle", "keyword", "decompounder")


def word_field(path: str, fields: Mapping[str, IndexField], analysis: Mapping[str, Any]) -> str | None:
    """The field with the words of this one as they are written: itself, or another form of the same values.

    Where all forms have stems, it is the one of that path, or else the first. None where none is text that plain
    queries reach. `fields` are those of the index (`index_fields`), `analysis` its settings.
    """
    origin = fields[path].origin or path if path in fields else path
    forms = [one for one in fields.values() if origin in (one.path, one.origin)]
    text = [one for one in forms if one.type in TEXT_TYPES and one.searchable]
    words = [one for one in text if not any(_uses(_PARTS, index_analyzer(one), analysis))]
    plain = [one for one in words if not _is_stemmed(index_analyzer(one), analysis)]
    best = sorted(plain or words, key=lambda one: (one.path != path, one.origin is not None))
    return best[0].path if best else None


def word_fields(paths: Iterable[str], fields: Mapping[str, IndexField], analysis: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields with the words of these ones, each once."""
    found = (word_field(path, fields, analysis) for path in paths)
    return tuple(dict.fromkeys(one for one in found if one))


def index_analyzer(field: IndexField) -> str:
    """The name of the analyzer by which the texts of products become terms."""
    return str(field.options.get("analyzer", "default"))


def _is_stemmed(name: str, analysis: Mapping[str, Any]) -> bool:
    settings = analysis.get("analyzer", {}).get(name)
    kind = str(settings.get("type", "custom") if settings else name)
    return kind in LANGUAGES or kind == "snowball" or any(_uses(_STEMMERS, name, analysis))


def _uses(kinds: tuple[str, ...], name: str, analysis: Mapping[str, Any]) -> Iterator[bool]:
    """For each filter of an analyzer, and its tokenizer, whether it is of one of these kinds."""
    settings = analysis.get("analyzer", {}).get(name, {})
    for section in ("filter", "tokenizer"):
        listed = settings.get(section, ())
        for one in [listed] if isinstance(listed, str) else listed:
            kind = f"{one} {analysis.get(section, {}).get(one, {}).get('type', '')}"
            yield any(part in kind for part in kinds)
