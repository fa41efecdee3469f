import numpy as np
import pytest
from reference_scorer import score
from scipy.stats import spearmanr

from ltr_plugin.errors import InputError
from ltr_plugin.rankers.distillation import TEMPERATURE, DistillationObjective, distillation_targets
from ltr_plugin.rankers.fusion import train_fusion
from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart
from ltr_plugin.rankers.linear import train_linear
from ltr_plugin.rankers.network.settings import NetworkSettings
from ltr_plugin.rankers.training.rows import TrainingRows


class Stubborn:
    """A ranker that prefers low prices, whatever the grades are."""

    def __init__(self, table):
        self.feature_set = train_linear(table).feature_set
        self.card = train_linear(table).card
        self.kind = "stubborn"

    def predict(self, values):
        return -3.0 * values[:, 7].astype(np.float64)


@pytest.fixture(scope="module")
def teacher(mixed):
    return Stubborn(mixed)


def agreement(table, student, teacher):
    rows = [slice(start, start + 20) for start in range(0, len(table), 20)]
    ours, theirs = student.predict(table.values), teacher.predict(table.values)
    return np.mean([spearmanr(ours[row], theirs[row]).statistic for row in rows])


def test_targets_are_the_softmax_of_the_teachers_standardised_scores(mixed, teacher):
    rows = TrainingRows.of(mixed)
    targets = distillation_targets(teacher, mixed, rows)
    assert np.add.reduceat(targets, rows.starts) == pytest.approx(1)
    scores = teacher.predict(rows.values).reshape(-1, 20)
    logits = scores / (TEMPERATURE * scores.std(axis=1).mean())
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert targets.reshape(-1, 20) == pytest.approx(expected / expected.sum(axis=1, keepdims=True), rel=1e-5)


def test_trees_learn_a_teachers_order_and_not_the_grades(mixed, teacher):
    student = train_lambdamart(mixed, LambdaMARTSettings(num_trees=40), teacher=teacher)
    assert agreement(mixed, student, teacher) > 0.9
    assert student.card.settings["teacher"].startswith("stubborn ")
    near = score(student.export(), mixed.feature_names, mixed.zero_filled)
    assert np.abs(near - student.predict(mixed.values)).max() < 1e-5


def test_a_network_learns_a_teachers_order(mixed, teacher):
    student = train_fusion(mixed, NetworkSettings(epochs=10, learning_rate=0.02), teacher=teacher)
    assert agreement(mixed, student, teacher) > 0.9


def test_without_refit_trees_learn_from_the_other_queries(mixed, teacher):
    settings = LambdaMARTSettings(num_trees=5, refit=False)
    student = train_lambdamart(mixed, settings, teacher=teacher)
    assert student.card.queries == 72
    assert agreement(mixed, student, teacher) > 0.7


def test_the_derivatives_are_those_of_the_cross_entropy():
    class Data:
        used_indices = np.array([1, 2, 3])

        def get_group(self):
            return [3]

    targets = np.array([9, 0.2, 0.5, 0.3], dtype=np.float32)
    scores = np.array([0.1, -0.4, 0.7])

    def loss(at):
        return 3 * -(targets[1:] @ (at - np.log(np.exp(at).sum())))

    first, second = DistillationObjective(targets)(scores, Data())
    for place in range(3):
        step = np.eye(3)[place] * 1e-4
        assert first[place] == pytest.approx((loss(scores + step) - loss(scores - step)) / 2e-4, rel=1e-4)
        curve = (loss(scores + step) - 2 * loss(scores) + loss(scores - step)) / 1e-8
        assert second[place] == pytest.approx(curve, rel=1e-3)


def test_a_teacher_for_other_features_or_with_constant_scores_is_refused(mixed, shop, teacher):
    with pytest.raises(InputError, match="other features than the table"):
        train_fusion(shop, teacher=teacher)
    constant = Stubborn(mixed)
    constant.predict = lambda values: np.zeros(len(values))
    with pytest.raises(InputError, match="nothing to learn"):
        train_lambdamart(mixed, teacher=constant)
