from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from mixed_modalities import MIXED

from ltr_plugin.features.modality_mask import ModalityMask
from ltr_plugin.progress import no_progress
from ltr_plugin.rankers.network.network import fusion_layout
from ltr_plugin.rankers.network.optimizer import EMA, Adam
from ltr_plugin.rankers.network.scaling import StandardScaler
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.network.training import TrainingTask, initialize_network, tower_imbalance
from ltr_plugin.rankers.training.rows import TrainingRows


@pytest.fixture(scope="module")
def task(mixed):
    rows = TrainingRows.of(mixed)
    return TrainingTask(
        rows, ModalityMask(MIXED), fusion_layout(MIXED), StandardScaler.of(rows.values), NetworkSettings(epochs=12)
    )


def weights(network):
    return np.concatenate([parameter.detach().numpy().ravel() for parameter in network.parameters()])


def test_the_same_seed_gives_the_same_network_whatever_was_drawn_before(task):
    torch.manual_seed(1)
    first = weights(task.train(2))
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    assert np.array_equal(first, weights(task.train(2)))
    assert torch.equal(before, torch.random.get_rng_state())
    other = replace(task, settings=NetworkSettings(seed=8))
    assert not np.array_equal(first, weights(other.train(2)))


def test_held_out_queries_are_not_trained_on(task):
    inside = np.arange(60)
    spoilt = replace(task.rows, grades=np.where(task.rows.query_of_row < 60, task.rows.grades, 0))
    one, other = (next(islice(either.iterate_epochs(inside), 1, None)) for either in (task, replace(task, rows=spoilt)))
    assert np.array_equal(weights(one), weights(other))


def test_training_improves_ndcg_and_finds_when_to_stop(task):
    calls = []
    stop = task.stopping_point(lambda *call: calls.append(call))
    assert 1 <= stop.steps <= 12
    assert calls == [(epoch, 12) for epoch in range(1, 13)]
    assert sum(map(len, stop.validation_folds)) == 18
    assert stop.ndcg > task.training_ndcg(initialize_network(task.layout, task.settings)) + 0.05


def test_folds_hold_every_query_out(task):
    settings = task.settings.model_copy(update={"folds": 3, "epochs": 2})
    stop = replace(task, settings=settings).stopping_point(no_progress)
    assert frozenset().union(*stop.validation_folds) == set(task.rows.queries)


def test_modalities_of_a_query_are_dropped_and_one_always_stays(task):
    settings = task.settings.model_copy(update={"modality_dropout": 1.0, "product_dropout": 0.0})
    dropping = replace(task, settings=settings)
    typed, shown, both = 0, 1, 2
    missing = dropping._draw_missing(np.array([typed, shown, both] * 40), 20, np.random.default_rng(0))
    assert not missing[0::3].any()
    assert not missing[1::3].any()
    text, image = (task.modality_mask.query[source] for source in ("text", "image"))
    dropped = {tuple(mask[0]) for mask in missing[2::3]}
    assert dropped == {tuple(text), tuple(image)}
    assert (missing == missing[:, :1]).all()


def test_products_lose_a_modality_that_the_query_has(task):
    values = task.rows.values.copy()
    values[: task.rows.sizes[0], task.modality_mask.product["image"]] = 0
    settings = task.settings.model_copy(update={"modality_dropout": 0.0, "product_dropout": 0.5})
    losing = replace(task, rows=replace(task.rows, values=values), settings=settings)
    missing = losing._draw_missing(np.array([0, 2] * 300), 40, np.random.default_rng(0))
    assert missing.any(axis=(1, 2)).mean() == pytest.approx(0.5, abs=0.05)
    lost = {source: missing[..., columns].all(axis=-1) for source, columns in task.modality_mask.product.items()}
    assert not (lost["text"] & lost["image"]).any()
    assert [bool(lost[source][0::2].any()) for source in ("text", "image")] == [True, False]
    assert [bool(lost[source][1::2].any()) for source in ("text", "image")] == [True, True]
    shares = (lost["text"] | lost["image"]).mean(axis=1)
    shares = shares[shares > 0]
    assert shares.min() < 0.1
    assert shares.max() > 0.9
    assert shares.mean() == pytest.approx(0.5, abs=0.05)


def test_the_best_epoch_is_measured_with_and_without_dropout(task):
    settings = task.settings.model_copy(update={"modality_dropout": 0.0, "product_dropout": 0.9, "epochs": 1})
    dropping = replace(task, settings=settings)
    held_out = np.arange(60, 90)
    network = next(dropping.iterate_epochs(np.arange(60)))
    complete = dropping.ndcg(network, held_out)
    dropped = dropping.ndcg(network, held_out, np.random.default_rng(settings.seed))
    assert dropped < complete - 0.01
    complete_curve: list[float] = []
    assert next(dropping._validation_curve(held_out, complete_curve)) == pytest.approx((complete + dropped) / 2)
    assert complete_curve == [pytest.approx(complete)]
    stop = dropping.stopping_point(no_progress)
    held_out = dropping.rows.positions(stop.validation_folds[0])
    network = next(dropping.iterate_epochs(np.setdiff1d(np.arange(90), held_out)))
    assert stop.ndcg == pytest.approx(dropping.ndcg(network, held_out))


def test_without_dropout_nothing_is_dropped(task):
    settings = task.settings.model_copy(update={"modality_dropout": 0.0, "product_dropout": 0.0})
    assert replace(task, settings=settings)._draw_missing(np.arange(90), 20, np.random.default_rng(0)) is None


@pytest.mark.slow
def test_dropout_keeps_the_order_where_the_photo_is_gone(task, mixed):
    """Trained with dropout, mixed queries without their photo are ranked better by their text."""
    both = mixed.subset((mixed.values[:, 0] == 1) & (mixed.values[:, 1] == 1))
    rows = TrainingRows.of(both)
    seen = replace(rows, values=task.modality_mask.drop(rows.values, query=["image"]))
    found = {}
    for dropout in (0.0, 0.5):
        settings = NetworkSettings(modality_dropout=dropout, product_dropout=0.0)
        only_both = replace(task, rows=rows, scaling=StandardScaler.of(rows.values), settings=settings)
        found[dropout] = replace(only_both, rows=seen).training_ndcg(only_both.train(25))
    assert found[0.5] > found[0.0] + 0.01


def test_scaling_leaves_a_column_that_never_differs_at_zero():
    scaling = StandardScaler.of(np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32))
    assert scaling.transform(np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32)).tolist() == [[-1, 0], [1, 0]]


def test_towers_with_equal_variance_have_no_penalty():
    mask = torch.tensor([[True, True, True, False]])
    alike = torch.tensor([[[1.0, 3.0], [2.0, 4.0], [3.0, 5.0], [99.0, 0.0]]])
    assert float(tower_imbalance(alike, mask)) == pytest.approx(0, abs=1e-9)
    wide = alike * torch.tensor([1.0, 10.0])
    assert float(tower_imbalance(wide, mask)) == pytest.approx(np.log(10) ** 2, rel=1e-3)
    assert float(tower_imbalance(wide, mask & False)) == 0


def test_adam_takes_the_steps_of_pytorchs():
    start = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)
    ours, theirs = (start.clone().requires_grad_() for _ in range(2))
    adam = Adam([ours], learning_rate=0.1, weight_decay=0.3)
    reference = torch.optim.AdamW([theirs], lr=0.1, weight_decay=0.3)
    for _ in range(20):
        adam.step(((ours - 1) ** 4).sum())
        reference.zero_grad()
        ((theirs - 1) ** 4).sum().backward()
        reference.step()
    assert torch.allclose(ours, theirs, rtol=1e-10)


def test_the_moving_average_starts_without_its_start_values():
    average = [torch.zeros(1)]
    running = EMA(average, decay=0.9)
    running.add([torch.full((1,), 4.0)])
    assert average[0].item() == 4
    for _ in range(200):
        running.add([torch.ones(1)])
    assert average[0].item() == pytest.approx(1, abs=1e-6)
