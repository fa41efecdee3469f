from itertools import count

from ltr_plugin.progress import no_progress
from ltr_plugin.rankers.training.early_stopping import (
    StoppingPoint,
    best_step,
    early_stopping,
    make_validation_folds,
    mean_curve,
)
from ltr_plugin.rankers.training.settings import TrainingSettings


def test_a_single_high_value_is_not_the_best_step():
    curve = [0.1, 0.9, 0.1, 0.5, 0.6, 0.6, 0.6, 0.5, 0.1]
    assert best_step(curve, 1) == 2
    assert best_step(curve, 3) == 6


def test_a_short_curve_is_smoothed_over_all_of_it():
    assert best_step([0.3], 9) == 1
    assert best_step([0.3, 0.2, 0.1], 9) == 2


def test_training_stops_when_the_curve_no_longer_improves():
    calls = []
    rising = (min(step, 10) for step in count(1))
    best, value = early_stopping(rising, max_steps=100, patience=5, window=1, progress=lambda *call: calls.append(call))
    assert (best, value) == (10, 10)
    assert calls == [(step, 100) for step in range(1, 17)]


def test_training_stops_at_the_maximum_number_of_steps():
    assert early_stopping(count(1), max_steps=7, patience=5, window=1, progress=no_progress) == (7, 7)


def test_curves_of_folds_are_weighted_by_their_size():
    assert list(mean_curve([[1.0, 2.0], [4.0, 8.0]], [3, 1])) == [1.75, 3.5]


def test_every_query_is_held_out_once_in_folds():
    queries = [f"q{number}" for number in range(10)]
    assert (
        sorted(query for fold in make_validation_folds(queries, TrainingSettings(folds=3)) for query in fold) == queries
    )
    assert len(make_validation_folds(queries, TrainingSettings())[0]) == 2


def test_the_final_model_is_trained_on_all_queries_or_without_the_first_fold():
    stop = StoppingPoint(7, 0.5, [frozenset("ab"), frozenset("cd")])
    assert stop.training_queries("abcd", refit=True) == set("abcd")
    assert stop.training_queries("abcd", refit=False) == set("cd")
    assert StoppingPoint(7).training_queries("a", refit=False) == {"a"}
