from dataclasses import replace

import numpy as np
import pytest
import torch
from mixed_modalities import MIXED

from ltr_plugin.rankers.modalities import Gaps
from ltr_plugin.rankers.network import fusion_layout
from ltr_plugin.rankers.network_settings import NetworkSettings
from ltr_plugin.rankers.network_training import Lesson, Scaling
from ltr_plugin.rankers.simplifying import folded, simplified
from ltr_plugin.rankers.training_rows import TrainingRows


@pytest.fixture(scope="module")
def lesson(mixed):
    rows = TrainingRows.of(mixed)
    return Lesson(
        rows, Gaps(MIXED), fusion_layout(MIXED), Scaling.of(rows.values), NetworkSettings(learning_rate=0.02, units=8)
    )


@pytest.fixture(scope="module")
def trained(lesson):
    return lesson.trained(8)


def scores(network, inputs, values):
    with torch.no_grad():
        return network(inputs, network.presence(torch.from_numpy(values))).score.numpy()


def test_folding_changes_no_score(lesson, trained):
    values = lesson.rows.values
    scaled = torch.from_numpy((values - lesson.scaling.mean) / lesson.scaling.spread)
    before = scores(folded(trained, Scaling.none(8)), scaled, values)
    after = scores(folded(trained, lesson.scaling), torch.from_numpy(values).double(), values)
    assert np.abs(before - after).max() < 1e-12


def test_weights_are_dropped_and_rounded_as_far_as_ndcg_allows(lesson, trained):
    loose = replace(lesson, settings=NetworkSettings(simplification=0.05))
    small, facts = simplified(trained, loose)
    assert facts["weights"] < 0.75 * facts["weights_trained"]
    assert facts["training_ndcg@10"] - 0.05 <= facts["training_ndcg@10_simplified"]
    numbers = np.concatenate([parameter.numpy().ravel() for parameter in small.parameters()])
    assert all(number == float(f"{number:.2e}") for number in numbers)
    whole, same = simplified(trained, replace(lesson, settings=NetworkSettings(simplification=0)))
    assert same["weights"] > facts["weights"]
    assert same["training_ndcg@10_simplified"] >= same["training_ndcg@10"]
    assert not any(parameter.requires_grad for parameter in (*small.parameters(), *whole.parameters()))


def test_simplifying_leaves_the_trained_network_alone(lesson, trained):
    before = [parameter.detach().clone() for parameter in trained.parameters()]
    simplified(trained, lesson)
    assert all(torch.equal(*pair) for pair in zip(before, trained.parameters(), strict=True))


def test_a_column_that_never_differed_counts_for_nothing(lesson):
    constant = lesson.rows.values.copy()
    price, has_text = MIXED.names.index("price"), MIXED.names.index("has_text")
    constant[:, [price, has_text]] = 3
    rows = replace(lesson.rows, values=constant)
    network, _ = simplified(lesson.trained(1), replace(lesson, rows=rows, scaling=Scaling.of(constant)))
    values = torch.from_numpy(constant).double().requires_grad_()
    network(values, network.presence(values)).score.sum().backward()
    assert not values.grad[:, [price, has_text]].any()
    assert values.grad[:, MIXED.names.index("meaning")].any()
