"""`ltr train`: settings by options and by `--set`."""

import json

import pytest
from ltr_command import ltr_here as ltr

from ltr_plugin.rankers.loading import load_ranker


def test_settings_without_an_option_are_set_by_name(table, tmp_path):
    out = tmp_path / "ranker"
    code, said, err = ltr("train", "linear", table, "--out", out, "--l2", 0.5, "--set", "max_iter=40", "--json")
    assert code == 0, err
    assert json.loads(said)["kind"] == "linear"
    settings = load_ranker(out).card.settings
    assert (settings["l2"], settings["max_iter"]) == (0.5, 40)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("max_itr=40", "linear has no setting 'max_itr'; it has: l2, max_iter, negative_weight"),
        ("max_iter", "'max_iter' has no value; write NAME=VALUE"),
        ("max_iter=many", "$.max_iter  Input should be a valid integer"),
    ],
)
def test_a_wrong_setting_is_refused(table, tmp_path, assignment, said):
    code, _, err = ltr("train", "linear", table, "--out", tmp_path / "ranker", "--set", assignment)
    assert code == 2
    assert said in err
    assert not (tmp_path / "ranker").exists()


@pytest.mark.slow
def test_a_ranker_learns_from_a_teacher(table, tmp_path):
    assert ltr("train", "linear", table, "--out", tmp_path / "teacher")[0] == 0
    trees = ("--num-trees", 3, "--set", "min_data_in_leaf=2")
    code, _, err = ltr(
        "train", "lambdamart", table, "--out", tmp_path / "pupil", "--teacher", tmp_path / "teacher", *trees
    )
    assert code == 0, err
    assert load_ranker(tmp_path / "pupil").card.settings["min_data_in_leaf"] == 2
