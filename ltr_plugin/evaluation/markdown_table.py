"""Tables in Markdown."""

from collections.abc import Sequence


def markdown_table(table: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; the first row of `table` is its head."""
    head, *rows = table
    return ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
