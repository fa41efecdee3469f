"""Profiles as YAML files that people read and correct: a draft with its reasons, and a profile as it is."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from ltr_plugin.profile.draft import Guess, ProfileDraft, VectorGuess
from ltr_plugin.profile.filter_fields import FilterField
from ltr_plugin.profile.index_profile import PROFILE_VERSION, IndexProfile

MAX_LINE = 110
"""Length of comments on lines of their own."""

_PARTS = "The field that holds each part of a product. Remove the # of a line where you know the field."
_LANGUAGES = "Languages by the codes that names of fields have; the first is that of a search that states none."
_TEXT = "Fields that the first pass searches for the words of a query; ^ is the boost of a field."
_RETURNED = "Fields of a product that a search returns."
_FIRST_PASS = {
    "popularity": "The number by which products come where a shopper browses without words.",
    "search_type": "Whether searches count how rare a word is in each shard, or in all: storefronts send it, too, as "
    "`?search_type=`.",
}
_FILTERS = "Fields that shoppers filter, count (facet) and sort by."
_NESTED = (
    "Lists of objects whose fields are filtered together. The key tells the objects of a document apart: the search "
    "parameter of its name picks one."
)
_VECTORS = "Vector fields with the encoders that made them: queries are encoded by the same."
_NO_ENCODER = (
    "State the encoder that made it, as `ltr encoder list` names encoders, and of what: text, image, audio or video."
)


def draft_yaml(draft: ProfileDraft, head: Iterable[str]) -> str:
    """The file of a draft; what is not guessed stands in it as a comment. `head` are lines of its first comment."""
    lines = [*head_comments(head), "", f"version: {PROFILE_VERSION}", ""]
    if draft.languages:
        lines += [*wrapped_comments([_LANGUAGES]), f"languages: {yaml_scalar(dict(draft.languages))}", ""]
    else:
        lines += [
            *wrapped_comments([f"{_capital(draft.language.reason)}."]),
            f"language: {yaml_scalar(draft.language.value)}",
            "",
        ]
    lines += [
        *wrapped_comments([_PARTS]),
        "product:",
        *aligned_comments(_part(*entry) for entry in draft.parts.items()),
        "",
    ]
    lines += [
        *wrapped_comments([_TEXT]),
        "text_fields:",
        *aligned_comments(_item(field) for field in draft.text_fields),
    ]
    if draft.returned_fields:
        lines += ["", *wrapped_comments([_RETURNED]), "returned_fields:"]
        lines += [f"  - {yaml_scalar(field)}" for field in draft.returned_fields]
    options = {"popularity": draft.popularity, "search_type": draft.search_type}
    if stated := {name: guess for name, guess in options.items() if guess}:
        entries = [(f"  {name}: {yaml_scalar(guess.value)}", guess.reason) for name, guess in stated.items()]
        comments = [_FIRST_PASS[name] for name in stated]
        lines += ["", *wrapped_comments(comments), "first_pass:", *aligned_comments(entries)]
    if draft.nested:
        lines += ["", *wrapped_comments([_NESTED]), "nested:"]
        lines += [f"  - {yaml_scalar(one.model_dump(exclude_none=True))}" for one in draft.nested]
    if draft.filters:
        lines += [
            "",
            *wrapped_comments([_FILTERS]),
            "filters:",
            *aligned_comments(_filter(field) for field in draft.filters),
        ]
    if draft.vectors:
        known = [vector for vector in draft.vectors if vector.encoder]
        lines += ["", *wrapped_comments([_VECTORS]), "vectors:" if known else "# vectors:"]
        lines += [line for vector in draft.vectors for line in _vector(vector)]
    return "\n".join(lines) + "\n"


def profile_yaml(profile: IndexProfile, head: Iterable[str] = ()) -> str:
    """The file of a profile, without what it does not state."""
    import yaml

    values = {"version": profile.version, **profile.model_dump(mode="json", exclude_none=True)}
    stated = {key: value for key, value in values.items() if value not in ([], {})}
    if profile.languages:
        del stated["language"]  # which cannot be stated beside them
    text: str = yaml.dump(stated, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=120)
    return "".join(f"{line}\n" for line in head_comments(head)) + text


def _part(part: str, guess: Guess) -> tuple[str, str]:
    if guess.value:
        return f"  {part}: {yaml_scalar(guess.value)}", guess.reason
    candidates = f"; candidates: {', '.join(guess.candidates)}" if guess.candidates else ""
    return f"  # {part}:", f"{guess.reason}{candidates}"


def _item(guess: Guess) -> tuple[str, str]:
    return f"  - {yaml_scalar(guess.value)}", guess.reason


def _filter(field: FilterField) -> tuple[str, str]:
    return f"  - {yaml_scalar(field.model_dump(mode='json', exclude_none=True))}", ""


def _vector(vector: VectorGuess) -> Iterator[str]:
    size = f"{vector.dimension} dimensions, " if vector.dimension else ""
    yield from wrapped_comments([f"{vector.name}: {size}{vector.space}. {_capital(vector.reason)}."], "  ")
    if not vector.encoder:
        yield from wrapped_comments([_NO_ENCODER], "  ")
    mark = "" if vector.encoder else "# "
    yield f"  {mark}- name: {yaml_scalar(vector.name)}"
    yield f"  {mark}  source: text"
    yield f"  {mark}  encoder: {yaml_scalar(vector.encoder or 'library:model')}"


def aligned_comments(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Lines with their comments, which begin in one column, unless a line is far longer than the others."""
    entries = list(entries)
    column = min(max((len(entry) for entry, _ in entries), default=0), 44)
    return [f"{entry:<{column}}  # {one_line(reason)}" if reason else entry for entry, reason in entries]


def head_comments(lines: Iterable[str]) -> list[str]:
    """Lines as comments."""
    return [f"# {line}".rstrip() for line in lines]


def wrapped_comments(texts: Iterable[str], indent: str = "") -> list[str]:
    """Sentences as comments on lines of their own."""
    return [f"{indent}# {line}" for text in texts for line in wrap(one_line(text), MAX_LINE, break_on_hyphens=False)]


def _dumper() -> Any:  # noqa: ANN401 - PyYAML is loaded late and has no types
    """PyYAML's safe dumper, by which text of several lines, such as a query, keeps them."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    return Dumper


def yaml_scalar(value: Any) -> str:  # noqa: ANN401 - any value of YAML
    """The value as YAML writes it, in quotes where it would be read as something else."""
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, width=1000, default_flow_style=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def one_line(text: str) -> str:
    """The text without line ends, which would end a comment."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
