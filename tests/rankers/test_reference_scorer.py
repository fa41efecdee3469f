import numpy as np
import pytest
from reference_scorer import (
    rounding_error_bound,
    score_linear,
    score_trees,
    tree_leaves,
)

NAN = np.nan


def leaf(number, value):
    return {"nodeid": number, "leaf": value}


def split(condition, *, missing):
    children = [leaf(1, 1.0), leaf(2, 2.0)]
    node = {
        "nodeid": 0,
        "depth": 0,
        "split": "a",
        "split_condition": condition,
        "yes": 1,
        "no": 2,
        "children": children,
    }
    return node | ({"missing": missing} if missing else {})


def column(*values):
    return np.array(values, dtype=np.float32)[:, None]


def test_less_is_yes_and_equal_is_no():
    values = column(0.4999, 0.5, 0.5001)
    assert tree_leaves(split(0.5, missing=None), ["a"], values).tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("policy", "to_yes", "to_no", "unsaid"), [("missing", 1, 2, 2), ("no", 2, 2, 2), ("zero", 1, 1, 1)]
)
def test_a_missing_value_goes_where_the_plugin_version_sends_it(policy, to_yes, to_no, unsaid):
    for child, expected in ((1, to_yes), (2, to_no), (None, unsaid)):
        assert tree_leaves(split(0.5, missing=child), ["a"], column(NAN), missing=policy).tolist() == [expected]


def test_missing_as_zero_in_the_definition_overrides():
    definition = {"splits": [split(0.5, missing=2)], "missing_as_zero": True}
    assert score_trees(definition, ["a"], column(NAN)).tolist() == [1]


def test_trees_are_added_in_float32_in_their_order():
    trees = [leaf(0, 16777216.0), leaf(0, 1.0), leaf(0, 1.0), leaf(0, -16777216.0)]
    assert score_trees(trees, [], np.zeros((1, 0), dtype=np.float32)).tolist() == [0.0]
    assert score_trees(trees[1:3] + trees[:1] + trees[3:], [], np.zeros((1, 0), dtype=np.float32)).tolist() == [2.0]


def test_logistic_objectives_and_unknown_ones():
    half = {"splits": [leaf(0, 0.0)], "objective": "binary:logistic"}
    assert score_trees(half, [], np.zeros((1, 0), dtype=np.float32)).tolist() == [0.5]
    with pytest.raises(ValueError, match="reg:squarederror"):
        score_trees(half | {"objective": "reg:squarederror"}, [], np.zeros((1, 0), dtype=np.float32))


def test_linear_rounds_every_product_and_sum():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(50, 7)).astype(np.float32)
    weights = {name: float(rng.normal()) for name in "abcdef"}
    expected = []
    for row in values:
        zero_filled = np.float32(0)
        for name, value in zip("abcdefg", row, strict=True):
            zero_filled = np.float32(zero_filled + np.float32(np.float32(weights.get(name, 0.0)) * value))
        expected.append(zero_filled)
    assert np.array_equal(score_linear(weights, "abcdefg", values), np.array(expected))


def test_the_error_bound_holds_for_sums_that_cancel():
    rng = np.random.default_rng(6)
    exact = rng.normal(size=(200, 1000)) * 10.0 ** rng.integers(-3, 4, size=(200, 1000))
    zero_filled = np.zeros(200, dtype=np.float32)
    for tree in range(1000):
        zero_filled += exact[:, tree].astype(np.float32)
    assert (np.abs(zero_filled - exact.sum(axis=1)) <= rounding_error_bound(exact)).all()
