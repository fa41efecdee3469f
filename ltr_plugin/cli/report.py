"""`ltr report`: an evaluation as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.output import IndexName
from ltr_plugin.cli.progress_bar import progress_bar


def report(
    queries: Annotated[Path, typer.Option(help="Queries: JSON Lines.")],
    qrels: Annotated[Path, typer.Option(help="Judgments: TREC qrels.")],
    ranker: Annotated[list[str], typer.Option(help="As for `ltr evaluate`; examples compare the last with the first.")],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    ablation: Annotated[Path | None, typer.Option(help="A matrix from `ltr ablate --out`, to show as well.")] = None,
    name: IndexName = "products",
) -> None:
    """Compare rankers and write a page with tables, curves, and examples of won and lost queries with their photos."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.evaluation.ablation import Ablation
    from ltr_plugin.pipelines.evaluate import evaluate_rankers
    from ltr_plugin.pipelines.report import write_report

    matrix = Ablation.read(ablation) if ablation else None
    index = Index(connect(), name)
    with progress_bar("ranking queries") as progress:
        result = evaluate_rankers(index, queries, qrels, ranker, progress=progress)
    write_report(index, result, queries.parent, out, ablation=matrix)
    typer.echo(f"report: {out}")
