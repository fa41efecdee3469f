"""`ltr train`, a verb for each kind of ranker with options made from its settings class, and `ltr tune`."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from ltr_plugin.cli.options import (
    AsJson,
    DefaultOf,
    Set,
    option_parameters,
    other_settings,
    parameter,
    read_assignments,
    with_signature,
)
from ltr_plugin.cli.terminal.group import VerbGroup, verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import counted

if TYPE_CHECKING:
    from ltr_plugin.judgments.qrels import Qrels
    from ltr_plugin.rankers.ranker import Ranker
    from ltr_plugin.rankers.tuning import TuningResult

KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "lambdamart": (
        "Train LambdaMART: boosted trees that optimise NDCG (LightGBM).",
        ("num_trees", "num_leaves", "learning_rate", "folds", "seed"),
    ),
    "xgboost": (
        "Train boosted trees with the rank:ndcg objective of XGBoost.",
        ("num_trees", "max_depth", "learning_rate", "folds", "seed"),
    ),
    "fusion": (
        "Train a network with a tower for each modality and gates over the modalities that are present.",
        ("loss", "epochs", "folds", "seed"),
    ),
    "mlp": ("Train a network with one hidden layer over all features.", ("loss", "units", "epochs", "seed")),
    "late": ("Train a ranker for each modality and combine their scores.", ("members", "combine", "folds", "seed")),
    "linear": ("Train a weighted sum of the features with a listwise loss.", ("l2", "negative_weight")),
    "logistic": ("Train a weighted sum of the features by logistic regression.", ("l2", "negative_weight")),
    "svm": ("Train a weighted sum of the features as a linear ranking SVM.", ("l2", "negative_weight")),
}
"""Each kind of ranker: its help text, and the settings that have an option of their own."""

TablePath = Annotated[Path, typer.Argument(metavar="TABLE", help="Feature table, from `ltr features log`.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder of the trained ranker; one that is there is replaced.")]
Teacher = Annotated[Path | None, typer.Option(help="Folder of a ranker whose scores to learn instead of the grades.")]
AuxiliaryQrels = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Further judgments (any form of --qrels), such as clicks, to learn beside the grades. Repeat the option.",
    ),
]
RUN_SEARCH = "rankers.tuning:run_search"


class TrainGroup(VerbGroup):
    """The kinds of rankers. A kind's module, which may be heavy, is imported when the kind is named."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - click's context
        """The kinds."""
        return list(KINDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - click's context and command
        """The verb that trains a kind."""
        return _train_command(cmd_name) if cmd_name in KINDS else None

    def summary(self, ctx: Any, name: str) -> str:  # noqa: ANN401, ARG002 - click's context
        """What is known of a kind without importing its module."""
        return KINDS[name][0]


app = verb_group("Train a ranker on a feature table.", TrainGroup)


def tune(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"Kind of ranker: {', '.join(KINDS)}.")],
    table: TablePath,
    minutes: Annotated[float, typer.Option(help="Minutes to search, earlier searches in the same folder included.")],
    out: Annotated[Path, typer.Option(help="Folder of the search; the trained ranker is its subfolder `ranker`.")],
    folds: Annotated[
        int,
        typer.Option(
            default_factory=DefaultOf(RUN_SEARCH, "folds"),
            help="Number of parts of the queries; each part measures a search that did not see it.",
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, default_factory=DefaultOf(RUN_SEARCH, "seed"), help="Random seed.")],
    as_json: AsJson = False,
) -> None:
    """Search the settings of a ranker, measure the gain on unseen queries, and train with the best settings.

    Ctrl-C keeps what was tried. The same command continues, and searches further with more minutes.
    """
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.rankers.tuning import finish_search, run_search

    rows = FeatureTable.read(table)
    with progress_bar("searching (seconds)") as progress:
        search = run_search(rows, kind, out, minutes=minutes, folds=folds, seed=seed, progress=progress)
    with progress_bar("training") as progress:
        tuned = finish_search(search, progress=progress)
    tuned.save(out)
    print_result(tuned.to_json(), _describe_tuning(tuned, out), as_json=as_json)


def _train_command(kind: str) -> Any:  # noqa: ANN401 - click's command
    """The verb that trains a kind, with an option for each of its main settings."""
    from ltr_plugin.rankers.trainers import get_trainer

    settings_type, train_ranker = get_trainer(kind)
    summary, own = KINDS[kind]
    accepted = inspect.signature(train_ranker).parameters

    def train(
        table: Path,
        out: Path,
        set_: list[str] | None,
        as_json: bool,
        teacher: Path | None = None,
        auxiliary_qrels: list[Path] | None = None,
        **options: object,
    ) -> None:
        from ltr_plugin.features.table import FeatureTable
        from ltr_plugin.validation import decode

        values = {**options, **read_assignments(set_, settings_type.model_fields, kind)}
        settings = decode(settings_type, values, source=f"ltr train {kind}")
        rows = FeatureTable.read(table)
        more: dict[str, Any] = {}
        if teacher:
            more["teacher"] = _load_teacher(teacher)
        if auxiliary_qrels:
            more["auxiliary_qrels"] = _read_auxiliary_qrels(auxiliary_qrels)
        with progress_bar("training") as progress:
            ranker = train_ranker(rows, settings, progress=progress, **more)
        ranker.save(out)
        _print_ranker(ranker, out, as_json=as_json)

    parameters = [
        parameter("table", TablePath),
        parameter("out", OutFolder),
        *option_parameters(settings_type, own),
        *([parameter("teacher", Teacher, None)] if "teacher" in accepted else []),
        *([parameter("auxiliary_qrels", AuxiliaryQrels, None)] if "auxiliary_qrels" in accepted else []),
        parameter("set_", Set, None),
        parameter("as_json", AsJson, False),
    ]
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    help_ = f"{summary}\n\n{other_settings(settings_type, own)}"
    single.command(kind, help=help_)(with_signature(train, parameters))
    return get_command(single)


EXPONENTIAL_GAIN = (
    "validation_ndcg@10 is of held-out queries; its gains are 2^grade - 1, as in training, and not the grades of "
    "`ltr evaluate`"
)


def _load_teacher(folder: Path) -> "Ranker":
    from ltr_plugin.rankers.loading import load_ranker

    return load_ranker(folder)


def _read_auxiliary_qrels(files: list[Path]) -> "dict[str, Qrels]":
    from ltr_plugin.judgments.qrels import Qrels

    return {str(path): Qrels.read(path) for path in files}


def _print_ranker(ranker: "Ranker", out: Path, *, as_json: bool) -> None:
    card = ranker.card.model_dump(mode="json")
    facts = {"ranker": str(out), **{key: card[key] for key in ("kind", "queries", "rows", "results", "notes")}}
    data = f"{counted(card['queries'], 'query')}, {counted(card['rows'], 'product')}"
    lines = [
        f"{out}: {card['kind']} ranker trained on {data}",
        *(f"  {name}: {value}" for name, value in card["results"].items() if value is not None),
        *([f"  {EXPONENTIAL_GAIN}"] if card["results"].get("validation_ndcg@10") is not None else []),
        *(f"  note: {note}" for note in facts["notes"]),
    ]
    print_result(facts, "\n".join(lines), as_json=as_json)


def _describe_tuning(tuned: "TuningResult", out: Path) -> str:
    from ltr_plugin.evaluation.comparison import ALL_QUERIES
    from ltr_plugin.rankers.tuning import DEFAULT, RANKER_FOLDER, TUNED

    before, after = (tuned.nested.of(ALL_QUERIES, name, "nDCG@10") for name in (DEFAULT, TUNED))
    queries = counted(tuned.nested.slices[ALL_QUERIES], "query")
    significance = "significant" if after.significant else "not significant"
    settings = [
        f"  {name}: {value if isinstance(value, str) else f'{value:.4g}'}" for name, value in tuned.settings.items()
    ]
    return "\n".join(
        [
            f"{out / RANKER_FOLDER}: {tuned.ranker.kind} ranker, the best of {tuned.trials} settings tried",
            *settings,
            f"nDCG@10 of {queries}, each measured by a search that did not see it:",
            f"  {TUNED} {after.mean:.3f} [{after.low:.3f}, {after.high:.3f}]",
            f"  {DEFAULT} {before.mean:.3f} [{before.low:.3f}, {before.high:.3f}]",
            f"  difference {after.difference:+.3f} (p {after.p:.3f}), {significance}",
        ]
    )
