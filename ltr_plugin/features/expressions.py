"""Just enough of Lucene expressions to check them before the cluster compiles them."""

import re

_NUMBER = r"(?<![A-Za-z_$0-9.])(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})|(?P<name>[A-Za-z_$][A-Za-z0-9_$.]*)(?P<call>\s*\()?")


def variables(expression: str) -> set[str]:
    """The names that an expression reads; functions are not among them."""
    return {token["name"] for token in _TOKEN.finditer(expression) if token["name"] and not token["call"]}


def term_count(expression: str) -> int:
    """How many numbers and variables an expression joins; very long ones overflow the plugin's compiler."""
    return sum(1 for token in _TOKEN.finditer(expression) if token["number"] or not token["call"])
