"""`ltr evaluate`, `ltr report` and `ltr ablate`: rankers measured on judged queries."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    DefaultOf,
    IndexName,
    ProfileFile,
    QrelsFile,
    QueriesFile,
    open_index,
)
from ltr_plugin.cli.output import exit_if, print_failed_queries, print_result
from ltr_plugin.cli.progress_bar import progress_bar
from ltr_plugin.cli.search import RANKERS

if TYPE_CHECKING:
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.evaluate import Evaluation

Rankers = Annotated[
    list[str],
    typer.Option("--ranker", metavar="RANKER", help=f"Ranker to compare: {RANKERS}. Repeat the option for several."),
]
ABLATE = "pipelines.ablate:ablate"


def evaluate(
    queries: QueriesFile,
    qrels: QrelsFile,
    ranker: Rankers,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Rank judged queries in the cluster and compare each ranker with the first one."""
    from rich.console import Console

    result = _evaluate(open_index(name, profile), queries, qrels, ranker)
    if as_json:
        typer.echo(json.dumps(result.to_json()))
    else:
        console = Console(width=None if sys.stdout.isatty() else 160)  # a file or pipe has no width to fit into
        for table in result.to_tables():
            console.print(table)
    exit_if(result.failed)


def report(
    queries: QueriesFile,
    qrels: QrelsFile,
    ranker: Rankers,
    out: Annotated[Path, typer.Option(help="HTML page to write.")] = Path("report.html"),
    ablation: Annotated[Path | None, typer.Option(help="File from `ltr ablate --out`, to show as well.")] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare rankers as `ltr evaluate` does and write an HTML page.

    The page has tables, curves, and queries that the last ranker wins or loses against the first, with photos.
    """
    from ltr_plugin.evaluation.ablation import Ablation
    from ltr_plugin.pipelines.report import report as write_report

    matrix = Ablation.read(ablation) if ablation else None
    index = open_index(name, profile)
    result = _evaluate(index, queries, qrels, ranker)
    write_report(index, result, out, ablation=matrix)
    print_result({"report": str(out), **result.to_json()}, f"report: {out}", as_json=as_json)
    exit_if(result.failed)


def ablate(
    queries: QueriesFile,
    qrels: QrelsFile,
    ranker: Annotated[
        list[str],
        typer.Option("--ranker", metavar="DIR", help="Folder of an uploaded ranker. Repeat the option for several."),
    ],
    removed_fraction: Annotated[
        list[float],
        typer.Option(
            min=0,
            max=1,
            metavar="FRACTION",
            default_factory=DefaultOf(ABLATE, "removed_fractions"),
            help="Fraction of the products that lose a modality. Repeat the option for several.",
        ),
    ],
    seed: Annotated[
        int,
        typer.Option(min=0, default_factory=DefaultOf(ABLATE, "seed"), help="Random seed of the choice of products."),
    ],
    table: Annotated[
        Path | None,
        typer.Option(help="Feature table of the rankers: also compare with rankers trained without each modality."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file to write, for `ltr report --ablation`.")] = None,
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    as_json: AsJson = False,
) -> None:
    """Remove each modality from the queries, then from a part of the products, and measure every ranker each time."""
    from rich.console import Console

    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.judgments.qrels import Qrels
    from ltr_plugin.pipelines.ablate import ablate as measure
    from ltr_plugin.pipelines.ablate import load_pushed_rankers, train_blind_baselines
    from ltr_plugin.pipelines.encode_queries import encode

    index = open_index(name, profile)
    rankers = load_pushed_rankers(index, ranker)
    blind_baselines = None
    if table:
        with progress_bar("training baselines") as progress:
            blind_baselines = train_blind_baselines(FeatureTable.read(table), rankers, progress=progress)
    encoded = encode(index, queries)
    with progress_bar("removing modalities") as progress:
        ablation = measure(
            index,
            encoded,
            Qrels.read(qrels),
            rankers,
            blind_baselines=blind_baselines,
            removed_fractions=removed_fraction,
            seed=seed,
            progress=progress,
        )
    if out:
        ablation.write(out)
    if as_json:
        typer.echo(json.dumps(ablation.model_dump(mode="json")))
    else:
        Console().print(ablation.to_table())


def _evaluate(index: "Index", queries: Path, qrels: Path, rankers: list[str]) -> "Evaluation":
    from ltr_plugin.pipelines.evaluate import evaluate

    with progress_bar("ranking queries") as progress:
        result = evaluate(index, rankers, queries, qrels, progress=progress)
    print_failed_queries(result.failed)
    return result
