"""`ltr tune` as its users run it."""

import json

import pytest
from ltr_command import ltr_here as ltr

from ltr_plugin.rankers.loading import load_ranker

pytestmark = pytest.mark.slow


def test_a_tuned_ranker_is_kept_with_what_the_search_is_worth(table, tmp_path):
    out = tmp_path / "tuned"
    code, said, err = ltr("tune", "linear", table, "--minutes", 0.001, "--out", out, "--json")
    assert code == 0, err
    assert json.loads((out / "tuning.json").read_text()) == json.loads(said)
    ranker = load_ranker(out / "ranker")
    assert {name: ranker.card.settings[name] for name in json.loads(said)["settings"]} == json.loads(said)["settings"]
    code, said, err = ltr("tune", "linear", table, "--minutes", 0.001, "--out", out)
    assert code == 0, err
    assert "nDCG@10 of 12 queries, each measured by a search that did not see it" in said
    assert "default settings 1.000 [1.000, 1.000]" in said


def test_a_kind_without_settings_is_refused(table, tmp_path):
    code, _, err = ltr("tune", "bm25", table, "--minutes", 1, "--out", tmp_path / "tuned")
    assert code == 2
    assert "cannot search the settings of 'bm25'" in err
    assert not (tmp_path / "tuned").exists()
