import math

import numpy as np
import pytest

from ltr_plugin.errors import InputError
from ltr_plugin.features.lucene_expressions import evaluate_expression

COLUMNS = {"a": np.array([1.0, 2.0, -3.0]), "b": np.array([0.0, 5.0, 2.0]), "c.d": np.array([2.0, 2.0, 2.0])}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b * c.d", [1, 12, 1]),
        ("a - b - 1", [0, -4, -6]),
        ("-a - -b", [-1, 3, 5]),
        ("-a * b", [0, -10, 6]),
        ("12 / c.d / 3", [2, 2, 2]),
        ("a % 2", [1, 0, -1]),
        ("(a + b) * c.d", [2, 14, -2]),
        ("a > 0 && b > 0 ? max(a, b) : -1e-3", [-0.001, 5, -0.001]),
        ("!(a > 0) || b == 5", [0, 1, 1]),
        ("b == 5 ? 1 : a < 0 ? 2 : 3", [3, 1, 2]),
        ("a != 1", [0, 1, 1]),
        ("1 < 2 == 1", [1, 1, 1]),
        (".5*a+0x10", [16.5, 17, 14.5]),
        ("min(max(a, 0), 1.5)", [1, 1.5, 0]),
        ("pow(a, 2) + sqrt(4) + abs(a)", [4, 8, 14]),
        ("ln(exp(a)) + logn(2, 8) + log10(100)", [6, 7, 2]),
        ("tanh(0) + atan2(0, 1) + floor(1.5) + ceil(1.5)", [3, 3, 3]),
        ("1 / b", [math.inf, 0.2, 0.5]),
    ],
)
def test_expressions_are_evaluated_as_the_cluster_does(expression, expected):
    assert np.broadcast_to(evaluate_expression(expression, COLUMNS), 3) == pytest.approx(expected)


def test_an_expression_sees_float32_and_computes_in_double():
    third = np.array([1 / 3], dtype=np.float32)
    assert evaluate_expression("a * 3", {"a": third})[0] == float(third[0]) * 3
    assert evaluate_expression("a * 3", {"a": third})[0] != np.float32(third[0] * np.float32(3))


def test_a_sum_of_very_many_terms_needs_no_deep_stack():
    assert evaluate_expression(" + ".join(["a"] * 5000), {"a": np.ones(2)}).tolist() == [5000, 5000]


@pytest.mark.parametrize("wrong", ["", "a +", "a b", "foo(a)", "a & b", "(a", "max(a)", "a ? b", "#"])
def test_expressions_that_cannot_be_parsed_are_refused(wrong):
    with pytest.raises(InputError, match="cannot be evaluated here"):
        evaluate_expression(wrong, COLUMNS)
