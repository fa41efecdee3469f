"""The end of `ltr index`: vectors made, and shown what the index has, lacks, and could not embed."""

from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.printing import complain, emit
from ltr_plugin.cli.progress import bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.settings import Settings


def embed_and_show(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    begun: str | None = None,
    *,
    wait: bool,
    as_json: bool,
    sent: bool = False,
    failed: bool = False,
) -> None:
    """Has an index's vectors made, or only the tasks sent, and shows where it stands.

    Where a version was `begun` beside the one that serves, it is the one that gets them, and then the alias. The tasks
    may be `sent` already. Exit code 1 where anything `failed` before.
    """
    from ltr_plugin.cluster.indices import aliased
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.errors import Mistake
    from ltr_plugin.pipelines.indexing import embed_backlog, hand_over

    served = aliased(cluster, name)
    if wait:
        with bar("making vectors") as progress:
            embed_backlog(settings, cluster, name, begun, sent=sent, progress=progress)
    else:
        if not sent:
            hand_over(settings, cluster, begun or name)
        if begun:
            complain([Mistake(name, f"is still {served}; the same command without --no-wait moves it to {begun}")])
    if wait and begun and served:
        warn_of_rankers(ProductIndex(cluster, name))
    show_status(ProductIndex(cluster, begun or name), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def warn_of_rankers(index: "ProductIndex") -> None:
    """Says which templates rank an index by vectors that it has no more."""
    from ltr_plugin.errors import Mistake
    from ltr_plugin.pipelines.publishing import outdated

    complain(
        Mistake(
            f"template {release.template}",
            f"ranks by {release.facts['ranker']}, which was made for other vectors than {index.name} has; "
            "log features, train, push and promote again",
        )
        for release in outdated(index)
    )


def show_status(index: "ProductIndex", *, as_json: bool) -> None:
    """Prints what an index has, lacks, and could not embed."""
    from ltr_plugin.cluster.indices import is_held

    index.refresh()
    errors = [{"id": id_, "vector": field, "reason": reason} for id_, field, reason in index.errors()]
    products, backlog, held = index.count(), index.backlog(), is_held(index.cluster, index.name)
    vectors = {vector.name: vector.encoder for vector in index.vectors}
    facts = {"index": index.name, "products": products, "backlog": backlog, "vectors": vectors, "errors": errors}
    lines = [f"{index.name}: {products:,} products, {backlog:,} without current vectors, {len(errors):,} errors"]
    lines += ["  takes no writes: another version has taken its place, or is about to"] if held else []
    lines += [f"  {error['id']}  {error['vector']}  {error['reason']}" for error in errors]
    emit({**facts, "held": held}, "\n".join(lines), as_json=as_json)
