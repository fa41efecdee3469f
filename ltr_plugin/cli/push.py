"""`ltr push`: a trained ranker into the cluster, proved there."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName, print_result
from ltr_plugin.cli.progress_bar import progress_bar


def push(
    ranker: Annotated[Path, typer.Argument(help="Folder of a trained ranker.")],
    name: IndexName = "products",
    queries: Annotated[
        Path | None, typer.Option(help="Queries to prove it with (default: those of its training)")
    ] = None,
    sample_queries: Annotated[int, typer.Option(min=1, help="How many of them to use.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Upload a ranker and prove that the cluster scores live rows as it does here; otherwise it is withdrawn."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.encode_queries import encode_queries
    from ltr_plugin.pipelines.push import push_ranker, sample_evenly
    from ltr_plugin.queries.query import read_queries
    from ltr_plugin.rankers.loading import load_ranker

    trained = load_ranker(ranker)
    index = Index(connect(), name)
    path = queries or Path(trained.card.provenance["queries"])
    encoded = encode_queries(index, sample_evenly(read_queries(path), sample_queries), path.parent)
    with progress_bar("proving scores") as progress:
        pushed = push_ranker(index, trained, encoded, progress=progress)
    facts = {"model": pushed.model, "parity": pushed.parity.to_json()}
    print_result(facts, f"{pushed.model} is in the cluster\n{pushed.parity}", as_json=as_json)
