"""Searches the settings of a ranker (with Optuna), and measures the gain on queries that the search did not see.

This is nested cross-validation (Cawley and Talbot, On Over-fitting in Model Selection, JMLR 2010). The queries are
split into outer folds. For each outer fold, a search tries settings on the other queries, which it splits into inner
folds; then the queries of the outer fold are ranked with the best settings found. These rankings measure what such a
search gains. One more search, on all queries, gives the settings of the ranker that is returned.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltr_plugin.errors import InputError
from ltr_plugin.evaluation.comparison import Comparison, compare
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.runs import Run, run_from_scores
from ltr_plugin.extras import require_module
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.files import write_atomic
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.progress import Progress, no_progress
from ltr_plugin.rankers.ranker import Ranker, score_rows
from ltr_plugin.rankers.trainers import TrainFunction, get_trainer
from ltr_plugin.rankers.training.folds import folds_by_query
from ltr_plugin.rankers.tuning_spaces import SEARCH_SPACES, SearchRange
from ltr_plugin.validation import StrictModel, decode

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

INNER_FOLDS = 3
JOURNAL_FILE, RANKER_FOLDER, RESULT_FILE = "search.jsonl", "ranker", "tuning.json"
"""In the folder of a search: Optuna's journal, the trained ranker, and the result."""
DEFAULT, TUNED = "default settings", "tuned"


@dataclass(frozen=True)
class FoldSearch:
    """The search of one outer fold: the rows that it sees, the `test_queries` that it does not see, and its trials."""

    rows: FeatureTable = field(repr=False)
    test_queries: frozenset[str]
    study: "Study" = field(repr=False)

    @property
    def completed_trials(self) -> "list[FrozenTrial]":
        """The completed trials; the first has the default settings."""
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


@dataclass(frozen=True)
class NestedSearch:
    """The searches of the outer folds, and last the search on all queries."""

    kind: str
    table: FeatureTable = field(repr=False)
    fold_searches: tuple[FoldSearch, ...]

    @property
    def seconds(self) -> float:
        """The total duration of all completed trials, of earlier runs as well."""
        durations = (trial.duration for fold in self.fold_searches for trial in fold.completed_trials)
        return sum(duration.total_seconds() for duration in durations if duration)


@dataclass(frozen=True)
class TuningResult:
    """A ranker trained with the best settings, and the gain of tuning on unseen queries.

    `nested` compares default with tuned settings; each query is ranked by rankers whose training and search did not see
    it. `trials` is the number of settings tried on all queries, `seconds` the duration of all searches.
    """

    ranker: Ranker = field(repr=False)
    settings: Mapping[str, float | str]
    nested: Comparison
    trials: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "kind": self.ranker.kind,
            "settings": dict(self.settings),
            "trials": self.trials,
            "seconds": round(self.seconds, 1),
            "nested": self.nested.to_json(),
        }

    def save(self, folder: Path) -> None:
        """Writes the ranker and the result to the folder of the search."""
        self.ranker.save(folder / RANKER_FOLDER)
        write_atomic(folder / RESULT_FILE, json.dumps(self.to_json(), indent=2) + "\n")


def run_search(
    table: FeatureTable,
    kind: str,
    folder: Path,
    *,
    minutes: float,
    folds: int = 3,
    seed: int = 7,
    progress: Progress = no_progress,
) -> NestedSearch:
    """Tries settings for `minutes` in total, earlier calls with the same folder included.

    The searches take turns, so that they can be stopped at any time; each tries the default settings first. The journal
    in the folder keeps all trials; with another table, kind, seed or number of folds, new searches start in the same
    journal. The last trial may end after the time is up. `progress` counts seconds.

    InputError when the kind has nothing to search, or there are fewer queries than folds; LtrError without Optuna.
    """
    search = _open(table, kind, folder, folds=folds, seed=seed)
    from optuna.trial import TrialState

    settings_type, train = get_trainer(kind)
    space = {name: _distribution(search_range) for name, search_range in SEARCH_SPACES[kind].items()}
    budget, spent = 60 * minutes, search.seconds
    while spent < budget or not all(fold.completed_trials for fold in search.fold_searches):
        progress(int(min(spent, budget)), int(budget))
        fold = min(search.fold_searches, key=lambda fold: len(fold.completed_trials))
        trial = fold.study.ask(space)
        try:
            settings = decode(settings_type, trial.params, source="settings")
            value = _inner_score(train, settings, fold.rows, seed)
        except BaseException:
            fold.study.tell(trial, state=TrialState.FAIL)
            raise
        fold.study.tell(trial, value)
        spent = search.seconds
    progress(int(budget), int(budget))
    return search


def finish_search(search: NestedSearch, *, progress: Progress = no_progress) -> TuningResult:
    """Ranks each outer fold with the best settings of its search, and trains the ranker that is returned."""
    settings_type, train = get_trainer(search.kind)
    *outer, whole = search.fold_searches
    runs: dict[str, dict[str, Any]] = {DEFAULT: {}, TUNED: {}}
    trained, total = count(), 2 * len(outer) + 1
    for fold in outer:
        test_rows = search.table.for_queries(fold.test_queries)
        for name, params in {DEFAULT: {}, TUNED: fold.study.best_params}.items():
            progress(next(trained), total)
            settings = decode(settings_type, params, source="settings")
            runs[name] |= _rank_held_out(train, settings, fold.rows, test_rows)
    progress(next(trained), total)
    ranker = train(search.table, decode(settings_type, whole.study.best_params, source="settings"))
    return TuningResult(
        ranker,
        whole.study.best_params,
        compare(runs, _qrels_of(search.table), view="queries that the search did not see"),
        len(whole.completed_trials),
        search.seconds,
    )


def _open(table: FeatureTable, kind: str, folder: Path, *, folds: int, seed: int) -> NestedSearch:
    """The searches in a folder, with the trials of earlier calls."""
    if kind not in SEARCH_SPACES:
        raise InputError(
            "ltr tune", f"cannot search the settings of {kind!r}; the kinds are {', '.join(SEARCH_SPACES)}"
        )
    require_module("optuna", "tuning")
    import optuna
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    settings_type, _ = get_trainer(kind)
    queries = frozenset(map(str, table.queries))
    defaults = settings_type().model_dump(include=set(SEARCH_SPACES[kind]))
    space = {name: repr(search_range) for name, search_range in SEARCH_SPACES[kind].items()}
    name = _digest(table, [kind, folds, seed, settings_type().model_dump(), space])
    storage = _storage(folder / JOURNAL_FILE)
    fold_searches = []
    for number, test_queries in enumerate([*folds_by_query(queries, folds, seed), frozenset[str]()]):
        study = optuna.create_study(
            storage=storage, study_name=f"{name}-{number}", direction="maximize", load_if_exists=True
        )
        # The number of trials is part of the seed, or a continued search would draw its first settings again.
        study.sampler = optuna.samplers.TPESampler(seed=seed + 10_007 * number + len(study.trials))
        if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.WAITING)):
            study.enqueue_trial(defaults)
        fold_searches.append(FoldSearch(table.for_queries(queries - test_queries), test_queries, study))
    return NestedSearch(kind, table, tuple(fold_searches))


def _storage(path: Path) -> "BaseStorage":
    """Optuna's journal, a file of JSON Lines; a last line that is incomplete, as after a full disk, is removed."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not (whole := path.read_bytes()).endswith(b"\n"):
        with path.open("r+b") as journal:
            journal.truncate(whole.rfind(b"\n") + 1)
    return JournalStorage(JournalFileBackend(str(path)))


def _distribution(search_range: SearchRange | tuple[str, ...]) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(search_range, tuple):
        return CategoricalDistribution(search_range)
    if isinstance(search_range.low, int) and isinstance(search_range.high, int):
        return IntDistribution(search_range.low, search_range.high, log=search_range.log)
    return FloatDistribution(search_range.low, search_range.high, log=search_range.log)


def _inner_score(train: TrainFunction, settings: StrictModel, rows: FeatureTable, seed: int) -> float:
    """The mean nDCG@10 of the rows' queries; each is ranked by a ranker that was trained on the other inner folds."""
    queries = frozenset(map(str, rows.queries))
    run: dict[str, Any] = {}
    for fold in folds_by_query(queries, INNER_FOLDS, seed):
        run |= _rank_held_out(train, settings, rows.for_queries(queries - fold), rows.for_queries(fold))
    return float(per_query(run, _qrels_of(rows))[:, MEASURES.index("nDCG@10")].mean())


def _rank_held_out(train: TrainFunction, settings: StrictModel, training: FeatureTable, test: FeatureTable) -> Run:
    """The test rows, ranked by a ranker that is trained on the training rows."""
    scores = score_rows(train(training, settings), test.values, test.queries)
    return run_from_scores(test.queries, test.products, scores)


def _qrels_of(rows: FeatureTable) -> Qrels:
    grades: dict[str, dict[str, int]] = {}
    for query, product, grade in zip(rows.queries, rows.products, rows.labels, strict=True):
        grades.setdefault(query, {})[product] = int(grade)
    return Qrels(grades)


def _digest(table: FeatureTable, facts: Sequence[Any]) -> str:
    """A digest of all rows of the table and of the facts."""
    digest = hashlib.blake2b(json.dumps([*facts, table.feature_names], sort_keys=True).encode(), digest_size=8)
    digest.update("\n".join([*table.queries, *table.products]).encode())
    digest.update(table.grades.tobytes() + table.values.tobytes())
    return digest.hexdigest()
