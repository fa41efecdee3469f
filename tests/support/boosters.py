"""LightGBM model files written by hand, split by split."""

MISSING = {"None": 0, "Zero": 4, "NaN": 8}


def model_text(trees):
    """A LightGBM model file with the trees that `split` lists describe; leaf values are the leaves' numbers."""
    head = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=2\n"
    head += "objective=regression\nfeature_names=a b c\nfeature_infos=[-1:1] [-1:1] [-1:1]\n\n"
    return head + "".join(_tree_text(number, splits) for number, splits in enumerate(trees)) + "end of trees\n"


def _tree_text(number, splits):
    left, right, parent = [], [], {0: None}
    thresholds, types, features, words, bounds = [], [], [], [], [0]
    for node, split in enumerate(splits):
        leaf = split["leaf"] % (node + 1)
        if parent[leaf] is not None:
            side, above = parent[leaf]
            side[above] = node
        left.append(~leaf)
        right.append(~(node + 1))
        parent[leaf], parent[node + 1] = (left, node), (right, node)
        features.append(split["feature"])
        if "categories" in split:
            bits = [0] * (max(split["categories"]) // 32 + 1)
            for category in split["categories"]:
                bits[category // 32] |= 1 << category % 32
            thresholds.append(len(bounds) - 1)
            words += bits
            bounds.append(len(words))
            types.append(1)
        else:
            thresholds.append(repr(split["threshold"]))
            types.append(2 * split["default_left"] + MISSING[split["missing"]])
    ones = [1] * (len(splits) + 1)
    rows = {
        "num_leaves": [len(ones)],
        "num_cat": [len(bounds) - 1],
        "split_feature": features,
        "split_gain": ones[1:],
        "threshold": thresholds,
        "decision_type": types,
        "left_child": left,
        "right_child": right,
        "leaf_value": range(len(ones)),
        "leaf_weight": ones,
        "leaf_count": ones,
        "internal_value": ones[1:],
        "internal_weight": ones[1:],
        "internal_count": ones[1:],
        **({"cat_boundaries": bounds, "cat_threshold": words} if words else {}),
        "is_linear": [0],
        "shrinkage": [1],
    }
    return f"Tree={number}\n" + "".join(f"{key}={' '.join(map(str, row))}\n" for key, row in rows.items()) + "\n\n"


def threshold(value, *, missing="None", default_left=False, feature=0, leaf=0):
    return {"feature": feature, "leaf": leaf, "threshold": value, "missing": missing, "default_left": default_left}


def categories(*members, feature=0, leaf=0):
    return {"feature": feature, "leaf": leaf, "categories": members}
