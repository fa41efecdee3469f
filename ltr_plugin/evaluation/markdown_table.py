"""Tables in Markdown, for files."""

from collections.abc import Sequence


def markdown_table(table: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table whose first row is its head."""
    head, *rows = table
    return ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
