"""`ltr evaluate`: rankers side by side on judged queries."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.printing import AsJson, IndexName, emit
from ltr_plugin.cli.progress import bar


def evaluate(
    queries: Annotated[Path, typer.Option(help="Queries: JSON Lines.")],
    qrels: Annotated[Path, typer.Option(help="Judgments: TREC qrels.")],
    ranker: Annotated[list[str], typer.Option(help="bm25, vectors, random, a model's name, or a ranker's folder.")],
    name: IndexName = "products",
    as_json: AsJson = False,
) -> None:
    """Rank every query in the cluster and compare each ranker with the first one named."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.flows.evaluating import evaluate_rankers

    index = ProductIndex(connect(), name)
    with bar("ranking queries") as progress:
        result = evaluate_rankers(index, queries, qrels, ranker, progress=progress)
    emit(result.to_json(), result.to_markdown(), as_json=as_json)
