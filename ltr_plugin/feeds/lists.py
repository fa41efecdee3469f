"""Values of several parts: lists with any separator, and paths of categories."""

import re

_BETWEEN_URLS = re.compile(r",\s+|,(?=https?://|//)", re.IGNORECASE)
_NOT_ESCAPED: dict[str, re.Pattern[str]] = {}


def split_list(text: str, separator: str) -> list[str]:
    """The values in a text, trimmed, without empty ones.

    A separator within quotation marks, or behind a backslash, belongs to a value; so does a comma within a URL.
    """
    if not separator or separator not in text:
        return [text.strip()] if text.strip() else []
    if separator == "," and "://" in text:
        parts = _BETWEEN_URLS.split(text)
    elif '"' in text and len(separator) == 1:
        parts = _outside_quotes(text, separator)
    elif "\\" in text:
        pattern = _NOT_ESCAPED.setdefault(separator, re.compile(rf"(?<!\\){re.escape(separator)}"))
        parts = [part.replace(f"\\{separator}", separator) for part in pattern.split(text)]
    else:
        parts = text.split(separator)
    return [part.strip() for part in parts if part.strip()]


def _outside_quotes(text: str, separator: str) -> list[str]:
    """The parts between separators that are not within quotation marks, which open a value or follow a colon."""
    parts, opened, at = [""], False, 0
    while at < len(text):
        letter, before = text[at], parts[-1].rstrip()
        if letter == '"' and opened and text[at + 1 : at + 2] == '"':
            parts[-1] += '"'
            at += 1
        elif letter == '"' and (opened or not before or before.endswith(":")):
            opened = not opened
        elif letter == separator and not opened:
            parts.append("")
        else:
            parts[-1] += letter
        at += 1
    return text.split(separator) if opened else parts


def split_levels(paths: list[str], levels: str) -> list[str]:
    """The names of categories, each once, the most general first."""
    names = (name for path in paths for name in (path.split(levels) if levels else [path]))
    return list(dict.fromkeys(filter(None, map(str.strip, names))))
