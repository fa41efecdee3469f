"""Settings of a ranker found by search (Optuna), and what they are worth on queries that the search never saw.

Nested cross-validation (Cawley and Talbot, On Over-fitting in Model Selection, JMLR 2010): the queries are parted in
outer folds, and for each fold a search of its own tries settings on the other queries alone, in inner folds. The fold's
queries are then ranked with what that search found. One more search, on all queries, gives the settings of the ranker
that is kept; the outer folds say what such a search brings.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
"""In the folder of a search: its journal, the ranker, and what came out."""
DEFAULT, TUNED = "default settings", "tuned"


@dataclass(frozen=True)
class FoldSearch:
    """A search: the rows that it sees, and what it has tried. `test_queries` are the queries that it never sees."""

    rows: FeatureTable = field(repr=False)
    test_queries: frozenset[str]
    study: "Study" = field(repr=False)

    @property
    def completed_trials(self) -> "list[FrozenTrial]":
        """The settings tried to their end, the first of them the defaults."""
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


@dataclass(frozen=True)
class NestedSearch:
    """The searches of the outer folds, then that on all queries."""

    kind: str
    table: FeatureTable = field(repr=False)
    fold_searches: tuple[FoldSearch, ...]

    @property
    def seconds(self) -> float:
        """How long all settings took that were tried so far, in this run and in earlier ones."""
        lengths = (trial.duration for fold in self.fold_searches for trial in fold.completed_trials)
        return sum(length.total_seconds() for length in lengths if length)


@dataclass(frozen=True)
class TuningResult:
    """A ranker with the best settings found, and what the same search is worth on queries that it did not see.

    `nested` compares rankers of default settings with tuned ones, each query ranked by rankers that never saw it.
    `trials` are the settings tried on all queries; `seconds` is what all searches took.
    """

    ranker: Ranker = field(repr=False)
    settings: Mapping[str, float | str]
    nested: Comparison
    trials: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What came out, with keys that stay."""
        return {
            "kind": self.ranker.kind,
            "settings": dict(self.settings),
            "trials": self.trials,
            "seconds": round(self.seconds, 1),
            "nested": self.nested.to_json(),
        }

    def save(self, folder: Path) -> None:
        """Writes the ranker and what came out into the folder of the search."""
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
    """Tries settings until `minutes` are spent in all, those of earlier calls for the same folder included.

    The searches take turns, so that it can stop at any time; each tries the defaults first. What has been tried is in
    the folder's journal, and another table, kind, seed or number of folds begins anew there. The last settings tried
    may end after the time is up. `progress` hears seconds.

    InputError when the kind has nothing to search or there are fewer queries than folds; LtrError without Optuna.
    """
    found = _open(table, kind, folder, folds=folds, seed=seed)
    from optuna.trial import TrialState

    settings_type, train = get_trainer(kind)
    space = {name: _distribution(search_range) for name, search_range in SEARCH_SPACES[kind].items()}
    budget, spent = 60 * minutes, found.seconds
    while spent < budget or not all(fold.completed_trials for fold in found.fold_searches):
        progress(int(min(spent, budget)), int(budget))
        fold = min(found.fold_searches, key=lambda fold: len(fold.completed_trials))
        trial = fold.study.ask(space)
        try:
            settings = decode(settings_type, trial.params, source="settings")
            value = _inner_score(train, settings, fold.rows, seed)
        except BaseException:
            fold.study.tell(trial, state=TrialState.FAIL)
            raise
        fold.study.tell(trial, value)
        spent = found.seconds
    progress(int(budget), int(budget))
    return found


def finish_search(found: NestedSearch, *, progress: Progress = no_progress) -> TuningResult:
    """Ranks each outer fold with the best settings found without it, and trains the ranker that is kept."""
    settings_type, train = get_trainer(found.kind)
    *outer, whole = found.fold_searches
    runs: dict[str, dict[str, Any]] = {DEFAULT: {}, TUNED: {}}
    for place, fold in enumerate(outer):
        test_queries = found.table.for_queries(fold.test_queries)
        for step, (name, params) in enumerate({DEFAULT: {}, TUNED: fold.study.best_params}.items()):
            progress(2 * place + step, 2 * len(outer) + 1)
            runs[name] |= _rank_held_out(
                train, decode(settings_type, params, source="settings"), fold.rows, test_queries
            )
    progress(2 * len(outer), 2 * len(outer) + 1)
    ranker = train(found.table, decode(settings_type, whole.study.best_params, source="settings"))
    return TuningResult(
        ranker,
        whole.study.best_params,
        compare(runs, _qrels_of(found.table), view="queries that the search did not see"),
        len(whole.completed_trials),
        found.seconds,
    )


def _open(table: FeatureTable, kind: str, folder: Path, *, folds: int, seed: int) -> NestedSearch:
    """The searches in a folder, as far as they have come."""
    if kind not in SEARCH_SPACES:
        raise InputError("ltr tune", f"{kind!r} has no settings to search; kinds are {', '.join(SEARCH_SPACES)}")
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
    for place, test_queries in enumerate([*folds_by_query(queries, folds, seed), frozenset[str]()]):
        study = optuna.create_study(
            storage=storage, study_name=f"{name}-{place}", direction="maximize", load_if_exists=True
        )
        # Were the sampler's seed the same after an interruption, it would draw the first settings again.
        study.sampler = optuna.samplers.TPESampler(seed=seed + 10_007 * place + len(study.trials))
        if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.WAITING)):
            study.enqueue_trial(defaults)
        fold_searches.append(FoldSearch(table.for_queries(queries - test_queries), test_queries, study))
    return NestedSearch(kind, table, tuple(fold_searches))


def _storage(path: Path) -> "BaseStorage":
    """Optuna's journal, which is JSON lines. A last line that was broken off, as by a full disk, is cut away."""
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
    """NDCG@10 of the rows' queries, each ranked by a ranker trained on the other inner folds."""
    queries = frozenset(map(str, rows.queries))
    run: dict[str, Any] = {}
    for fold in folds_by_query(queries, INNER_FOLDS, seed):
        run |= _rank_held_out(train, settings, rows.for_queries(queries - fold), rows.for_queries(fold))
    return float(per_query(run, _qrels_of(rows))[:, MEASURES.index("nDCG@10")].mean())


def _rank_held_out(train: TrainFunction, settings: StrictModel, known: FeatureTable, asked: FeatureTable) -> Run:
    """What a ranker trained on the known rows makes of the others."""
    scores = score_rows(train(known, settings), asked.values, asked.queries)
    return run_from_scores(asked.queries, asked.products, scores)


def _qrels_of(rows: FeatureTable) -> Qrels:
    grades: dict[str, dict[str, int]] = {}
    for query, product, grade in zip(rows.queries, rows.products, rows.labels, strict=True):
        grades.setdefault(query, {})[product] = int(grade)
    return Qrels(grades)


def _digest(table: FeatureTable, facts: Sequence[Any]) -> str:
    """Changes with any row, and with any of the facts."""
    digest = hashlib.blake2b(json.dumps([*facts, table.feature_names], sort_keys=True).encode(), digest_size=8)
    digest.update("\n".join([*table.queries, *table.products]).encode())
    digest.update(table.grades.tobytes() + table.values.tobytes())
    return digest.hexdigest()
