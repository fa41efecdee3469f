"""`ltr promote` and `ltr rollback`: which ranker storefronts get."""

from typing import Annotated

import typer

from ltr_plugin.cli.printing import AsJson, IndexName, emit

TemplateName = Annotated[str, typer.Option("--template", "-t", help="Search template that storefronts call.")]


def promote(
    ranker: Annotated[str, typer.Argument(help="A model's name in the cluster, or a pushed ranker's folder.")],
    name: IndexName = "products",
    template: TemplateName = "shop",
    as_json: AsJson = False,
) -> None:
    """Give storefronts this ranker, in one atomic call."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.pipelines import publishing
    from ltr_plugin.pipelines.ranking import ranking_named

    index = ProductIndex(connect(), name)
    release = publishing.promote(index, ranking_named(index, ranker), template)
    emit(release.facts, f"{template} release {release.number} ranks by {release.facts['ranker']}", as_json=as_json)


def rollback(
    template: TemplateName = "shop",
    to: Annotated[int | None, typer.Option(help="Release to go back to (default: the one before the current).")] = None,
    as_json: AsJson = False,
) -> None:
    """Give storefronts an earlier release again."""
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.pipelines.publishing import roll_back

    release = roll_back(connect(), template, to)
    emit(release.facts, f"{template} is back at release {release.number}, {release.facts['ranker']}", as_json=as_json)
