from dataclasses import replace

import numpy as np
import pytest
from reference_scorer import score
from scipy.stats import rankdata

from ltr_plugin.errors import ExportError, InputError
from ltr_plugin.rankers.late_fusion import LateFusionSettings, train_late_fusion
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.ranker import score_rows

QUICK = {"num_trees": 15, "folds": 2}


@pytest.fixture(scope="module", params=["lambdamart", "linear"])
def ranker(request, mixed):
    return train_late_fusion(mixed, LateFusionSettings(members=request.param, **QUICK))


def test_there_is_a_member_for_each_modality_that_reads_only_its_own(ranker):
    assert list(ranker.members) == ["text", "image", "behaviour"]
    importance = ranker.members["image"].card.importance
    assert importance["photo"] > 0
    assert importance["title"] == importance["price"] == 0
    assert ranker.weights["text"] > 0
    assert min(ranker.weights.values()) >= 0


def test_the_export_scores_alike(ranker, mixed):
    here = ranker.predict(mixed.values)
    near = score(ranker.export(), mixed.feature_names, mixed.zero_filled)
    assert np.abs(near - here).max() < 1e-5 * max(1, np.abs(here).max())


def test_saves_and_loads(ranker, mixed, tmp_path):
    ranker.save(tmp_path / "late")
    loaded = load_ranker(tmp_path / "late")
    assert loaded == ranker
    assert np.array_equal(loaded.predict(mixed.values), ranker.predict(mixed.values))
    (tmp_path / "late" / "members.json").write_text("{}")
    with pytest.raises(InputError, match="not the model"):
        load_ranker(tmp_path / "late")


@pytest.mark.parametrize("combine", ["rrf", "borda"])
def test_ranks_are_combined_query_by_query_and_stay_outside_the_cluster(mixed, combine, tmp_path):
    ranker = train_late_fusion(mixed, LateFusionSettings(members="linear", combine=combine))
    rows = mixed.values[:20]
    places = [rankdata(-member.predict(rows)) for member in ranker.members.values()]
    expected = sum(1 / (60 + place) if combine == "rrf" else 20 - place for place in places)
    assert ranker.predict(rows) == pytest.approx(expected)
    everything = score_rows(ranker, mixed.values, mixed.queries)
    assert np.array_equal(everything[:20], ranker.predict(rows))
    with pytest.raises(ExportError, match="one product at a time"):
        ranker.export()
    ranker.save(tmp_path / combine)
    assert load_ranker(tmp_path / combine).combine == combine


def test_a_modality_with_constant_features_has_no_member(mixed):
    flat = replace(mixed, values=np.where(np.array(mixed.feature_names) == "price", 3, mixed.values).astype(np.float32))
    assert list(train_late_fusion(flat, LateFusionSettings(members="linear")).members) == ["text", "image"]
    nothing = replace(mixed, values=np.zeros_like(mixed.values))
    with pytest.raises(InputError, match="are constant"):
        train_late_fusion(nothing, LateFusionSettings(members="linear"))
