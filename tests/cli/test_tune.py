"""`ltr tune` as its users run it."""

import json

import numpy as np
import pytest
from ltr_command import ltr

from ltr_plugin.features.feature_set import FeatureSet
from ltr_plugin.features.table import Provenance
from ltr_plugin.features.table_writer import FeatureTableWriter
from ltr_plugin.rankers.loading import load_ranker

FEATURES = FeatureSet.model_validate(
    {
        "name": "tuned",
        "version": 1,
        "features": [
            {"name": name, "kind": "field_value", "modality": "behaviour", "field": name} for name in ("price", "sales")
        ],
    }
)


@pytest.fixture
def table(tmp_path):
    """Twelve queries of ten products, of which the cheap ones are good."""
    facts = (FEATURES.model_dump(mode="json"), FEATURES.id, FEATURES.digest, "shop", {}, "3.6.0", "", "", 0, 7, "")
    chance = np.random.default_rng(2)
    with FeatureTableWriter(tmp_path / "table.parquet", FEATURES.feature_names, Provenance(*facts)) as writer:
        for query in range(12):
            prices = chance.random(10).tolist()
            writer.add((f"q{query}", f"p{n}", int(p < 0.4), {"price": p, "sales": 1.0}) for n, p in enumerate(prices))
    return tmp_path / "table.parquet"


def test_a_tuned_ranker_is_kept_with_what_the_search_is_worth(table, tmp_path):
    out = tmp_path / "tuned"
    code, said, err = ltr("tune", "linear", table, "--minutes", 0.001, "--out", out, "--json")
    assert code == 0, err
    assert json.loads((out / "tuning.json").read_text()) == json.loads(said)
    ranker = load_ranker(out / "ranker")
    assert {name: ranker.card.settings[name] for name in json.loads(said)["settings"]} == json.loads(said)["settings"]
    code, said, err = ltr("tune", "linear", table, "--minutes", 0.001, "--out", out)
    assert code == 0, err
    assert "nDCG@10 of 12 queries, each left out of the search that it measures" in said
    assert "default settings 1.000 [1.000, 1.000]" in said


def test_a_kind_without_settings_is_refused(table, tmp_path):
    code, _, err = ltr("tune", "bm25", table, "--minutes", 1, "--out", tmp_path / "tuned")
    assert code == 2
    assert "'bm25' has no settings to search" in err
    assert not (tmp_path / "tuned").exists()
