"""`ltr ranker`: trained rankers uploaded, listed, and given to storefronts."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from ltr_plugin.cli.options import DEFAULT_INDEX, AsJson, DefaultOf, IndexName, ProfileFile, open_index
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import exit_if, print_failed_queries, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar

app = verb_group("Upload trained rankers, and choose the one that storefronts get.")

Template = Annotated[
    str | None,
    typer.Option(
        "--template", "-t", help="Name of the search template that storefronts call. Default: that of the index."
    ),
]


@app.command()
def push(
    ranker: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a trained ranker.")],
    sample_queries: Annotated[
        int,
        typer.Option(
            min=1,
            default_factory=DefaultOf("pipelines.push:push", "sample_queries"),
            help="Number of queries to use for the parity check.",
        ),
    ],
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    queries: Annotated[
        Path | None, typer.Option(help="Queries for the parity check. Default: those that the ranker was trained with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Upload a ranker and check on live products that the cluster scores as the ranker does.

    A ranker that the cluster scores differently is withdrawn.
    """
    from ltr_plugin.pipelines.push import push

    index = open_index(name, profile)
    with progress_bar("checking scores") as progress:
        pushed = push(index, ranker, queries, sample_queries=sample_queries, progress=progress)
    print_failed_queries(pushed.failed)
    facts = {"model": pushed.model, "parity": pushed.parity.to_json(), "failed": dict(pushed.failed)}
    print_result(facts, f"{pushed.model} is in the cluster\n{pushed.parity}", as_json=as_json)
    exit_if(pushed.failed)


@app.command()
def promote(
    ranker: Annotated[str, typer.Argument(metavar="DIR|MODEL", help="Folder or model name of an uploaded ranker.")],
    name: IndexName = DEFAULT_INDEX,
    profile: ProfileFile = None,
    template: Template = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Take over a template that ranks another index, or was not made here; promote a ranker that was "
            "trained by another profile of the index.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make storefronts get this ranker, in one atomic call; earlier releases are kept."""
    from ltr_plugin.pipelines.releases import promote

    index = open_index(name, profile)
    release = promote(index, ranker, template, force=force)
    address = f"POST /{name}/_search/template"
    if index.url_parameters:
        address += f"?{urlencode(index.url_parameters)}"
    text = (
        f"template {release.template}, release {release.number}: ranks {name} by {release.metadata['ranker']}\n"
        f"storefronts call: {address}"
    )
    print_result({"template": release.template, "address": address, **release.metadata}, text, as_json=as_json)


@app.command()
def rollback(
    name: IndexName = DEFAULT_INDEX,
    template: Template = None,
    to: Annotated[int | None, typer.Option(help="Number of the release. Default: the one before the current.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Put back a release that was made by another profile of the index.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make storefronts get an earlier release again."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.releases import rollback

    release = rollback(connect(), template or name, to, force=force)
    ranking = f"ranks {release.metadata['index']} by {release.metadata['ranker']} again"
    text = f"template {release.template}, release {release.number}: {ranking}"
    print_result({"template": release.template, **release.metadata}, text, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the rankers in the cluster, and the search templates that rank by each."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.releases import list_rankers

    rankers = list_rankers(connect())
    lines = [one.model + (f"  <- {', '.join(one.templates)}" if one.templates else "") for one in rankers]
    text = "\n".join(lines) or "no ranker; upload one with `ltr ranker push`"
    print_result({"rankers": [asdict(one) for one in rankers]}, text, as_json=as_json)
