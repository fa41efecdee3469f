"""Rankers obey the monotone constraints of the feature set."""

from dataclasses import replace

import numpy as np
import pytest

from ltr_plugin.rankers.lambdamart import train_lambdamart
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.logistic import train_logistic
from ltr_plugin.rankers.svm import train_svm
from ltr_plugin.rankers.xgboost import train_xgboost


@pytest.fixture
def backwards(shop):
    """The shop's table, in which f0 decides upwards, declared to go downwards only, and f1 upwards only."""
    stated = {**shop.provenance.feature_set}
    directions = ["decreasing", "increasing", None, None]
    stated["features"] = [
        {**feature, "monotonicity": monotonicity}
        for feature, monotonicity in zip(stated["features"], directions, strict=True)
    ]
    return replace(shop, provenance=replace(shop.provenance, feature_set=stated))


@pytest.mark.parametrize("train", [train_lambdamart, train_xgboost, train_linear, train_logistic, train_svm])
def test_no_score_breaks_a_monotone_constraint(backwards, shop, train):
    ranker = train(backwards)
    steps = np.linspace(0, 1, 50, dtype=np.float32)
    for row in shop.zero_filled[:20]:
        swept = np.repeat(row[None, :], 50, axis=0)
        swept[:, 0] = steps
        assert (np.diff(ranker.predict(swept)) <= 0).all()
        swept = np.repeat(row[None, :], 50, axis=0)
        swept[:, 1] = steps
        assert (np.diff(ranker.predict(swept)) >= 0).all()
    assert np.ptp(ranker.predict(shop.zero_filled)) > 0
