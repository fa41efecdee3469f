"""Lucene expressions as text: checked before the cluster compiles them, and written from weights."""

import re
from collections.abc import Iterable

_NUMBER = r"(?<![A-Za-z_$0-9.])(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})|(?P<name>[A-Za-z_$][A-Za-z0-9_$.]*)(?P<call>\s*\()?")


def variables(expression: str) -> set[str]:
    """The names of the variables in an expression."""
    return {token["name"] for token in _TOKEN.finditer(expression) if token["name"] and not token["call"]}


def term_count(expression: str) -> int:
    """The number of numbers and variables in an expression."""
    return sum(1 for token in _TOKEN.finditer(expression) if token["number"] or not token["call"])


def weighted_sum(terms: Iterable[tuple[float, str]], constant: float = 0.0) -> str:
    """An expression such as `2 * a - 0.5 * b + 1` of weights and names; `0` if there is nothing to add."""
    written = [("-" if weight < 0 else "+", f"{number(abs(weight))} * {name}") for weight, name in terms]
    if constant or not written:
        written.append(("-" if constant < 0 else "+", number(abs(constant))))
    (sign, first), *others = written
    return ("-" if sign == "-" else "") + first + "".join(f" {sign} {term}" for sign, term in others)


def number(value: float) -> str:
    """The shortest decimal form that is read as the same double."""
    return repr(value).removesuffix(".0")
