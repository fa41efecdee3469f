"""`ltr index` as catalog systems drive it: lines from standard input, files in a folder, lists of ids."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.index_status import embed_and_show
from ltr_plugin.cli.printing import complain, emit

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.errors import ClusterError
    from ltr_plugin.pipelines.choosing import Encoders
    from ltr_plugin.pipelines.ingest import Taken
    from ltr_plugin.pipelines.products import Products
    from ltr_plugin.pipelines.watching import Filed
    from ltr_plugin.settings import Settings


def read_standard_input(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    encoders: "Encoders",
    *,
    update: bool,
    media: Path | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Takes in lines as they arrive; exit code 1 when any was refused."""
    from ltr_plugin.pipelines.products import Products
    from ltr_plugin.pipelines.streaming import arriving, take_lines

    _open(cluster, name, encoders, media or Path())
    products = Products(name, folder=media, settings=settings, cluster=cluster)
    take = products.update if update else products.put
    done = take_lines(arriving(sys.stdin.buffer), take, refused=lambda mistake: complain([mistake]))
    _finish(settings, cluster, name, done.unsent, bool(done.refused), wait=wait, as_json=as_json)


def watch(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    folder: Path,
    encoders: "Encoders",
    *,
    update: bool,
    media: Path | None,
    as_json: bool,
) -> None:
    """Takes in the files that appear in a folder, until stopped."""
    from ltr_plugin.pipelines import watching

    def filed(one: "Filed") -> None:
        refused = [str(mistake) for mistake in one.mistakes]
        facts = {"file": str(one.path), "made": one.streamed.made, "refused": refused, "unsent": one.streamed.unsent}
        text = f"{one.path}: {one.streamed.made:,} changes made, {len(refused):,} refused"
        emit(facts, f"{text}; {one.streamed.unsent}" if one.streamed.unsent else text, as_json=as_json)
        sys.stdout.flush()

    def waiting(error: "ClusterError") -> None:
        typer.echo(f"ltr: {error}; waiting", err=True)

    _open(cluster, name, encoders, media or folder)
    watching.watch(settings, cluster, name, folder, update=update, media=media, filed=filed, waiting=waiting)


def delete(settings: "Settings", cluster: "Cluster", name: str, ids: Path, *, as_json: bool) -> None:
    """Deletes the products of a list."""
    taken = _products(settings, cluster, name).delete(_ids(ids))
    text = f"{taken.made:,} products are not in {name} any more"
    _report(taken)
    emit({"deleted": taken.made, "refused": [one.id for one in taken.refused]}, text, as_json=as_json)
    if taken.refused:
        raise typer.Exit(1)


def reembed(settings: "Settings", cluster: "Cluster", name: str, ids: Path, *, wait: bool, as_json: bool) -> None:
    """Has the vectors of the products of a list made again."""
    taken = _products(settings, cluster, name).reembed(_ids(ids))
    _report(taken)
    _finish(settings, cluster, name, taken.unsent, bool(taken.refused), wait=wait, as_json=as_json)


def _finish(
    settings: "Settings", cluster: "Cluster", name: str, unsent: str | None, failed: bool, *, wait: bool, as_json: bool
) -> None:
    if unsent:
        typer.echo(f"ltr: {unsent}; the products are in the backlog", err=True)
    sent = bool(settings.broker_url) and not unsent
    embed_and_show(settings, cluster, name, wait=wait, as_json=as_json, sent=sent, failed=failed)


def _open(cluster: "Cluster", name: str, encoders: "Encoders", media: Path) -> "ProductIndex":
    from ltr_plugin.errors import InputError
    from ltr_plugin.pipelines.choosing import vectors_for
    from ltr_plugin.pipelines.indexing import opened_index

    vectors = vectors_for(cluster, name, encoders)
    index = opened_index(cluster, name, vectors, media)
    if set(index.vectors) != set(vectors):
        raise InputError(f"index {name}", "has other encoders; change them first, by the same options without an input")
    return index


def _products(settings: "Settings", cluster: "Cluster", name: str) -> "Products":
    from ltr_plugin.pipelines.products import Products

    return Products(name, settings=settings, cluster=cluster)


def _ids(path: Path) -> list[str]:
    from ltr_plugin.jsonlines import opened

    if path == Path("-"):
        return sys.stdin.read().split()
    with opened(path) as lines:
        return b" ".join(lines).decode().split()


def _report(taken: "Taken") -> None:
    from ltr_plugin.errors import Mistake

    complain(Mistake(f"product {one.id}", one.reason) for one in taken.refused)
