from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from ltr_plugin.evaluation import significance
from ltr_plugin.evaluation.significance import bootstrap_intervals, holm, randomisation_p_values


def test_the_interval_of_many_queries_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(0.4, 0.2, size=(400, 2))
    low, high = bootstrap_intervals(values)
    half = norm.ppf(0.975) * values.std(axis=0) / 20
    assert low == pytest.approx(values.mean(axis=0) - half, abs=0.002)
    assert high == pytest.approx(values.mean(axis=0) + half, abs=0.002)


def test_the_interval_of_equal_values_is_a_point():
    low, high = bootstrap_intervals(np.full((5, 1), 0.3))
    assert low == pytest.approx([0.3])
    assert high == pytest.approx([0.3])


def test_the_interval_is_the_same_for_one_seed_in_blocks_of_any_size(monkeypatch):
    values = np.random.default_rng(2).random((50, 3))
    whole = bootstrap_intervals(values, resamples=1000)
    monkeypatch.setattr(significance, "MAX_RANDOM_NUMBERS", 50 * 7)
    assert np.allclose(bootstrap_intervals(values, resamples=1000), whole)


def test_the_p_value_is_near_the_share_of_all_sign_flips():
    differences = np.array([0.3, 0.1, -0.05, 0.2, 0.15, 0.0, 0.02, -0.1, 0.25, 0.05])
    flips = np.array(list(product((-1, 1), repeat=10)))
    exact = np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-12)
    assert randomisation_p_values(differences[:, None], resamples=100_000) == pytest.approx([exact], abs=0.003)


def test_no_difference_has_a_p_value_of_1_and_a_large_one_is_never_0():
    differences = np.stack([np.zeros(60), np.full(60, 0.5)], axis=1)
    assert randomisation_p_values(differences, resamples=999).tolist() == [1.0, 0.001]


def test_p_values_without_a_difference_are_uniform():
    differences = np.random.default_rng(3).normal(size=(30, 400))
    p_values = randomisation_p_values(differences, resamples=2000)
    assert np.mean(p_values < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
