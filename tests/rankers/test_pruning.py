from dataclasses import replace

import numpy as np
import pytest
import torch
from mixed_modalities import MIXED

from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.rankers.network.network import fusion_layout
from ltr_plugin.rankers.network.pruning import fold_scaling, pruned_and_rounded
from ltr_plugin.rankers.network.scaling import StandardScaler
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.network.training import TrainingTask
from ltr_plugin.rankers.training.rows import TrainingRows


@pytest.fixture(scope="module")
def task(mixed):
    rows = TrainingRows.of(mixed)
    return TrainingTask(
        rows,
        ModalityMask(MIXED),
        fusion_layout(MIXED),
        StandardScaler.of(rows.values),
        NetworkSettings(learning_rate=0.02, units=8),
    )


@pytest.fixture(scope="module")
def trained(task):
    return task.train(8)


def scores(network, inputs, values):
    with torch.no_grad():
        return network(inputs, network.presence(torch.from_numpy(values))).score.numpy()


def test_folding_changes_no_score(task, trained):
    values = task.rows.values
    scaled = torch.from_numpy((values - task.scaling.mean) / task.scaling.std)
    before = scores(fold_scaling(trained, StandardScaler.identity(8)), scaled, values)
    after = scores(fold_scaling(trained, task.scaling), torch.from_numpy(values).double(), values)
    assert np.abs(before - after).max() < 1e-12


def test_weights_are_pruned_and_rounded_as_far_as_ndcg_allows(task, trained):
    loose = replace(task, settings=NetworkSettings(pruning_tolerance=0.05))
    small, results = pruned_and_rounded(trained, loose)
    assert results["weights"] < 0.75 * results["weights_trained"]
    assert results["training_ndcg@10"] - 0.05 <= results["training_ndcg@10_pruned"]
    numbers = np.concatenate([parameter.numpy().ravel() for parameter in small.parameters()])
    assert all(number == float(f"{number:.2e}") for number in numbers)
    whole, same = pruned_and_rounded(trained, replace(task, settings=NetworkSettings(pruning_tolerance=0)))
    assert same["weights"] > results["weights"]
    assert same["training_ndcg@10_pruned"] >= same["training_ndcg@10"]
    assert not any(parameter.requires_grad for parameter in (*small.parameters(), *whole.parameters()))


def test_pruning_leaves_the_trained_network_alone(task, trained):
    before = [parameter.detach().clone() for parameter in trained.parameters()]
    pruned_and_rounded(trained, task)
    assert all(torch.equal(*pair) for pair in zip(before, trained.parameters(), strict=True))


def test_a_constant_column_has_no_weight(task):
    constant = task.rows.values.copy()
    price, has_text = MIXED.feature_names.index("price"), MIXED.feature_names.index("has_text")
    constant[:, [price, has_text]] = 3
    rows = replace(task.rows, values=constant)
    network, _ = pruned_and_rounded(task.train(1), replace(task, rows=rows, scaling=StandardScaler.of(constant)))
    values = torch.from_numpy(constant).double().requires_grad_()
    network(values, network.presence(values)).score.sum().backward()
    assert not values.grad[:, [price, has_text]].any()
    assert values.grad[:, MIXED.feature_names.index("meaning")].any()
