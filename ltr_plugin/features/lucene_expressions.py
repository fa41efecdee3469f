"""Evaluates Lucene expressions as the cluster does: in double precision; a comparison gives 1 or 0.

Supported are numbers, variables, arithmetic, comparisons, logic, `?:` and the functions, but not the bit operators and
`haversin`. The language:
https://lucene.apache.org/core/9_9_2/expressions/org/apache/lucene/expressions/js/package-summary.html
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ltr_plugin.errors import InputError

Doubles = npt.NDArray[np.float64]
Instruction = tuple[int, Callable[..., Any]] | str | float
"""One step in postfix order: a function with its number of arguments, the name of a column, or a number."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_$][\w$.]*)|(?P<sign>\|\||&&|[=!<>]=|[-+*/%<>!?:(),]))"
)

_FUNCTIONS: dict[str, tuple[int, Callable[..., Doubles]]] = {
    **{name: (1, getattr(np, name)) for name in ("abs", "ceil", "cos", "cosh", "exp", "floor", "log10")},
    **{name: (1, getattr(np, name)) for name in ("sin", "sinh", "sqrt", "tan", "tanh")},
    **{f"a{name}": (1, getattr(np, f"arc{name}")) for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")},
    "atan2": (2, np.arctan2),
    "ln": (1, np.log),
    "logn": (2, lambda base, value: np.log(value) / np.log(base)),
    "max": (2, np.maximum),
    "min": (2, np.minimum),
    "pow": (2, np.power),
}

_BINARY: dict[str, tuple[int, Callable[[Doubles, Doubles], Any]]] = {
    "||": (1, lambda left, right: (left != 0) | (right != 0)),
    "&&": (2, lambda left, right: (left != 0) & (right != 0)),
    "==": (3, np.equal),
    "!=": (3, np.not_equal),
    "<": (4, np.less),
    "<=": (4, np.less_equal),
    ">": (4, np.greater),
    ">=": (4, np.greater_equal),
    "+": (5, np.add),
    "-": (5, np.subtract),
    "*": (6, np.multiply),
    "/": (6, np.divide),
    "%": (6, np.fmod),
}
"""The precedence of each operator, and its function."""
_UNARY: dict[str, Callable[[Doubles], Any]] = {
    "-": np.negative,
    "+": np.positive,
    "!": lambda value: value == 0,
}
_UNARY_PRECEDENCE = 7


def evaluate_expression(expression: str, columns: Mapping[str, npt.NDArray[np.floating]]) -> Doubles:
    """The values of an expression, float64, for columns of the same shape; InputError when it cannot be parsed."""
    results: list[Any] = []
    with np.errstate(all="ignore"):
        # A stack instead of recursion: a sum of many terms is nested as deeply as it is long.
        for instruction in compile_expression(expression):
            match instruction:
                case (count, function):
                    results[-count:] = [np.asarray(function(*results[-count:]), dtype=np.float64)]
                case str(name):
                    results.append(columns[name].astype(np.float64))
                case number:
                    results.append(np.float64(number))
    return np.asarray(results[0])


@cache
def compile_expression(expression: str) -> tuple[Instruction, ...]:
    """The instructions of an expression in postfix order; InputError when it cannot be parsed."""
    return _Parser(expression).parse()


class _Parser:
    """Operator-precedence parsing (Pratt, Top Down Operator Precedence, POPL 1973)."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.position = 0
        self.kind: str | None = None
        self.symbol = ""
        self.instructions: list[Instruction] = []
        self._next()

    def parse(self) -> tuple[Instruction, ...]:
        self._ternary()
        if self.kind is not None:
            raise self._error()
        return tuple(self.instructions)

    def _ternary(self) -> None:
        self._operation(0)
        if self.symbol == "?":
            self._next()
            self._ternary()
            self._expect(":")
            self._ternary()
            self.instructions.append((3, lambda condition, yes, no: np.where(condition != 0, yes, no)))

    def _operation(self, min_precedence: int) -> None:
        self._operand()
        while self.kind == "sign" and (operator := _BINARY.get(self.symbol)) and operator[0] > min_precedence:
            precedence, function = operator
            self._next()
            self._operation(precedence)
            self.instructions.append((2, function))

    def _operand(self) -> None:
        kind, symbol = self.kind, self.symbol
        self._next()
        if kind == "number":
            self.instructions.append(float(int(symbol, 16) if symbol[:2] in ("0x", "0X") else float(symbol)))
        elif kind == "name" and self.symbol == "(":
            self._call(symbol)
        elif kind == "name":
            self.instructions.append(symbol)
        elif symbol == "(":
            self._ternary()
            self._expect(")")
        elif symbol in _UNARY:
            self._operation(_UNARY_PRECEDENCE)
            self.instructions.append((1, _UNARY[symbol]))
        else:
            raise self._error()

    def _call(self, name: str) -> None:
        if name not in _FUNCTIONS:
            raise self._error()
        count, function = _FUNCTIONS[name]
        for position in range(count):
            self._expect("," if position else "(")
            self._ternary()
        self._expect(")")
        self.instructions.append((count, function))

    def _expect(self, sign: str) -> None:
        if self.symbol != sign:
            raise self._error()
        self._next()

    def _next(self) -> None:
        token = _TOKEN.match(self.expression, self.position)
        if token is None and self.expression[self.position :].strip():
            raise self._error()
        self.kind, self.symbol = (token.lastgroup, token[token.lastgroup or 0]) if token else (None, "")
        self.position = token.end() if token else len(self.expression)

    def _error(self) -> InputError:
        before = self.expression[: self.position]
        return InputError("expression", f"{self.expression!r} cannot be evaluated here, after {before!r}")
