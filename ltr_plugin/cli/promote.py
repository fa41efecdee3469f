"""`ltr promote` and `ltr rollback`: which ranker storefronts get."""

from typing import Annotated

import typer

from ltr_plugin.cli.output import AsJson, IndexName, print_result

TemplateName = Annotated[str, typer.Option("--template", "-t", help="Search template that storefronts call.")]


def promote(
    ranker: Annotated[str, typer.Argument(help="A model's name in the cluster, or a pushed ranker's folder.")],
    name: IndexName = "products",
    template: TemplateName = "shop",
    as_json: AsJson = False,
) -> None:
    """Give storefronts this ranker, in one atomic call."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines import push as publishing
    from ltr_plugin.pipelines.search import resolve_ranking

    index = Index(connect(), name)
    release = publishing.promote(index, resolve_ranking(index, ranker), template)
    print_result(
        release.metadata, f"{template} release {release.number} ranks by {release.metadata['ranker']}", as_json=as_json
    )


def rollback(
    template: TemplateName = "shop",
    to: Annotated[int | None, typer.Option(help="Release to go back to (default: the one before the current).")] = None,
    as_json: AsJson = False,
) -> None:
    """Give storefronts an earlier release again."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.pipelines.push import rollback

    release = rollback(connect(), template, to)
    print_result(
        release.metadata,
        f"{template} is back at release {release.number}, {release.metadata['ranker']}",
        as_json=as_json,
    )
