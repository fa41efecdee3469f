"""Checks of Lucene expressions before the cluster compiles them."""

import re

_NUMBER = r"(?<![A-Za-z_$0-9.])(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})|(?P<name>[A-Za-z_$][A-Za-z0-9_$.]*)(?P<call>\s*\()?")


def variables(expression: str) -> set[str]:
    """The names of the variables in an expression."""
    return {token["name"] for token in _TOKEN.finditer(expression) if token["name"] and not token["call"]}


def term_count(expression: str) -> int:
    """The number of numbers and variables in an expression."""
    return sum(1 for token in _TOKEN.finditer(expression) if token["number"] or not token["call"])
