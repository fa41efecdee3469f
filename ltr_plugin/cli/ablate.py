"""`ltr ablate`: rankers where a modality is missing."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName
from ltr_plugin.cli.progress_bar import progress_bar


def ablate(
    queries: Annotated[Path, typer.Option(help="Queries: JSON Lines.")],
    qrels: Annotated[Path, typer.Option(help="Judgments: TREC qrels.")],
    ranker: Annotated[list[str], typer.Option(help="The folder of a ranker that the cluster has, from `ltr push`.")],
    table: Annotated[
        Path | None,
        typer.Option(help="The table they were trained on: compare with rankers trained without each modality."),
    ] = None,
    removed_fraction: Annotated[
        list[float] | None, typer.Option(min=0, max=1, help="Of products that lose it; by default 0.1, 0.3 ... 0.9.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the products that lose it.")] = 7,
    out: Annotated[Path | None, typer.Option(help="Write the matrix as JSON, for `ltr report --ablation`.")] = None,
    name: IndexName = "products",
    as_json: AsJson = False,
) -> None:
    """Take each modality from the queries, then from 10 to 90 % of the products, and measure every ranker each time."""
    import json

    from rich.console import Console

    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.evaluation.ablation import REMOVED_FRACTIONS
    from ltr_plugin.features.table import FeatureTable
    from ltr_plugin.judgments.qrels import read_qrels
    from ltr_plugin.pipelines.ablate import ablate as measure
    from ltr_plugin.pipelines.ablate import load_pushed_rankers, train_blind_baselines
    from ltr_plugin.pipelines.encode_queries import encode_query_file

    index = Index(connect(), name)
    rankers = load_pushed_rankers(index, ranker)
    blind_baselines = None
    if table:
        with progress_bar("training without a modality") as progress:
            blind_baselines = train_blind_baselines(FeatureTable.read(table), rankers, progress=progress)
    encoded = encode_query_file(index, queries)
    with progress_bar("removing modalities") as progress:
        found = measure(
            index,
            encoded,
            read_qrels(qrels),
            rankers,
            blind_baselines=blind_baselines,
            removed_fractions=removed_fraction or REMOVED_FRACTIONS,
            seed=seed,
            progress=progress,
        )
    if out:
        found.write(out)
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json")))
    else:
        Console().print(found.to_table())
