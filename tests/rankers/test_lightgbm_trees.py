import json

import lightgbm as lgb
import numpy as np
import pytest
from boosters import MISSING, categories, model_text, threshold
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_scorer import rounding_error_bound, score_trees, tree_leaves

from ltr_plugin.errors import ExportError
from ltr_plugin.rankers.export.lightgbm_trees import MAX_DEPTH, export_trees

NAMES = ("a", "b", "c")
SPECIAL = [0.0, 1e-35, -1e-35, float(np.float32(1e-35)), 1e-36, -1e-40, 1e-45, 2e-35, -2e-35, 1e300, -1e300, 3e38]
NAN, INF = np.float32(np.nan), np.float32(np.inf)


def rows_around(numbers):
    """Every number as float32 with both neighbours, in all three columns at once and shuffled."""
    with np.errstate(over="ignore"):
        middle = np.array([*numbers, *SPECIAL], dtype=np.float32)
    middle = middle[np.abs(middle) < np.finfo(np.float32).max]
    pool = np.concatenate([middle, np.nextafter(middle, INF), np.nextafter(middle, -INF), [NAN, INF, -INF, 0, -0.0]])
    rng = np.random.default_rng(0)
    same = np.repeat(pool[:, None], 3, axis=1)
    return np.concatenate([same, rng.choice(pool, size=(300, 3))]).astype(np.float32)


def assert_same_leaves(booster, rows, *, names=NAMES):
    """Every row ends in the leaf where LightGBM puts it, in every tree."""
    for tree in range(booster.num_trees()):
        for leaf in range(booster.dump_model()["tree_info"][tree]["num_leaves"]):
            booster.set_leaf_output(tree, leaf, float(leaf))
    expected = booster.predict(rows, pred_leaf=True).reshape(len(rows), -1)
    trees = export_trees(booster.dump_model(), names)
    found = np.stack([tree_leaves(tree, names, rows) for tree in trees], axis=1)
    assert np.array_equal(found, expected)
    for tree in trees:
        assert_well_formed(tree)


def assert_well_formed(tree):
    ids = []
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        ids.append(node["nodeid"])
        if "leaf" in node:
            assert set(node) == {"nodeid", "leaf"}
            continue
        assert list(node) == ["nodeid", "depth", "split", "split_condition", "yes", "no", "missing", "children"]
        assert node["depth"] == depth
        assert [child["nodeid"] for child in node["children"]] == [node["yes"], node["no"]]
        assert node["missing"] in (node["yes"], node["no"])
        assert np.isfinite(np.float32(node["split_condition"]))
        waiting += [(child, depth + 1) for child in node["children"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("default_left", [False, True])
@pytest.mark.parametrize("missing", ["None", "Zero", "NaN"])
@pytest.mark.parametrize("value", [0.1, -0.1, 0.5, float(np.float32(0.1)), *SPECIAL, -3e38, 1e-50, -1e-50, 16777217.0])
def test_one_threshold_splits_at_the_same_float32(value, missing, default_left):
    booster = lgb.Booster(model_str=model_text([[threshold(value, missing=missing, default_left=default_left)]]))
    assert_same_leaves(booster, rows_around([value]))


@pytest.mark.parametrize(
    "members", [(0,), (1,), (0, 1, 2), (0, 2, 4), (3, 5, 31, 32, 64), (16777216, 16777217, 16777219)]
)
def test_categories_split_alike_between_and_beyond_them(members):
    booster = lgb.Booster(model_str=model_text([[categories(*members)]]))
    halves = [value / 2 for value in range(-6, 140)]
    assert_same_leaves(booster, rows_around([*members, *halves, 2.0**31, 2.0**24 + 2, -(2.0**31)]))


def test_a_category_that_no_float32_can_be_goes_right():
    booster = lgb.Booster(model_str=model_text([[categories(16777217)]]))
    assert export_trees(booster.dump_model(), NAMES) == [{"nodeid": 0, "leaf": 1.0}]


numeric_splits = st.builds(
    threshold,
    st.one_of(
        st.sampled_from(SPECIAL),
        st.floats(-(2.0**100), 2.0**100, width=32),
        st.floats(-1e6, 1e6),
    ),
    missing=st.sampled_from(list(MISSING)),
    default_left=st.booleans(),
    feature=st.integers(0, 2),
    leaf=st.integers(0, 20),
)
categorical_splits = st.builds(
    lambda members, feature, leaf: categories(*members, feature=feature, leaf=leaf),
    st.sets(st.integers(0, 70), min_size=1, max_size=5),
    st.integers(0, 2),
    st.integers(0, 20),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(numeric_splits, min_size=1, max_size=10)
        | st.lists(numeric_splits | categorical_splits, min_size=1, max_size=4),
        min_size=1,
        max_size=3,
    )
)
def test_any_tree_puts_any_row_in_the_same_leaf(trees):
    splits = [split for tree in trees for split in tree]
    numbers = [split["threshold"] for split in splits if "threshold" in split]
    members = [member for split in splits for member in split.get("categories", ())]
    assert_same_leaves(lgb.Booster(model_str=model_text(trees)), rows_around([*numbers, *members]))


def trained(values, labels, *, trees=30, categorical=(), **params):
    given = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": 1, **params}
    data = lgb.Dataset(values, labels, categorical_feature=list(categorical), params=given)
    return lgb.train(given, data, num_boost_round=trees)


@pytest.fixture(scope="module")
def learnt():
    """Rows with many equal values, zeros and missing values, and labels that depend on all columns."""
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(size=(2000, 3)), 1).astype(np.float32)
    values[:, 2] = rng.integers(0, 12, 2000)
    values[rng.random(values.shape) < 0.15] = np.nan
    known = np.nan_to_num(values)
    return values, known[:, 0] ** 2 + np.sin(3 * known[:, 1]) + known[:, 2] % 3


@pytest.mark.parametrize("missing", [{}, {"zero_as_missing": True}, {"use_missing": False}])
@pytest.mark.parametrize("categorical", [(), (2,)])
def test_trained_models_with_missing_values_and_categories(learnt, missing, categorical):
    small = {"num_leaves": 12, "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 1}
    booster = trained(*learnt, categorical=categorical, **small, **missing)
    assert_same_leaves(booster, np.concatenate([learnt[0], rows_around(range(-2, 14))]))


@pytest.mark.parametrize(
    "params",
    [
        {"boosting": "gbdt"},
        {"boosting": "dart"},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "binary"},
        {"objective": "poisson"},
    ],
)
def test_the_sum_of_leaves_is_the_raw_score(learnt, params):
    values, labels = learnt
    goal = (labels > 2).astype(float) if params.get("objective") == "binary" else labels + 5
    booster = trained(values, goal, **params)
    trees = export_trees(booster.dump_model(), NAMES)
    assert_scores_within_float32(booster, trees, values)


def assert_scores_within_float32(booster, trees, values, *, names=NAMES):
    leaves = np.stack([tree_leaves(tree, names, values) for tree in trees], axis=1)
    averaged = booster.dump_model()["average_output"]
    raw = booster.predict(values, raw_score=not averaged)
    found = score_trees(trees, names, values)
    assert (np.abs(found - raw) <= rounding_error_bound(leaves)).all()
    assert np.abs(found - raw).max() <= 1e-5 * np.abs(raw).max()


@pytest.mark.slow
@pytest.mark.parametrize(("count", "size"), [(500, 31), (50, 255)])
def test_many_trees_and_large_ones(count, size):
    """The cluster scores five hundred trees of 255 leaves in `pipelines/test_unsafe_models.py`."""
    rng = np.random.default_rng(5)
    values = rng.random((4000, 6), dtype=np.float32)
    labels = np.sin(9 * values[:, 0]) * values[:, 1] + values[:, 2] ** 2 + rng.normal(0, 0.3, 4000)
    names = tuple("abcdef")
    booster = trained(values, labels, trees=count, num_leaves=size, min_data_in_leaf=1, learning_rate=0.03)
    trees = export_trees(booster.dump_model(), names)
    assert len(trees) == count
    rows = np.nextafter(values[:300], rng.choice([-INF, INF], size=(300, 6)))
    places = booster.predict(rows, pred_leaf=True)
    for tree in (0, count // 2, count - 1):
        outputs = np.array([booster.get_leaf_output(tree, leaf) for leaf in range(size)], np.float32)
        assert np.array_equal(tree_leaves(trees[tree], names, rows), outputs[places[:, tree]])
    assert_scores_within_float32(booster, trees, rows, names=names)
    assert json.loads(json.dumps(trees)) == trees


def test_a_model_that_learns_nothing_is_one_leaf():
    booster = trained(np.ones((50, 3)), np.full(50, 2.5), trees=5)
    trees = export_trees(booster.dump_model(), NAMES)
    assert trees[0] == {"nodeid": 0, "leaf": 2.5}
    assert score_trees(trees, NAMES, np.zeros((2, 3), dtype=np.float32)).tolist() == [2.5, 2.5]


def test_numbers_read_as_the_same_float32_from_text():
    value = 0.1
    booster = lgb.Booster(model_str=model_text([[threshold(value)]]))
    (tree,) = json.loads(json.dumps(export_trees(booster.dump_model(), NAMES)))
    assert np.float32(str(tree["split_condition"])) == np.nextafter(np.float32(0.099999994), INF)
    assert len(str(tree["split_condition"])) <= 12


def test_models_that_are_no_ranker_are_refused(learnt):
    values, labels = learnt
    several = trained(values, np.nan_to_num(values[:, 2]) % 3, objective="multiclass", num_class=3)
    with pytest.raises(ExportError, match="3 scores a row"):
        export_trees(several.dump_model(), NAMES)
    with pytest.raises(ExportError, match="linear"):
        export_trees(trained(values, labels, linear_tree=True).dump_model(), NAMES)
    with pytest.raises(ExportError, match="reads 3 features, not 2"):
        export_trees(trained(values, labels).dump_model(), NAMES[:2])


def chain(length, split):
    """A tree whose every split stands in the right child of the one before."""
    return [split(number) for number in range(length)]


def test_a_tree_too_deep_for_the_plugin_is_refused():
    deep = chain(MAX_DEPTH + 5, lambda number: threshold(float(number), leaf=number))
    booster = lgb.Booster(model_str=model_text([deep]))
    with pytest.raises(ExportError, match=f"tree 0.*passes {MAX_DEPTH} levels"):
        export_trees(booster.dump_model(), NAMES)
    fits = lgb.Booster(model_str=model_text([deep[: MAX_DEPTH - 1]]))
    (tree,) = export_trees(fits.dump_model(), NAMES)
    assert json.loads(json.dumps(tree)) == tree


def test_categories_that_would_repeat_subtrees_without_end_are_refused():
    wide = chain(12, lambda number: categories(*range(number % 2, 20, 2), feature=number % 3, leaf=number))
    booster = lgb.Booster(model_str=model_text([wide]))
    with pytest.raises(ExportError, match="passes 100000 nodes"):
        export_trees(booster.dump_model(), NAMES)
