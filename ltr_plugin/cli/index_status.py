"""The end of `ltr index`: vectors made, and shown what the index has, lacks, and could not embed."""

from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.output import print_mistakes, print_result
from ltr_plugin.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.settings import Settings


def embed_and_show(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    next_version: str | None = None,
    *,
    wait: bool,
    as_json: bool,
    already_sent: bool = False,
    failed: bool = False,
) -> None:
    """Has an index's vectors made, or only the tasks sent, and shows where it stands.

    Where a version was `next_version` beside the one that serves, it is the one that gets them, and then the alias. The tasks
    may be `already_sent` already. Exit code 1 where anything `failed` before.
    """
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.cluster.versions import resolve_alias
    from ltr_plugin.errors import Problem
    from ltr_plugin.pipelines.index_catalog import embed_backlog, enqueue_backlog

    served = resolve_alias(cluster, name)
    if wait:
        with progress_bar("making vectors") as progress:
            embed_backlog(settings, cluster, name, next_version, already_sent=already_sent, progress=progress)
    else:
        if not already_sent:
            enqueue_backlog(settings, cluster, next_version or name)
        if next_version:
            print_mistakes(
                [Problem(name, f"is still {served}; the same command without --no-wait moves it to {next_version}")]
            )
    if wait and next_version and served:
        warn_of_stale_releases(Index(cluster, name))
    show_status(Index(cluster, next_version or name), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def warn_of_stale_releases(index: "Index") -> None:
    """Says which templates rank an index by vectors that it has no more."""
    from ltr_plugin.errors import Problem
    from ltr_plugin.pipelines.push import stale_releases

    print_mistakes(
        Problem(
            f"template {release.template}",
            f"ranks by {release.metadata['ranker']}, which was made for other vectors than {index.name} has; "
            "log features, train, push and promote again",
        )
        for release in stale_releases(index)
    )


def show_status(index: "Index", *, as_json: bool) -> None:
    """Prints what an index has, lacks, and could not embed."""
    from ltr_plugin.cluster.versions import writes_blocked

    index.refresh()
    errors = [{"id": id_, "vector": field, "reason": reason} for id_, field, reason in index.errors()]
    products, backlog, write_blocked = index.count(), index.backlog(), writes_blocked(index.cluster, index.name)
    vectors = {vector.name: vector.encoder for vector in index.vectors}
    facts = {"index": index.name, "products": products, "backlog": backlog, "vectors": vectors, "errors": errors}
    lines = [f"{index.name}: {products:,} products, {backlog:,} without current vectors, {len(errors):,} errors"]
    lines += ["  takes no writes: another version has taken its place, or is about to"] if write_blocked else []
    lines += [f"  {error['id']}  {error['vector']}  {error['reason']}" for error in errors]
    print_result({**facts, "write_blocked": write_blocked}, "\n".join(lines), as_json=as_json)
