"""`ltr train`: rankers from feature tables."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ltr_plugin.cli.printing import AsJson, emit
from ltr_plugin.cli.progress import bar

app = typer.Typer(help="Train a ranker on a feature table.", no_args_is_help=True)

TablePath = Annotated[Path, typer.Argument(metavar="TABLE", help="A feature table, from `ltr features log`.")]
OutPath = Annotated[Path, typer.Option("--out", help="The ranker's folder.")]
NegativeWeight = Annotated[float, typer.Option(help="Weight of a sampled product that nobody judged.")]


@app.command()
def lambdamart(
    table: TablePath,
    out: OutPath,
    rounds: Annotated[int, typer.Option(help="The most trees.")] = 500,
    leaves: Annotated[int, typer.Option(help="Leaves a tree.")] = 15,
    learning_rate: Annotated[float, typer.Option(help="Step of each tree.")] = 0.05,
    min_rows_in_leaf: Annotated[int, typer.Option(help="The fewest rows a leaf may have.")] = 10,
    validation: Annotated[float, typer.Option(help="Share of queries held out to choose the number of trees.")] = 0.2,
    folds: Annotated[int, typer.Option(help="Hold out every query once, in so many folds: better with few.")] = 0,
    refit: Annotated[bool, typer.Option(help="Train once more on all queries.")] = True,
    negative_weight: NegativeWeight = 1.0,
    threads: Annotated[int, typer.Option(help="More than 1 gives up exact repeatability.")] = 1,
    seed: Annotated[int, typer.Option(help="Of splits and samples.")] = 7,
    as_json: AsJson = False,
) -> None:
    """LambdaMART: boosted trees that order products by NDCG."""
    from ltr_plugin.decoding import decode
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.rankers.lambdamart import LambdaMARTSettings, train_lambdamart

    given = {
        "rounds": rounds,
        "leaves": leaves,
        "learning_rate": learning_rate,
        "min_rows_in_leaf": min_rows_in_leaf,
        "validation": validation,
        "folds": folds,
        "refit": refit,
        "negative_weight": negative_weight,
        "threads": threads,
        "seed": seed,
    }
    settings = decode(LambdaMARTSettings, given, source="options")
    rows = FeatureTable.read(table)
    with bar("boosting") as progress:
        ranker = train_lambdamart(rows, settings, progress=progress)
    ranker.save(out)
    _tell(out, ranker.card.model_dump(mode="json"), as_json=as_json)


@app.command()
def linear(
    table: TablePath,
    out: OutPath,
    l2: Annotated[float, typer.Option(help="How strongly weights are pulled to 0.")] = 1e-3,
    negative_weight: NegativeWeight = 1.0,
    as_json: AsJson = False,
) -> None:
    """A weighted sum of the features: fast, readable, and the ranker to beat."""
    from ltr_plugin.decoding import decode
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.rankers.linear import LinearSettings, train_linear

    settings = decode(LinearSettings, {"l2": l2, "negative_weight": negative_weight}, source="options")
    ranker = train_linear(FeatureTable.read(table), settings)
    ranker.save(out)
    _tell(out, ranker.card.model_dump(mode="json"), as_json=as_json)


def _tell(out: Path, card: dict[str, Any], *, as_json: bool) -> None:
    facts = {"ranker": str(out), **{key: card[key] for key in ("kind", "queries", "rows", "results", "notes")}}
    lines = [
        f"{out}: {card['kind']} ranker trained on {card['queries']} queries, {card['rows']} products",
        *(f"  {name}: {value}" for name, value in card["results"].items() if value is not None),
        *(f"  note: {note}" for note in facts["notes"]),
    ]
    emit(facts, "\n".join(lines), as_json=as_json)
