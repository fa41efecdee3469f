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

from ltr_plugin.decoding import Form, decode
from ltr_plugin.errors import InputError, LtrError
from ltr_plugin.evaluation.measures import MEASURES, per_query
from ltr_plugin.evaluation.report import Comparison, compare
from ltr_plugin.evaluation.runs import Run, ranked
from ltr_plugin.features.table import FeatureTable
from ltr_plugin.judgments.qrels import Qrels
from ltr_plugin.progress import Progress, silent
from ltr_plugin.rankers.folds import folds_by_query
from ltr_plugin.rankers.ranker import Ranker, score_rows
from ltr_plugin.rankers.trainers import Train, trainer_of
from ltr_plugin.rankers.tuning_spaces import SPACES, Between

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

INNER_FOLDS = 3
SEARCH, RANKER, RESULT = "search.jsonl", "ranker", "tuning.json"
"""In the folder of a search: its journal, the ranker, and what came out."""
DEFAULT, TUNED = "default settings", "tuned"


@dataclass(frozen=True)
class Part:
    """A search: the rows that it sees, and what it has tried. `held_out` are the queries that it never sees."""

    rows: FeatureTable = field(repr=False)
    held_out: frozenset[str]
    study: "Study" = field(repr=False)

    @property
    def tried(self) -> "list[FrozenTrial]":
        """The settings tried to their end, the first of them the defaults."""
        from optuna.trial import TrialState

        return self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


@dataclass(frozen=True)
class Search:
    """The searches of the outer folds, then that on all queries."""

    kind: str
    table: FeatureTable = field(repr=False)
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """How long all settings took that were tried so far, in this run and in earlier ones."""
        lengths = (trial.duration for part in self.parts for trial in part.tried)
        return sum(length.total_seconds() for length in lengths if length)


@dataclass(frozen=True)
class Tuned:
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
        self.ranker.save(folder / RANKER)
        beside = folder / f".{RESULT}.part"
        beside.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")
        beside.replace(folder / RESULT)


def search(
    table: FeatureTable,
    kind: str,
    folder: Path,
    *,
    minutes: float,
    folds: int = 3,
    seed: int = 7,
    progress: Progress = silent,
) -> Search:
    """Tries settings until `minutes` are spent in all, those of earlier calls for the same folder included.

    The searches take turns, so that it can stop at any time; each tries the defaults first. What has been tried is in
    the folder's journal, and another table, kind, seed or number of folds begins anew there. The last settings tried
    may end after the time is up. `progress` hears seconds.

    InputError when the kind has nothing to search or there are fewer queries than folds; LtrError without Optuna.
    """
    found = _open(table, kind, folder, folds=folds, seed=seed)
    from optuna.trial import TrialState

    form, train = trainer_of(kind)
    space = {name: _distribution(between) for name, between in SPACES[kind].items()}
    budget, spent = 60 * minutes, found.seconds
    while spent < budget or not all(part.tried for part in found.parts):
        progress(int(min(spent, budget)), int(budget))
        part = min(found.parts, key=lambda part: len(part.tried))
        trial = part.study.ask(space)
        try:
            settings = decode(form, trial.params, source="settings")
            value = _inner_score(train, settings, part.rows, seed)
        except BaseException:
            part.study.tell(trial, state=TrialState.FAIL)
            raise
        part.study.tell(trial, value)
        spent = found.seconds
    progress(int(budget), int(budget))
    return found


def conclude(found: Search, *, progress: Progress = silent) -> Tuned:
    """Ranks each outer fold with the best settings found without it, and trains the ranker that is kept."""
    form, train = trainer_of(found.kind)
    *outer, whole = found.parts
    runs: dict[str, dict[str, Any]] = {DEFAULT: {}, TUNED: {}}
    for place, part in enumerate(outer):
        held_out = found.table.of_queries(part.held_out)
        for step, (name, params) in enumerate({DEFAULT: {}, TUNED: part.study.best_params}.items()):
            progress(2 * place + step, 2 * len(outer) + 1)
            runs[name] |= _answers(train, decode(form, params, source="settings"), part.rows, held_out)
    progress(2 * len(outer), 2 * len(outer) + 1)
    ranker = train(found.table, decode(form, whole.study.best_params, source="settings"))
    return Tuned(
        ranker,
        whole.study.best_params,
        compare(runs, _judgments(found.table), view="queries that the search did not see"),
        len(whole.tried),
        found.seconds,
    )


def _open(table: FeatureTable, kind: str, folder: Path, *, folds: int, seed: int) -> Search:
    """The searches in a folder, as far as they have come."""
    if kind not in SPACES:
        raise InputError("ltr tune", f"{kind!r} has no settings to search; kinds are {', '.join(SPACES)}")
    try:
        import optuna
    except ImportError:
        raise LtrError("ltr tune needs Optuna: pip install 'ltr-plugin[rankers]'") from None
    from optuna.trial import TrialState

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    form, _ = trainer_of(kind)
    queries = frozenset(map(str, table.queries))
    defaults = form().model_dump(include=set(SPACES[kind]))
    space = {name: repr(between) for name, between in SPACES[kind].items()}
    name = _digest(table, [kind, folds, seed, form().model_dump(), space])
    storage = _storage(folder / SEARCH)
    parts = []
    for place, held_out in enumerate([*folds_by_query(queries, folds, seed), frozenset[str]()]):
        study = optuna.create_study(
            storage=storage, study_name=f"{name}-{place}", direction="maximize", load_if_exists=True
        )
        # Were the sampler's seed the same after an interruption, it would draw the first settings again.
        study.sampler = optuna.samplers.TPESampler(seed=seed + 10_007 * place + len(study.trials))
        if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.WAITING)):
            study.enqueue_trial(defaults)
        parts.append(Part(table.of_queries(queries - held_out), held_out, study))
    return Search(kind, table, tuple(parts))


def _storage(path: Path) -> "BaseStorage":
    """Optuna's journal, which is JSON lines. A last line that was broken off, as by a full disk, is cut away."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not (whole := path.read_bytes()).endswith(b"\n"):
        with path.open("r+b") as journal:
            journal.truncate(whole.rfind(b"\n") + 1)
    return JournalStorage(JournalFileBackend(str(path)))


def _distribution(between: Between | tuple[str, ...]) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(between, tuple):
        return CategoricalDistribution(between)
    if isinstance(between.low, int) and isinstance(between.high, int):
        return IntDistribution(between.low, between.high, log=between.log)
    return FloatDistribution(between.low, between.high, log=between.log)


def _inner_score(train: Train, settings: Form, rows: FeatureTable, seed: int) -> float:
    """NDCG@10 of the rows' queries, each ranked by a ranker trained on the other inner folds."""
    queries = frozenset(map(str, rows.queries))
    run: dict[str, Any] = {}
    for part in folds_by_query(queries, INNER_FOLDS, seed):
        run |= _answers(train, settings, rows.of_queries(queries - part), rows.of_queries(part))
    return float(per_query(run, _judgments(rows))[:, MEASURES.index("nDCG@10")].mean())


def _answers(train: Train, settings: Form, known: FeatureTable, asked: FeatureTable) -> Run:
    """What a ranker trained on the known rows makes of the others."""
    scores = score_rows(train(known, settings), asked.values, asked.queries)
    return ranked(asked.queries, asked.products, scores)


def _judgments(rows: FeatureTable) -> Qrels:
    grades: dict[str, dict[str, int]] = {}
    for query, product, grade in zip(rows.queries, rows.products, rows.labels, strict=True):
        grades.setdefault(query, {})[product] = int(grade)
    return Qrels(grades)


def _digest(table: FeatureTable, facts: Sequence[Any]) -> str:
    """Changes with any row, and with any of the facts."""
    packed = hashlib.blake2b(json.dumps([*facts, table.names], sort_keys=True).encode(), digest_size=8)
    packed.update("\n".join([*table.queries, *table.products]).encode())
    packed.update(table.grades.tobytes() + table.values.tobytes())
    return packed.hexdigest()
