"""`ltr features check | push | log`."""

from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName, print_result
from ltr_plugin.cli.progress_bar import progress_bar

app = typer.Typer(help="Feature sets: check, store in the cluster, log into tables.", no_args_is_help=True)
SetFile = Annotated[Path, typer.Argument(help="Feature-set file (YAML).")]


@app.command()
def check(
    path: SetFile,
    name: Annotated[str | None, typer.Option("--index", "-i", help="Also hold it against this index.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a feature-set file; with --index, also that the index has what it reads."""
    from ltr_plugin.features.compatibility import check_fields
    from ltr_plugin.features.feature_set import load_feature_set

    features = load_feature_set(path)
    if name:
        from ltr_plugin.cluster.connection import connect
        from ltr_plugin.cluster.index import Index

        index = Index(connect(), name)
        check_fields(features, index.mapping, index.vectors)
    facts = {"feature_set": features.id, "features": list(features.feature_names), "digest": features.digest}
    print_result(
        facts, f"{features.id}: {len(features.feature_names)} features, digest {features.digest}", as_json=as_json
    )


@app.command()
def push(path: SetFile, name: IndexName = "products", as_json: AsJson = False) -> None:
    """Store a feature set in the cluster, after checking it against the index."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.features.feature_set import load_feature_set
    from ltr_plugin.pipelines.log_features import push_features

    features = load_feature_set(path)
    push_features(Index(connect(), name), features)
    print_result({"feature_set": features.id}, f"{features.id} is in the cluster", as_json=as_json)


@app.command()
def log(
    path: SetFile,
    queries: Annotated[Path, typer.Option(help="Queries: JSON Lines.")],
    qrels: Annotated[Path, typer.Option(help="Judgments: TREC qrels.")],
    out: Annotated[Path, typer.Option(help="The table to write (Parquet).")],
    name: IndexName = "products",
    negatives: Annotated[int, typer.Option(min=0, help="Unjudged candidates a query, taken as not relevant.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of their sampling.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Log the features of judged products, and of sampled candidates, into a table."""
    from dataclasses import asdict

    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.features.feature_set import load_feature_set
    from ltr_plugin.pipelines.log_features import log_feature_table

    features = load_feature_set(path)
    index = Index(connect(), name)
    with progress_bar("logging features") as progress:
        done = log_feature_table(
            index, features, queries, qrels, out, negatives=negatives, seed=seed, progress=progress
        )
    text = (
        f"{done.table}: {done.rows:,} rows of {features.id} ({done.judged:,} judged, {done.negatives:,} sampled); "
        f"{done.missing_products:,} judged products are not in the index, "
        f"{done.missing_queries:,} judged queries are not in the file"
    )
    print_result({**asdict(done), "table": str(done.table)}, text, as_json=as_json)
