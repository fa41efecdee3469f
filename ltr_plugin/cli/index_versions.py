"""`ltr index` without a catalog: the next version of an index, the way back, and old versions taken away."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.index_status import embed_and_show, warn_of_stale_releases
from ltr_plugin.cli.output import print_result
from ltr_plugin.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.settings import Settings


def begin(cluster: "Cluster", name: str, encoders: "EncoderSelection") -> str | None:
    """The version with these encoders that has all products, beside the one that serves; None: that one has them."""
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.encoder_selection import vector_fields_for
    from ltr_plugin.pipelines.index_versions import build_next_version

    current = Index(cluster, name)
    vectors = vector_fields_for(cluster, name, encoders)
    if set(vectors) == set(current.vectors):
        return None
    with progress_bar("copying products") as progress:
        return str(build_next_version(cluster, name, vectors, progress=progress).name)


def rollback(settings: "Settings", cluster: "Cluster", name: str, *, wait: bool, as_json: bool) -> None:
    """The version that served before serves again."""
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.index_versions import rollback_index

    with progress_bar("catching up") as progress:
        back = rollback_index(cluster, name, progress=progress)
    state = "with the products of now" if back.synced else f"as it was before {back.previous}"
    typer.echo(f"{name} is back at {back.index}, {state}; once more goes to {back.previous} again", err=True)
    warn_of_stale_releases(Index(cluster, name))
    embed_and_show(settings, cluster, name, wait=wait, as_json=as_json)


def drop_old(cluster: "Cluster", name: str, *, yes: bool, as_json: bool) -> None:
    """Deletes the versions that do not serve, or shows what that would delete."""
    from ltr_plugin.pipelines.index_versions import drop_inactive_versions, list_versions

    old = [version for version in list_versions(cluster, name) if not version.active]
    if yes:
        drop_inactive_versions(cluster, name)
    lines = [f"  {one.name}  {one.products:,} products, {one.bytes / 1e6:,.1f} MB" for one in old]
    head = f"{'deleted' if yes else '--yes deletes'} {len(old)} versions of {name}"
    text = "\n".join([f"{head}:", *lines]) if old else f"{name} has no version but the one that serves"
    print_result({"deleted" if yes else "would_delete": [asdict(one) for one in old]}, text, as_json=as_json)
