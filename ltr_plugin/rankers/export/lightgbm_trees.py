"""LightGBM trees as the `model/xgboost+json` trees that an LTR plugin walks, leaf for leaf the same.

LightGBM goes left on `value <= threshold` in double precision; the plugin goes to the yes child on `value < threshold`
in float32. Between float32 values both are step functions, so every split is first written as the float32 values at
which its side changes, and then as one comparison for each of them. Three rules of LightGBM's predictor matter
(its `Tree::Decision`): values within 1e-35 of zero are read as zero; a NaN is zero unless the split's missing type is
`NaN` or `Zero`, when it goes the default way; missing type `Zero` sends zero the default way too. A categorical split
truncates its value to an integer and goes left when that is in its set.

Assumption: no value reaches the largest float32, 3.4e38. LightGBM writes 1e300 for "everything goes left", and JSON
has no infinity to say so; such a threshold becomes the largest float32.

Leaf values are rounded to float32 and the plugin adds them in float32, in tree order. With u = 2**-24 and n trees the
sum is within n * u / (1 - n * u) * sum(abs(leaf values)) of LightGBM's (Higham, Accuracy and Stability of Numerical
Algorithms, 2nd edition, section 4.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

import numpy as np

from ltr_plugin.errors import ExportError

Node = dict[str, Any]

MAX_DEPTH = 300
"""Deeper trees are refused: the plugin reads trees by recursion, and 495 levels kill a node."""
MAX_NODES = 100_000
"""Larger trees are refused: a split with many steps repeats its subtrees."""

MAX_FLOAT32 = float(np.finfo(np.float32).max)
ZERO_THRESHOLD = float(np.float32(1e-35))


def export_trees(dump: Mapping[str, Any], names: Sequence[str], *, weight: float = 1.0) -> list[Node]:
    """The trees of `Booster.dump_model()`, for features `names` in the order of the model's columns.

    The sum of their leaves is `weight` times LightGBM's raw score (`raw_score=True`): shrinkage and the starting score
    are already in the leaves, DART's weights too. A random forest's average is divided into them, so that they sum to
    its prediction.
    ExportError for several scores a row (multi-class), linear trees, and trees that pass MAX_DEPTH or MAX_NODES.
    """
    if dump["num_tree_per_iteration"] != 1:
        raise ExportError(f"the model gives {dump['num_tree_per_iteration']} scores a row; a ranker needs one")
    if len(names) != dump["max_feature_idx"] + 1:
        raise ExportError(f"the model reads {dump['max_feature_idx'] + 1} features, {len(names)} names were given")
    trees = dump["tree_info"]
    if not trees:
        raise ExportError("the model has no trees")
    leaf_weight = weight / len(trees) if dump.get("average_output") else weight
    return [_tree(tree, names, leaf_weight) for tree in trees]


@dataclass(frozen=True)
class Steps:
    """A split as a function of a float32 value.

    The side changes at each of `bounds`, float32 values in ascending order, which belong to the interval above them.
    """

    bounds: tuple[float, ...]
    first_left: bool
    missing_left: bool

    def left(self, interval: int) -> bool:
        """Whether values between bounds `interval - 1` and `interval` go left."""
        return self.first_left != (interval % 2 == 1)

    @classmethod
    def of(cls, split: Mapping[str, Any]) -> Self:
        """The steps of one split of a dump."""
        return cls._categories(split) if split["decision_type"] == "==" else cls._threshold(split)

    @classmethod
    def _threshold(cls, split: Mapping[str, Any]) -> Self:
        threshold, default_left = float(split["threshold"]), bool(split["default_left"])
        band = {-ZERO_THRESHOLD, _next_above(ZERO_THRESHOLD)}
        bound = _next_above(threshold)
        if -ZERO_THRESHOLD <= threshold <= ZERO_THRESHOLD:
            bound = min(band) if threshold < 0 else max(band)
        zero_left = bound > 0
        if split["missing_type"] == "None":
            return cls((bound,), first_left=True, missing_left=zero_left)
        moved = split["missing_type"] == "Zero" and default_left != zero_left
        # A change of side at one place twice is none, hence the symmetric difference.
        bounds = {bound} ^ band if moved else {bound}
        return cls(tuple(sorted(bounds)), first_left=True, missing_left=default_left)

    @classmethod
    def _categories(cls, split: Mapping[str, Any]) -> Self:
        bounds: set[float] = set()
        for category in map(int, str(split["threshold"]).split("||")):
            start = _round_up(category) if category else _next_above(-1.0)
            bounds ^= {start} ^ {_round_up(category + 1)}
        return cls(tuple(sorted(bounds)), first_left=False, missing_left=False)


@dataclass(frozen=True)
class _PendingNode:
    """A node to be written: the node of LightGBM it stands for, and which intervals of its steps are open."""

    node: Node
    depth: int
    source: Mapping[str, Any]
    steps: Steps | None
    first: int
    last: int

    @classmethod
    def at(cls, node: Node, depth: int, source: Mapping[str, Any]) -> Self:
        """All of the source node. A split that no float32 value can decide is passed over."""
        steps = None
        while "split_feature" in source and not (steps := Steps.of(source)).bounds:
            source, steps = source["right_child"], None
        return cls(node, depth, source, steps, 0, len(steps.bounds) if steps else 0)

    def child(self, node: Node, first: int, last: int) -> "_PendingNode":
        """Below this node: some of its intervals, or what LightGBM has behind a single one."""
        if first < last:
            return replace(self, node=node, depth=self.depth + 1, first=first, last=last)
        left = self.steps is not None and self.steps.left(first)
        return _PendingNode.at(node, self.depth + 1, self.source["left_child" if left else "right_child"])


def _tree(dumped: Mapping[str, Any], names: Sequence[str], leaf_weight: float) -> Node:
    """One tree. Without recursion, because a tree may be deeper than Python's stack allows."""
    ids = count(1)
    root: Node = {"nodeid": 0}
    pending = [_PendingNode.at(root, 0, dumped["tree_structure"])]
    while pending:
        pending_node = pending.pop()
        _check_size(dumped["tree_index"], names, pending_node)
        steps = pending_node.steps
        if steps is None:
            if "leaf_coeff" in pending_node.source:
                raise ExportError(f"tree {dumped['tree_index']}: linear trees cannot be exported; train without them")
            pending_node.node["leaf"] = _shortest(pending_node.source["leaf_value"] * leaf_weight)
            continue
        middle = (pending_node.first + pending_node.last) // 2
        yes, no = {"nodeid": next(ids)}, {"nodeid": next(ids)}
        to_yes = any(steps.left(interval) == steps.missing_left for interval in range(pending_node.first, middle + 1))
        pending_node.node.update(
            depth=pending_node.depth,
            split=names[pending_node.source["split_feature"]],
            split_condition=_shortest(steps.bounds[middle]),
            yes=yes["nodeid"],
            no=no["nodeid"],
            missing=(yes if to_yes else no)["nodeid"],
            children=[yes, no],
        )
        pending += [
            pending_node.child(yes, pending_node.first, middle),
            pending_node.child(no, middle + 1, pending_node.last),
        ]
    return root


def _check_size(tree: int, names: Sequence[str], pending_node: _PendingNode) -> None:
    deep = pending_node.depth > MAX_DEPTH
    if deep or pending_node.node["nodeid"] >= MAX_NODES:
        feature = f", feature {names[pending_node.source['split_feature']]!r}" if pending_node.steps else ""
        raise ExportError(
            f"tree {tree}{feature}: passes {f'{MAX_DEPTH} levels' if deep else f'{MAX_NODES} nodes'}; train with fewer "
            "leaves or a max_depth, and without categorical features or zero_as_missing, whose splits repeat subtrees"
        )


def _next_above(value: float) -> float:
    """The smallest float32 greater than `value`, at most the largest one."""
    rounded = _round_up(value)
    return min(_next(rounded) if rounded == value else rounded, MAX_FLOAT32)


def _round_up(value: float) -> float:
    """The smallest float32 that is `value` or more."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value))
    return rounded if rounded >= value else _next(rounded)


def _next(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def _shortest(value: float) -> float:
    """The float32 nearest to `value` in its shortest decimal form, which reads the same by way of a double too."""
    nearest = np.float32(value)
    short = float(str(nearest))
    return short if np.float32(short) == nearest else float(nearest)
