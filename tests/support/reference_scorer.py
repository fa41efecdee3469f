"""The scores that the cluster's plugin gives an exported model: in float32, added in the order of the plugin."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ltr_plugin.features.kinds import Derived
from ltr_plugin.features.lucene_expressions import evaluate_expression
from ltr_plugin.rankers.export.exported_model import Export

Floats = npt.NDArray[np.float32]
MissingPolicy = Literal["missing", "no", "zero"]
"""What a tree does with NaN: it goes to the `missing` child (plugin 3.8) or to the `no` child (3.2 to 3.7 as first
released), or counts as zero (2.19 to 3.1, and models with `missing_as_zero`)."""

SUM_OBJECTIVES = {"rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw", "reg:linear"}
LOGISTIC_OBJECTIVES = {"binary:logistic", "reg:logistic"}


def score(export: Export, names: Sequence[str], values: Floats) -> npt.NDArray[np.float64]:
    """The ranker's scores, float64 (rows,), of what `served_score` gives."""
    return export.ranker_scores(served_score(export, names, values))


def served_score(export: Export, names: Sequence[str], values: Floats) -> Floats:
    """Scores, float32 (rows,), of float32 `values` (rows, features) whose columns are `names`.

    The derived features of the export are computed first.
    """
    derived = derived_values(export.derived, names, values)
    names = (*names, *derived)
    values = np.column_stack([np.asarray(values, dtype=np.float32), *derived.values()])
    if export.type == "model/linear":
        return score_linear(export.definition, names, values)
    return score_trees(export.definition, names, values)


def derived_values(derived: Sequence[Derived], names: Sequence[str], values: Floats) -> dict[str, Floats]:
    """The derived features by name, each (rows,): computed in double precision from float32 and rounded to float32."""
    columns = dict(zip(names, np.asarray(values, dtype=np.float32).T, strict=True))
    computed: dict[str, Floats] = {}
    for feature in derived:
        doubles = np.broadcast_to(evaluate_expression(feature.expression, {**columns, **computed}), len(values))
        computed[feature.name] = doubles.astype(np.float32)
    return computed


def score_linear(weights: Mapping[str, float], names: Sequence[str], values: Floats) -> Floats:
    """The float32 sum of weight times value, each product and sum rounded, in the order of `names`."""
    total = np.zeros(len(values), dtype=np.float32)
    for place, name in enumerate(names):
        total += np.float32(weights.get(name, 0.0)) * values[:, place]
    return total


def score_trees(
    definition: Sequence[Mapping[str, Any]] | Mapping[str, Any],
    names: Sequence[str],
    values: Floats,
    *,
    missing: MissingPolicy = "missing",
) -> Floats:
    """The float32 sum of the leaves, in tree order, then the objective: none, or the logistic function."""
    form = definition if isinstance(definition, Mapping) else {"splits": definition}
    if form.get("missing_as_zero"):
        missing = "zero"
    total = np.zeros(len(values), dtype=np.float32)
    for tree in form["splits"]:
        total += tree_leaves(tree, names, values, missing=missing)
    objective = form.get("objective", "rank:ndcg")
    if objective in LOGISTIC_OBJECTIVES:
        return np.asarray(1 / (1 + np.exp(-total.astype(np.float64))), dtype=np.float32)
    if objective not in SUM_OBJECTIVES:
        raise ValueError(f"the plugin knows no objective {objective!r}")
    return total


def tree_leaves(
    tree: Mapping[str, Any], names: Sequence[str], values: Floats, *, missing: MissingPolicy = "missing"
) -> Floats:
    """The float32 leaf value that each row reaches in one tree."""
    columns = {name: place for place, name in enumerate(names)}
    if missing == "zero":
        values = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    leaves = np.empty(len(values), dtype=np.float32)
    pending = [(tree, np.arange(len(values)))]
    while pending:
        node, rows = pending.pop()
        if "leaf" in node:
            leaves[rows] = np.float32(node["leaf"])
            continue
        column = values[rows, columns[node["split"]]]
        to_yes = column < np.float32(node["split_condition"])
        if missing == "missing" and node.get("missing") == node["yes"]:
            to_yes |= np.isnan(column)
        yes, no = node["children"]
        pending += [(child, part) for child, part in ((yes, rows[to_yes]), (no, rows[~to_yes])) if len(part)]
    return leaves


def rounding_error_bound(leaves: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Largest possible error of a float32 sum of `leaves` (rows, trees) over the trees, float64 (rows,).

    n * u / (1 - n * u) * sum(abs(leaves)) with u = 2**-24 and n trees: n - 1 roundings in the sum, one of each leaf.
    """
    rounding = leaves.shape[-1] * 2.0**-24
    bound: npt.NDArray[np.float64] = rounding / (1 - rounding) * np.abs(leaves.astype(np.float64)).sum(axis=-1)
    return bound
