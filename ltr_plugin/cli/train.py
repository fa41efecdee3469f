"""`ltr train`: rankers from feature tables, one verb a kind."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ltr_plugin.cli.output import AsJson, print_result
from ltr_plugin.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.judgments.qrels import Qrels
    from ltr_plugin.rankers.ranker import Ranker

app = typer.Typer(help="Train a ranker on a feature table.", no_args_is_help=True)

TablePath = Annotated[Path, typer.Argument(metavar="TABLE", help="A feature table, from `ltr features log`.")]
OutPath = Annotated[Path, typer.Option("--out", help="The ranker's folder.")]
NegativeWeight = Annotated[float, typer.Option(help="Weight of a sampled product that nobody judged.")]
L2 = Annotated[float, typer.Option("--l2", help="How strongly weights are pulled to 0.")]
NumTrees = Annotated[int, typer.Option(help="The most trees.")]
LearningRate = Annotated[float, typer.Option(help="Size of a step.")]
ValidationFraction = Annotated[float, typer.Option(help="Share of queries held out to choose when to stop.")]
Folds = Annotated[int, typer.Option(help="Hold out every query once, in so many folds: better with few.")]
Refit = Annotated[bool, typer.Option(help="Train once more on all queries.")]
NumThreads = Annotated[int, typer.Option(help="More than 1 gives up exact repeatability.")]
Seed = Annotated[int, typer.Option(help="Of all that is drawn by chance.")]
Teacher = Annotated[Path | None, typer.Option(help="Folder of a ranker to learn the scores of, instead of grades.")]
AuxiliaryQrels = Annotated[
    list[Path] | None, typer.Option(help="Clicks, purchases: TREC qrels, learned beside the grades. Say it once each.")
]
AuxiliaryWeight = Annotated[float, typer.Option(help="What all signals count beside the grades.")]
Loss = Annotated[str, typer.Option(help="lambda (LambdaLoss), listnet, ndcg (approximate NDCG) or ranknet.")]
Units = Annotated[int, typer.Option(help="Hidden units of each tower.")]
Epochs = Annotated[int, typer.Option(help="The most times that all queries are seen.")]


@app.command()
def lambdamart(
    table: TablePath,
    out: OutPath,
    num_trees: NumTrees = 500,
    num_leaves: Annotated[int, typer.Option(help="Leaves a tree.")] = 15,
    learning_rate: LearningRate = 0.05,
    min_data_in_leaf: Annotated[int, typer.Option(help="The fewest rows a leaf may have.")] = 10,
    validation_fraction: ValidationFraction = 0.2,
    folds: Folds = 0,
    refit: Refit = True,
    negative_weight: NegativeWeight = 1.0,
    teacher: Teacher = None,
    num_threads: NumThreads = 1,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """LambdaMART: boosted trees that order products by NDCG."""
    given = {
        "num_trees": num_trees,
        "num_leaves": num_leaves,
        "learning_rate": learning_rate,
        "min_data_in_leaf": min_data_in_leaf,
        "validation_fraction": validation_fraction,
        "folds": folds,
        "refit": refit,
        "negative_weight": negative_weight,
        "num_threads": num_threads,
        "seed": seed,
    }
    _train("lambdamart", given, table, out, as_json=as_json, teacher=_load_teacher(teacher))


@app.command()
def xgboost(
    table: TablePath,
    out: OutPath,
    num_trees: NumTrees = 500,
    max_depth: Annotated[int, typer.Option(help="The most levels of a tree.")] = 4,
    learning_rate: LearningRate = 0.05,
    validation_fraction: ValidationFraction = 0.2,
    folds: Folds = 0,
    refit: Refit = True,
    num_threads: NumThreads = 1,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """XGBoost's rank:ndcg: boosted trees of another make. Needs ltr-plugin[rankers]."""
    given = {
        "num_trees": num_trees,
        "max_depth": max_depth,
        "learning_rate": learning_rate,
        "validation_fraction": validation_fraction,
        "folds": folds,
        "refit": refit,
        "num_threads": num_threads,
        "seed": seed,
    }
    _train("xgboost", given, table, out, as_json=as_json)


@app.command()
def fusion(
    table: TablePath,
    out: OutPath,
    loss: Loss = "lambda",
    units: Units = 16,
    epochs: Epochs = 200,
    learning_rate: LearningRate = 0.005,
    modality_dropout: Annotated[float, typer.Option(help="Share of queries that lose a part while it learns.")] = 0.7,
    product_dropout: Annotated[float, typer.Option(help="Share of queries some of whose products lose a part.")] = 0.6,
    validation_fraction: ValidationFraction = 0.2,
    folds: Folds = 0,
    refit: Refit = True,
    teacher: Teacher = None,
    auxiliary_qrels: AuxiliaryQrels = None,
    auxiliary_weight: AuxiliaryWeight = 0.3,
    num_threads: NumThreads = 1,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """A network with a tower for each modality and gates over those present; the cluster computes it as features."""
    given = {
        "loss": loss,
        "units": units,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "modality_dropout": modality_dropout,
        "product_dropout": product_dropout,
        "validation_fraction": validation_fraction,
        "folds": folds,
        "refit": refit,
        "num_threads": num_threads,
        "seed": seed,
        "auxiliary_weight": auxiliary_weight,
    }
    _train(
        "fusion",
        given,
        table,
        out,
        as_json=as_json,
        teacher=_load_teacher(teacher),
        auxiliary_qrels=_read_auxiliary_qrels(auxiliary_qrels),
    )


@app.command()
def mlp(
    table: TablePath,
    out: OutPath,
    loss: Loss = "lambda",
    units: Units = 16,
    epochs: Epochs = 200,
    learning_rate: LearningRate = 0.005,
    validation_fraction: ValidationFraction = 0.2,
    folds: Folds = 0,
    refit: Refit = True,
    teacher: Teacher = None,
    auxiliary_qrels: AuxiliaryQrels = None,
    auxiliary_weight: AuxiliaryWeight = 0.3,
    num_threads: NumThreads = 1,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """A network of one hidden layer over all features; the cluster computes it as features."""
    given = {
        "loss": loss,
        "units": units,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "validation_fraction": validation_fraction,
        "folds": folds,
        "refit": refit,
        "num_threads": num_threads,
        "seed": seed,
        "auxiliary_weight": auxiliary_weight,
    }
    _train(
        "mlp",
        given,
        table,
        out,
        as_json=as_json,
        teacher=_load_teacher(teacher),
        auxiliary_qrels=_read_auxiliary_qrels(auxiliary_qrels),
    )


@app.command()
def late(
    table: TablePath,
    out: OutPath,
    members: Annotated[str, typer.Option(help="What orders by one modality: lambdamart or linear.")] = "lambdamart",
    combine: Annotated[str, typer.Option(help="sum; or rrf or vote, which cannot run in the cluster.")] = "sum",
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Decision-level fusion: a ranker for each modality, combined."""
    given = {"members": members, "combine": combine, "seed": seed}
    _train("late", given, table, out, as_json=as_json)


@app.command()
def linear(
    table: TablePath, out: OutPath, l2: L2 = 1e-3, negative_weight: NegativeWeight = 1.0, as_json: AsJson = False
) -> None:
    """A weighted sum of the features that orders lists: fast, readable, and the ranker to beat."""
    given = {"l2": l2, "negative_weight": negative_weight}
    _train("linear", given, table, out, as_json=as_json)


@app.command()
def logistic(
    table: TablePath, out: OutPath, l2: L2 = 1e-3, negative_weight: NegativeWeight = 1.0, as_json: AsJson = False
) -> None:
    """Logistic regression: a weighted sum that tells relevant products from others, each by itself."""
    given = {"l2": l2, "negative_weight": negative_weight}
    _train("logistic", given, table, out, as_json=as_json)


@app.command()
def svm(
    table: TablePath, out: OutPath, l2: L2 = 1e-3, negative_weight: NegativeWeight = 1.0, as_json: AsJson = False
) -> None:
    """A linear ranking SVM: a weighted sum that orders pairs of products by a margin."""
    given = {"l2": l2, "negative_weight": negative_weight}
    _train("svm", given, table, out, as_json=as_json)


def _load_teacher(folder: Path | None) -> "Ranker | None":
    from ltr_plugin.rankers.loading import load_ranker

    return load_ranker(folder) if folder else None


def _read_auxiliary_qrels(files: list[Path] | None) -> "dict[str, Qrels]":
    from ltr_plugin.judgments.qrels import read_qrels

    return {str(path): read_qrels(path) for path in files or ()}


def _train(
    kind: str,
    given: dict[str, Any],
    table: Path,
    out: Path,
    *,
    as_json: bool,
    **more: "Ranker | dict[str, Qrels] | None",
) -> None:
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.rankers.trainers import get_trainer
    from ltr_plugin.validation import decode

    settings_type, train = get_trainer(kind)
    settings = decode(settings_type, given, source="options")
    rows = FeatureTable.read(table)
    with progress_bar("training") as progress:
        ranker = train(rows, settings, progress=progress, **more)
    ranker.save(out)
    card = ranker.card.model_dump(mode="json")
    facts = {"ranker": str(out), **{key: card[key] for key in ("kind", "queries", "rows", "results", "notes")}}
    lines = [
        f"{out}: {card['kind']} ranker trained on {card['queries']} queries, {card['rows']} products",
        *(f"  {name}: {value}" for name, value in card["results"].items() if value is not None),
        *(f"  note: {note}" for note in facts["notes"]),
    ]
    print_result(facts, "\n".join(lines), as_json=as_json)
