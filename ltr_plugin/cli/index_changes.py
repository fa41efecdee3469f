"""`ltr index` as catalog systems drive it: lines from standard input, files in a folder, lists of ids."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.index_status import embed_and_show
from ltr_plugin.cli.output import print_mistakes, print_result

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.errors import ClusterError
    from ltr_plugin.pipelines.catalog_client import CatalogClient
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.pipelines.ingest import IngestResult
    from ltr_plugin.pipelines.watch_folder import FileResult
    from ltr_plugin.settings import Settings


def read_standard_input(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    encoders: "EncoderSelection",
    *,
    update: bool,
    media: Path | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Takes in lines as they arrive; exit code 1 when any was refused."""
    from ltr_plugin.pipelines.catalog_client import CatalogClient
    from ltr_plugin.pipelines.ingest_lines import ingest_lines, read_batches

    _open(cluster, name, encoders, media or Path())
    products = CatalogClient(name, folder=media, settings=settings, cluster=cluster)
    ingest = products.update if update else products.put
    done = ingest_lines(read_batches(sys.stdin.buffer), ingest, on_refused=lambda problem: print_mistakes([problem]))
    _finish(settings, cluster, name, done.enqueue_error, bool(done.refused), wait=wait, as_json=as_json)


def watch(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    folder: Path,
    encoders: "EncoderSelection",
    *,
    update: bool,
    media: Path | None,
    as_json: bool,
) -> None:
    """Takes in the files that appear in a folder, until stopped."""
    from ltr_plugin.pipelines import watch_folder as watching

    def on_file(one: "FileResult") -> None:
        refused = [str(problem) for problem in one.problems]
        facts = {
            "file": str(one.path),
            "applied": one.result.applied,
            "refused": refused,
            "enqueue_error": one.result.enqueue_error,
        }
        text = f"{one.path}: {one.result.applied:,} changes made, {len(refused):,} refused"
        print_result(
            facts, f"{text}; {one.result.enqueue_error}" if one.result.enqueue_error else text, as_json=as_json
        )
        sys.stdout.flush()

    def on_retry(error: "ClusterError") -> None:
        typer.echo(f"ltr: {error}; waiting", err=True)

    _open(cluster, name, encoders, media or folder)
    watching.watch_folder(
        settings, cluster, name, folder, update=update, media=media, on_file=on_file, on_retry=on_retry
    )


def delete(settings: "Settings", cluster: "Cluster", name: str, ids: Path, *, as_json: bool) -> None:
    """Deletes the products of a list."""
    result = _products(settings, cluster, name).delete(_ids(ids))
    text = f"{result.applied:,} products are not in {name} any more"
    _report(result)
    print_result({"deleted": result.applied, "refused": [one.id for one in result.refused]}, text, as_json=as_json)
    if result.refused:
        raise typer.Exit(1)


def reembed(settings: "Settings", cluster: "Cluster", name: str, ids: Path, *, wait: bool, as_json: bool) -> None:
    """Has the vectors of the products of a list made again."""
    result = _products(settings, cluster, name).reembed(_ids(ids))
    _report(result)
    _finish(settings, cluster, name, result.enqueue_error, bool(result.refused), wait=wait, as_json=as_json)


def _finish(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    enqueue_error: str | None,
    failed: bool,
    *,
    wait: bool,
    as_json: bool,
) -> None:
    if enqueue_error:
        typer.echo(f"ltr: {enqueue_error}; the products are in the backlog", err=True)
    already_sent = bool(settings.broker_url) and not enqueue_error
    embed_and_show(settings, cluster, name, wait=wait, as_json=as_json, already_sent=already_sent, failed=failed)


def _open(cluster: "Cluster", name: str, encoders: "EncoderSelection", media: Path) -> "Index":
    from ltr_plugin.errors import InputError
    from ltr_plugin.pipelines.encoder_selection import vector_fields_for
    from ltr_plugin.pipelines.index_catalog import ensure_index

    vectors = vector_fields_for(cluster, name, encoders)
    index = ensure_index(cluster, name, vectors, media)
    if set(index.vectors) != set(vectors):
        raise InputError(f"index {name}", "has other encoders; change them first, by the same options without an input")
    return index


def _products(settings: "Settings", cluster: "Cluster", name: str) -> "CatalogClient":
    from ltr_plugin.pipelines.catalog_client import CatalogClient

    return CatalogClient(name, settings=settings, cluster=cluster)


def _ids(path: Path) -> list[str]:
    from ltr_plugin.jsonlines import open_lines

    if path == Path("-"):
        return sys.stdin.read().split()
    with open_lines(path) as lines:
        return b" ".join(lines).decode().split()


def _report(result: "IngestResult") -> None:
    from ltr_plugin.errors import Problem

    print_mistakes(Problem(f"product {one.id}", one.reason) for one in result.refused)
