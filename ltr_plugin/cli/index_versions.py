"""`ltr index` without a catalog: the next version of an index, the way back, and old versions taken away."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.index_status import embed_and_show, warn_of_rankers
from ltr_plugin.cli.printing import emit
from ltr_plugin.cli.progress import bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.pipelines.choosing import Encoders
    from ltr_plugin.settings import Settings


def begin(cluster: "Cluster", name: str, encoders: "Encoders") -> str | None:
    """The version with these encoders that has all products, beside the one that serves; None: that one has them."""
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.pipelines.choosing import vectors_for
    from ltr_plugin.pipelines.versions import begin_version

    current = ProductIndex(cluster, name)
    vectors = vectors_for(cluster, name, encoders)
    if set(vectors) == set(current.vectors):
        return None
    with bar("copying products") as progress:
        return str(begin_version(cluster, name, vectors, progress=progress).name)


def go_back(settings: "Settings", cluster: "Cluster", name: str, *, wait: bool, as_json: bool) -> None:
    """The version that served before serves again."""
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.pipelines.versions import roll_back_index

    with bar("catching up") as progress:
        back = roll_back_index(cluster, name, progress=progress)
    state = "with the products of now" if back.caught_up else f"as it was before {back.before}"
    typer.echo(f"{name} is back at {back.index}, {state}; once more goes to {back.before} again", err=True)
    warn_of_rankers(ProductIndex(cluster, name))
    embed_and_show(settings, cluster, name, wait=wait, as_json=as_json)


def drop_old(cluster: "Cluster", name: str, *, yes: bool, as_json: bool) -> None:
    """Deletes the versions that do not serve, or shows what that would delete."""
    from ltr_plugin.pipelines.versions import drop_versions, list_versions

    old = [version for version in list_versions(cluster, name) if not version.serves]
    if yes:
        drop_versions(cluster, name)
    lines = [f"  {one.name}  {one.products:,} products, {one.bytes / 1e6:,.1f} MB" for one in old]
    head = f"{'deleted' if yes else '--yes deletes'} {len(old)} versions of {name}"
    text = "\n".join([f"{head}:", *lines]) if old else f"{name} has no version but the one that serves"
    emit({"deleted" if yes else "would_delete": [asdict(one) for one in old]}, text, as_json=as_json)
