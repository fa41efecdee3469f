"""Text in several languages: values by language code, and names of fields that come once in each language."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints

from ltr_plugin.catalog.values import read_text
from ltr_plugin.validation import shorten

LANGUAGE_PARAMETER = "language"
"""The search parameter with the code of a search's language."""

LANGUAGE = "{language}"
"""What stands for the code of a search's language in the name of a field, such as `title_{language}`."""

LOCALIZED_PARTS = ("title", "description", "category")
"""The parts of a product that have a text in each language, beside declared texts."""

LocalizedPath = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^(\{language\}|[^\s^*{}\"])+$")
]
"""The path of a field of an index, in which LANGUAGE may stand."""

LocalizedName = Annotated[str, StringConstraints(pattern=r"^(\{language\}|[A-Za-z_])(\{language\}|[A-Za-z0-9_.])*$")]
"""Such a path that query strings and expressions can name."""


def in_language(path: str, code: str) -> str:
    """The field in the language of a code; a path without LANGUAGE stays."""
    return path.replace(LANGUAGE, code)


def in_languages(path: str, codes: Iterable[str]) -> list[str]:
    """The field in each of these languages; one without LANGUAGE is the only one."""
    return [in_language(path, code) for code in codes] if LANGUAGE in path else [path]


def template_tag(default: str) -> str:
    """The code of a search's language in a search template, `default` where the search has none."""
    return f"{{{{{LANGUAGE_PARAMETER}}}}}{{{{^{LANGUAGE_PARAMETER}}}}}{default}{{{{/{LANGUAGE_PARAMETER}}}}}"


def feature_tag(path: str) -> str:
    """A field in a feature template, which always has the parameter of the language."""
    return in_language(path, f"{{{{{LANGUAGE_PARAMETER}}}}}")


def first_language(value: Any) -> Any:  # noqa: ANN401 - a text, a list of texts, or one of them by code
    """The value in the first language that it has; a value that is not by language as it is."""
    return next(iter(value.values()), "") if isinstance(value, Mapping) else value


def texts_in(value: Any, codes: Collection[str]) -> Iterator[str]:  # noqa: ANN401 - as of `first_language`
    """The texts of a value that is not by language, or of one that is in the languages of these codes."""
    values = [one for code, one in value.items() if code in codes] if isinstance(value, Mapping) else [value]
    for one in values:
        yield from (one,) if isinstance(one, str) else one


def by_language(
    codes: tuple[str, ...], read: Callable[[object], object], *, removable: bool = False
) -> Callable[[object], object]:
    """A validator of values by language, in the order of `codes`; one that is not by language is in the first.

    Empty values are left out, unless they are `removable`: those of an update, in which None removes a language.
    """

    def checked(value: object) -> object:
        if value is None:
            return None
        texts = value if isinstance(value, Mapping) else {codes[0]: value}
        if unknown := next((code for code in texts if code not in codes), None):
            raise ValueError(f"{shorten(unknown)} is no language of the index, which has {', '.join(codes)}")
        made: dict[str, object] = {}
        for code in (code for code in codes if code in texts):
            if texts[code] is None and removable:
                made[code] = None
            elif (text := _read(read, texts[code], f"{code}: " if texts is value else "")) or removable:
                made[code] = text
        return made

    return checked


def _read(read: Callable[[object], object], value: object, place: str) -> object:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{place}{error}") from None


def read_texts(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{shorten(value)} is no list of texts")  # noqa: TRY004 - pydantic's form of a refusal
    return tuple(map(read_text, value))


def localized_texts(
    fields: Mapping[str, Any], names: Iterable[str], before: Collection[str], after: Collection[str]
) -> dict[str, Any]:
    """The fields of a product, with the texts of these names, which are in the languages `before`, as an index has them
    that has the languages `after`, or has one, which gets the first of them."""
    changed: dict[str, Any] = {}
    for name in names:
        if isinstance(value := fields.get(name), Mapping):
            ordered = {code: value[code] for code in before if code in value}
            kept = {code: text for code, text in ordered.items() if code in after}
            changed[name] = kept if after else first_language(ordered)
    return {**fields, **changed}
