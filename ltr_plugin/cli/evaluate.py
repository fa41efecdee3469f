"""`ltr evaluate`: rankers side by side on judged queries."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName
from ltr_plugin.cli.progress_bar import progress_bar


def evaluate(
    queries: Annotated[Path, typer.Option(help="Queries: JSON Lines.")],
    qrels: Annotated[Path, typer.Option(help="Judgments: TREC qrels.")],
    ranker: Annotated[list[str], typer.Option(help="bm25, vectors, random, a model's name, or a ranker's folder.")],
    name: IndexName = "products",
    as_json: AsJson = False,
) -> None:
    """Rank every query in the cluster and compare each ranker with the first one named."""
    import json

    from rich.console import Console

    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.evaluate import evaluate_rankers

    index = Index(connect(), name)
    with progress_bar("ranking queries") as progress:
        result = evaluate_rankers(index, queries, qrels, ranker, progress=progress)
    if as_json:
        typer.echo(json.dumps(result.to_json()))
        return
    console = Console()
    for table in result.to_tables():
        console.print(table)
