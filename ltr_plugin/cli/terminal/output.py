"""Results on standard output: text for people, one JSON object for machines. Problems on standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from ltr_plugin.errors import Problem


def print_result(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Prints the facts as JSON, or the text."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else text)


def print_failed_queries(failed: Mapping[str, str]) -> None:
    """Prints the queries that a job went on without, a line each, on standard error."""
    print_problems(Problem(f"query {query}", reason) for query, reason in failed.items())


def exit_if(failed: object) -> None:
    """Ends the command with status 1 when something `failed`: what it did is done, and what failed is printed."""
    if failed:
        raise typer.Exit(1)


def first_of(ids: Sequence[str]) -> str:
    """The first ten ids, with dots when there are more."""
    return ", ".join(ids[:10]) + (", ..." if len(ids) > 10 else "")


def print_problems(problems: Iterable[Problem]) -> None:
    """Prints what failed, a line each, on standard error."""
    for problem in problems:
        typer.echo(str(problem), err=True)
