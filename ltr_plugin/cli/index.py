"""`ltr index`: a catalog into the cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.printing import AsJson, IndexName, complain, emit
from ltr_plugin.cli.progress import bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.products import ProductIndex


def index(
    catalog: Annotated[Path | None, typer.Argument(help="Catalog: JSON Lines, gzip allowed.")] = None,
    name: IndexName = "products",
    text_encoder: Annotated[str | None, typer.Option(help="`library:model`; `none` for no text vectors.")] = None,
    image_encoder: Annotated[str | None, typer.Option(help="Without it photos are not embedded.")] = None,
    audio_encoder: Annotated[str | None, typer.Option(help="Without it sounds are not embedded.")] = None,
    video_encoder: Annotated[
        list[str] | None,
        typer.Option(help="As often as wanted; an encoder of photos sees frames, one of sounds hears."),
    ] = None,
    skip_bad: Annotated[bool, typer.Option(help="List wrong lines and go on without them.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the vectors; `--no-wait` needs a broker with workers.")] = True,
    status: Annotated[bool, typer.Option("--status", help="Show the backlog and what could not be embedded.")] = False,
    retry_errors: Annotated[bool, typer.Option(help="Try again what could not be embedded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a catalog's products, searchable by words at once, and have workers make their vectors.

    Run again after any interruption: what is already there is not done twice.
    """
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.products import ProductIndex
    from ltr_plugin.errors import InputError
    from ltr_plugin.flows.indexing import embed_backlog, hand_over, write_catalog
    from ltr_plugin.settings import Settings

    settings = Settings.from_env()
    cluster = connect(settings)
    if status:
        _status(ProductIndex(cluster, name), as_json=as_json)
        return
    if retry_errors:
        ProductIndex(cluster, name).forget_errors()
    if catalog is None:
        if not retry_errors:
            raise InputError("ltr index", "needs a CATALOG, or --status, or --retry-errors")
        target, failed = ProductIndex(cluster, name).name, False
    else:
        from workers.encoders import DEFAULT_TEXT_ENCODER, vector_fields

        chosen = None if text_encoder == "none" else text_encoder or DEFAULT_TEXT_ENCODER
        with bar("writing products") as progress:
            vectors = vector_fields(chosen, image_encoder, audio_encoder, video_encoder or ())
            done = write_catalog(cluster, catalog, name, vectors, skip_bad=skip_bad, progress=progress)
        complain([*done.bad_lines, *done.refused])
        target, failed = done.index, bool(done.refused or done.bad_lines)
    if wait:
        with bar("making vectors") as progress:
            embed_backlog(settings, cluster, name, target, progress=progress)
    else:
        hand_over(settings, cluster, target)
    _status(ProductIndex(cluster, target), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _status(index: "ProductIndex", *, as_json: bool) -> None:
    index.refresh()
    errors = [{"id": id_, "vector": field, "reason": reason} for id_, field, reason in index.errors()]
    products, backlog = index.count(), index.backlog()
    vectors = {vector.name: vector.encoder for vector in index.vectors}
    facts = {"index": index.name, "products": products, "backlog": backlog, "vectors": vectors, "errors": errors}
    lines = [f"{index.name}: {products:,} products, {backlog:,} without current vectors, {len(errors):,} errors"]
    lines += [f"  {error['id']}  {error['vector']}  {error['reason']}" for error in errors]
    emit(facts, "\n".join(lines), as_json=as_json)
