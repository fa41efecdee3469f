import sys
from dataclasses import replace

import numpy as np
import pytest

from ltr_plugin.errors import InputError, LtrError
from ltr_plugin.rankers import tuning
from ltr_plugin.rankers.loading import load_ranker
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.rankers.tuning import DEFAULT, INNER_FOLDS, TUNED, finish_search, run_search
from ltr_plugin.rankers.tuning_spaces import SEARCH_SPACES

pytestmark = pytest.mark.slow

NO_TIME = 0.0
"""Every search tries the defaults, and no more."""


@pytest.fixture(scope="module")
def noisy(table_of):
    """36 queries of 12 products with sixty features that all say as little: weights that are held back are better."""
    rng = np.random.default_rng(4)
    grades = rng.integers(0, 3, 432)
    values = rng.normal(size=(432, 60)) + 0.15 * grades[:, None]
    return table_of(np.repeat([f"q{number:02}" for number in range(36)], 12), grades, values)


@pytest.fixture
def trained(monkeypatch):
    """The queries of every table that a ranker was trained on."""
    seen = []
    get_trainer = tuning.get_trainer

    def watched(kind):
        settings_type, train = get_trainer(kind)

        def train_and_tell(table, settings):
            seen.append(frozenset(table.queries))
            return train(table, settings)

        return settings_type, train_and_tell

    monkeypatch.setattr(tuning, "get_trainer", watched)
    return seen


def tried(found):
    return [
        [(trial.number, trial.params, trial.value) for trial in fold.completed_trials] for fold in found.fold_searches
    ]


def test_what_is_found_is_better_than_the_defaults(noisy, tmp_path):
    found = run_search(noisy, "linear", tmp_path, minutes=0.3)
    assert len(found.fold_searches) == 4
    counts = [len(fold.completed_trials) for fold in found.fold_searches]
    assert max(counts) - min(counts) <= 1
    for fold in found.fold_searches:
        first, best = fold.completed_trials[0], fold.study.best_trial
        assert first.params == pytest.approx({"l2": 1e-3, "negative_weight": 1.0})
        assert best.value > first.value
    tuned = finish_search(found)
    assert tuned.settings["l2"] > 1e-3
    assert tuned.nested.slices == {"all": 36}
    before, after = (tuned.nested.of("all", name, "nDCG@10").mean for name in (DEFAULT, TUNED))
    assert after > before
    tuned.save(tmp_path)
    kept = load_ranker(tmp_path / "ranker")
    assert kept.card.settings["l2"] == tuned.settings["l2"]
    assert kept.card.queries == 36


def test_no_search_sees_the_queries_that_it_is_measured_on(shop, tmp_path, trained):
    found = run_search(shop, "linear", tmp_path, minutes=0.03, folds=3, seed=5)
    everything = frozenset(shop.queries)
    outer = [*folds_by_query(everything, 3, 5), frozenset()]
    trials = [trained[first : first + INNER_FOLDS] for first in range(0, len(trained), INNER_FOLDS)]
    assert len(trials) >= 4
    for number, tables in enumerate(trials):
        assert frozenset.union(*tables) == everything - outer[number % 4]
        assert frozenset.intersection(*tables) == frozenset()  # every inner fold is left out once
    trained.clear()
    finish_search(found)
    assert trained == [everything - fold for fold in outer[:3] for _ in (DEFAULT, TUNED)] + [everything]


def test_what_a_search_finds_does_not_depend_on_the_queries_held_out(shop, tmp_path):
    test_queries = folds_by_query(shop.queries, 3, 7)[0]
    other = np.where(np.isin(shop.queries, list(test_queries)), 3 - shop.grades, shop.grades)
    first = tried(run_search(shop, "linear", tmp_path / "one", minutes=NO_TIME))
    second = tried(run_search(replace(shop, grades=other), "linear", tmp_path / "other", minutes=NO_TIME))
    assert first[0] == second[0]
    assert all(one != another for one, another in zip(first[1:], second[1:], strict=True))


def test_a_search_goes_on_where_it_was_interrupted(shop, tmp_path, monkeypatch):
    seconds = []
    first = tried(run_search(shop, "linear", tmp_path, minutes=NO_TIME))
    inner_score, calls = tuning._inner_score, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return inner_score(*arguments)

    monkeypatch.setattr(tuning, "_inner_score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_search(shop, "linear", tmp_path, minutes=1)
    monkeypatch.undo()
    with (tmp_path / "search.jsonl").open("a") as journal:
        journal.write('{"op_code": 4, "broken')
    found = run_search(shop, "linear", tmp_path, minutes=NO_TIME, progress=lambda done, _total: seconds.append(done))
    again = tried(found)
    assert [trials[:1] for trials in again] == first
    assert sum(map(len, again)) == 4 + 2
    assert seconds == [0]  # the time was spent before
    longer = tried(run_search(shop, "linear", tmp_path, minutes=found.seconds / 60 + 0.01))
    assert [trials[: len(known)] for trials, known in zip(longer, again, strict=True)] == again
    assert sum(map(len, longer)) > 6
    for trials in longer:
        assert len({tuple(params.values()) for _, params, _ in trials}) == len(trials)


def test_defaults_that_were_interrupted_are_tried_again(shop, tmp_path, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "_inner_score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_search(shop, "linear", tmp_path, minutes=1)
    monkeypatch.undo()
    found = run_search(shop, "linear", tmp_path, minutes=NO_TIME)
    assert all(fold.completed_trials[0].params["l2"] == pytest.approx(1e-3) for fold in found.fold_searches)


def test_other_rows_begin_a_search_of_their_own(shop, tmp_path):
    run_search(shop, "linear", tmp_path, minutes=NO_TIME)
    other = replace(shop, values=shop.values + np.float32(1))
    assert [
        len(fold.completed_trials) for fold in run_search(other, "linear", tmp_path, minutes=NO_TIME).fold_searches
    ] == [1] * 4


@pytest.mark.parametrize("kind", SEARCH_SPACES)
def test_defaults_lie_within_what_is_searched(kind):
    defaults = tuning.get_trainer(kind)[0]().model_dump()
    for name, search_range in SEARCH_SPACES[kind].items():
        inside = (
            defaults[name] in search_range
            if isinstance(search_range, tuple)
            else search_range.low <= defaults[name] <= search_range.high
        )
        assert inside, name


def test_what_cannot_be_searched_is_said(shop, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="cannot search the settings of 'bm25'; the kinds are lambdamart, xgboost"):
        run_search(shop, "bm25", tmp_path, minutes=1)
    with pytest.raises(InputError, match="61 folds of 60 queries"):
        run_search(shop, "linear", tmp_path, minutes=1, folds=61)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(LtrError, match=r"pip install 'ltr-plugin\[rankers\]'"):
        run_search(shop, "linear", tmp_path, minutes=1)
