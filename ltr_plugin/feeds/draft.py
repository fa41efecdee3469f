"""A first mapping of a feed, as a file that people correct: what each column is taken for, with examples of values."""

from collections.abc import Iterable, Iterator, Sequence

from ltr_plugin.feeds.feed import Feed
from ltr_plugin.feeds.mapping import MAPPING_VERSION, PARTS, Rule
from ltr_plugin.feeds.records import Record
from ltr_plugin.profile.yaml_file import aligned_comments, head_comments, one_line, wrapped_comments, yaml_scalar

EXAMPLES, MAX_EXAMPLE = 3, 40
"""Values of a column that are shown, and the characters of each."""

MAX_OPTIONS = 100

_COLUMNS = (
    f"What each column is: {', '.join(PARTS)}; attributes.NAME; stats.NAME for a number on shoppers' behaviour; "
    "variants.id, variants.price, variants.ean or variants.attributes.NAME; a field that the profile declares; or null "
    "to leave it out. A list is {to: images, separator: '|'}, a category {to: category, levels: '>'}; an attribute may "
    "have {to: attributes.weight, type: number}, also boolean or date."
)

_OPTIONS = (
    "What options, attributes and product details are by their names, in whichever column; those that are not named "
    "are declared fields or attributes of their names."
)


def draft_mapping(feed: Feed, command: str) -> str:
    """The mapping that a feed is read by without one. `command` is what to run with the corrected file."""
    sample = feed.sample()
    lines = head_comments(
        [f"Mapping of {feed.path.name}, {', '.join(feed.notes)}.", "Correct it, then run", f"  {command}"]
    )
    lines += ["", f"version: {MAPPING_VERSION}", f"form: {feed.form.name}"]
    if feed.columns is not None:
        lines += [f"encoding: {feed.encoding}", f"separator: {yaml_scalar(feed.separator)}"]
    if feed.decimal:
        lines.append(f"decimal: {yaml_scalar(feed.decimal)}")
    else:
        lines.append("# decimal: ','  # or '.': no price shows which of them it is")
    lines += ["# currency: EUR  # of prices that name none", "# dates: d/m/y  # or m/d/y: the order of 03/04/2026", ""]
    lines += [*wrapped_comments([_COLUMNS]), "columns:", *aligned_comments(_entries(feed, sample))]
    if options := list(_option_entries(feed, sample)):
        lines += ["", *wrapped_comments([_OPTIONS]), "options:", *aligned_comments(options)]
    lines += ["", "# Columns that are not named above: attributes, or leave out.", "other_columns: attributes"]
    return "\n".join(lines) + "\n"


def _entries(feed: Feed, sample: Sequence[Record]) -> Iterator[tuple[str, str]]:
    columns = feed.columns if feed.columns is not None else _columns_of(sample)
    for column in dict.fromkeys(columns):
        if feed.form.is_of_options(column):
            continue
        texts = (text for record in sample for name, text in record.values if name == column and text.strip())
        rule = feed.form.rule(column)
        yield f"  {yaml_scalar(column)}: {_rule(rule)}", _examples(texts) or "no value in the first records"


def _option_entries(feed: Feed, sample: Sequence[Record]) -> Iterator[tuple[str, str]]:
    found: dict[str, tuple[Rule | None, list[str]]] = {}
    for options in feed.form.options(sample):
        for option in options:
            name = " ".join(option.name.split())
            if name not in found and len(found) < MAX_OPTIONS:
                found[name] = (feed.form.option(name, variant=not feed.form.lines_are_variants), [])
            if name in found:
                found[name][1].append(option.text)
    for name, (rule, texts) in found.items():
        yield f"  {yaml_scalar(name)}: {_rule(rule)}", _examples(texts)


def _examples(texts: Iterable[str]) -> str:
    return ", ".join(list(dict.fromkeys(_shorten(text) for _, text in zip(range(200), texts, strict=False)))[:EXAMPLES])


def _columns_of(sample: Sequence[Record]) -> Iterator[str]:
    return (column for record in sample for column, _ in record.values)


def _rule(rule: Rule | None) -> str:
    if rule is None:
        return "null"
    stated = rule.model_dump(exclude_defaults=True, exclude_none=True)
    return yaml_scalar(rule.to if len(stated) == 1 else stated)


def _shorten(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_EXAMPLE else f"{line[:MAX_EXAMPLE]}..."
