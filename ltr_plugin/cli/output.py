"""Results on standard output: words for people, one JSON object where a machine reads."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ltr_plugin.errors import Problem

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
IndexName = Annotated[str, typer.Option("--index", "-i", help="The index (its alias).")]


def print_result(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Prints the facts as JSON, or the text."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else text)


def print_mistakes(problems: Iterable[Problem]) -> None:
    """Prints what failed, a line each, on standard error."""
    for problem in problems:
        typer.echo(str(problem), err=True)
