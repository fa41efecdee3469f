"""Converts LightGBM trees to the plugin's `model/xgboost+json` form, so that every row reaches the same leaf.

LightGBM goes left on `value <= threshold` in double precision; the plugin goes to the `yes` child on
`value < threshold` in float32. Feature values are float32, so a split is a step function: the conversion lists the
float32 values at which its side changes, and writes one comparison for each of them. Three rules of LightGBM's
predictor matter (`Decision` in its `tree.h`):

- a value within 1e-35 of zero is read as zero;
- NaN is read as zero, unless the missing type of the split is `NaN` or `Zero`, where it goes the default way;
- with the missing type `Zero`, zero goes the default way too.

A categorical split truncates the value to an integer and goes left if the integer is in its set.

Assumption: no value reaches the largest float32, 3.4e38. LightGBM writes the threshold 1e300 for "everything goes
left", and JSON has no infinity; such a threshold becomes the largest float32.

Leaf values are rounded to float32, and the plugin adds them in float32 in the order of the trees. With u = 2**-24 and
n trees the sum differs from LightGBM's by at most n * u / (1 - n * u) * sum(abs(leaf values)) (Higham, Accuracy and
Stability of Numerical Algorithms, 2nd edition, section 4.2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Self

import numpy as np

from ltr_plugin.catalog.values import MAX_FLOAT32
from ltr_plugin.errors import ExportError, counted

Node = dict[str, Any]

MAX_DEPTH = 300
"""Maximum depth of an exported tree: the plugin parses trees by recursion, and a depth of 495 kills a node."""
MAX_NODES = 100_000
"""Maximum number of nodes of an exported tree: a split with several steps repeats its subtrees."""

ZERO_THRESHOLD = float(np.float32(1e-35))


def export_trees(dump: Mapping[str, Any], names: Sequence[str], *, weight: float = 1.0) -> list[Node]:
    """The trees of `Booster.dump_model()` in the plugin's form; `names` are the features in the order of the columns.

    The sum of the leaves is `weight` times LightGBM's raw score (`raw_score=True`). Shrinkage, the initial score and
    the weights of DART are part of LightGBM's leaf values; the leaves of a random forest, which averages its trees, are
    divided by the number of trees. ExportError for models with several scores per row (multi-class), for linear trees,
    and for trees above MAX_DEPTH or MAX_NODES.
    """
    if dump["num_tree_per_iteration"] != 1:
        raise ExportError(f"the model gives {dump['num_tree_per_iteration']} scores a row; a ranker gives one")
    if len(names) != dump["max_feature_idx"] + 1:
        raise ExportError(f"the model reads {counted(dump['max_feature_idx'] + 1, 'feature')}, not {len(names)}")
    trees = dump["tree_info"]
    if not trees:
        raise ExportError("the model has no trees")
    leaf_weight = weight / len(trees) if dump.get("average_output") else weight
    return [_tree(tree, names, leaf_weight) for tree in trees]


@dataclass(frozen=True)
class Steps:
    """A split as a step function of a float32 value.

    `bounds` are float32 values in ascending order. The side changes at each of them, and each belongs to the interval
    above it. `first_left` is the side of the interval below all bounds, `missing_left` that of NaN.
    """

    bounds: tuple[float, ...]
    first_left: bool
    missing_left: bool

    def left(self, interval: int) -> bool:
        """Whether values in this interval, which ends at bound number `interval`, go left."""
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
        # Two changes of side at the same value cancel, hence the symmetric difference.
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
    """A node to write: LightGBM's node `source`, restricted to the intervals `first` to `last` of its steps."""

    node: Node
    depth: int
    source: Mapping[str, Any]
    steps: Steps | None
    first: int
    last: int

    @classmethod
    def at(cls, node: Node, depth: int, source: Mapping[str, Any]) -> Self:
        """LightGBM's node with all its intervals. A split that sends all float32 values to one side is skipped."""
        steps = None
        while "split_feature" in source and not (steps := Steps.of(source)).bounds:
            source, steps = source["right_child"], None
        return cls(node, depth, source, steps, 0, len(steps.bounds) if steps else 0)

    def child(self, node: Node, first: int, last: int) -> "_PendingNode":
        """A child of this node: some of its intervals, or for a single interval the child of LightGBM's node."""
        if first < last:
            return replace(self, node=node, depth=self.depth + 1, first=first, last=last)
        left = self.steps is not None and self.steps.left(first)
        return _PendingNode.at(node, self.depth + 1, self.source["left_child" if left else "right_child"])


def _tree(dumped: Mapping[str, Any], names: Sequence[str], leaf_weight: float) -> Node:
    """One tree in the plugin's form. A stack replaces recursion, since trees may be deeper than Python's stack."""
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
    """The float32 nearest to `value`, as a double whose decimal form is short and rounds to the same float32."""
    nearest = np.float32(value)
    short = float(str(nearest))
    return short if np.float32(short) == nearest else float(nearest)
