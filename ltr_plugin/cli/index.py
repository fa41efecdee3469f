"""`ltr index`: products into the cluster, changed there, and taken away."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli import index_changes, index_versions
from ltr_plugin.cli.index_status import embed_and_show, show_status
from ltr_plugin.cli.output import AsJson, IndexName, print_mistakes
from ltr_plugin.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.index_catalog import IndexResult

STANDARD_INPUT = Path("-")
ENCODERS = "other encoders"

Encoder = Annotated[str | None, typer.Option(help="`library:model`, or `none`. Default: as the index has it.")]


def index(
    catalog: Annotated[
        Path | None, typer.Argument(help="Catalog: JSON Lines, gzip allowed; `-` reads lines as they arrive.")
    ] = None,
    name: IndexName = "products",
    text_encoder: Encoder = None,
    image_encoder: Encoder = None,
    audio_encoder: Encoder = None,
    video_encoder: Annotated[
        list[str] | None, typer.Option(help="As above; may be given several times: for frames, sound track, motion.")
    ] = None,
    media: Annotated[Path | None, typer.Option(help="Folder of relative media (default: the catalog's).")] = None,
    update: Annotated[bool, typer.Option("--update", help="Lines give some fields of products new values.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete the products that the catalog does not have.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Make a new version, of this catalog alone.")] = False,
    watch: Annotated[Path | None, typer.Option(help="Take in the files that appear in this folder.")] = None,
    delete: Annotated[Path | None, typer.Option(help="Delete the products of this file, an id a line.")] = None,
    reembed: Annotated[Path | None, typer.Option(help="Make the vectors of these again, an id a line.")] = None,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the version that served before.")] = False,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Delete the versions that do not serve.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete what --prune and --drop-old only show otherwise.")] = False,
    skip_invalid: Annotated[bool, typer.Option(help="List wrong lines and go on without them.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the vectors; `--no-wait` needs a broker with workers.")] = True,
    status: Annotated[bool, typer.Option("--status", help="Show the backlog and what could not be embedded.")] = False,
    retry_errors: Annotated[bool, typer.Option(help="Try again what could not be embedded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a catalog's products, searchable by words at once, and have workers make their vectors.

    Run again after any interruption: what is already there is not done twice. With other encoders than the index has,
    its next version is filled beside the one that serves; without a catalog, from the products of the index itself.
    """
    from ltr_plugin.cluster.connection import connect
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection, vector_fields_for
    from ltr_plugin.pipelines.index_catalog import require_broker, write_catalog
    from ltr_plugin.settings import Settings

    encoders = EncoderSelection(
        text_encoder, image_encoder, audio_encoder, tuple(video_encoder) if video_encoder else None
    )
    streamed = catalog == STANDARD_INPUT
    _require_one_action(
        {
            "CATALOG_QUEUE": catalog and not streamed, "-": streamed, "--watch": watch, "--delete": delete,
            "--reembed": reembed, "--status": status, "--rollback": rollback, "--drop-old": drop_old,
            "--retry-errors": retry_errors and not catalog, ENCODERS: encoders.requested and not (catalog or watch),
        },
        {"--prune": prune, "--replace": replace, "--update": update},
    )  # fmt: skip
    settings = Settings.from_env()
    if not wait:
        require_broker(settings)
    cluster = connect(settings)
    show = {"wait": wait, "as_json": as_json}
    if status:
        show_status(Index(cluster, name), as_json=as_json)
    elif rollback:
        index_versions.rollback(settings, cluster, name, **show)
    elif drop_old:
        index_versions.drop_old(cluster, name, yes=yes, as_json=as_json)
    elif delete:
        index_changes.delete(settings, cluster, name, delete, as_json=as_json)
    elif reembed:
        index_changes.reembed(settings, cluster, name, reembed, **show)
    elif watch:
        index_changes.watch(settings, cluster, name, watch, encoders, update=update, media=media, as_json=as_json)
    elif streamed:
        index_changes.read_standard_input(settings, cluster, name, encoders, update=update, media=media, **show)
    else:
        if retry_errors:
            Index(cluster, name).requeue_failed()
        failed = False
        if catalog:
            write = partial(
                write_catalog, cluster, catalog, name, vector_fields_for(cluster, name, encoders), media=media, update=update,
                prune=prune and yes, replace=replace, skip_invalid=skip_invalid,
            )  # fmt: skip
            next_version, failed = _write(write)
            _show_missing(Index(cluster, name), catalog if prune else None)
        else:
            next_version = index_versions.begin(cluster, name, encoders)
        embed_and_show(settings, cluster, name, next_version, failed=failed, **show)


def _write(write: "Callable[..., IndexResult]") -> tuple[str | None, bool]:
    """The version that was begun beside the one that serves, if any, and whether anything was refused."""
    with progress_bar("writing products") as progress:
        done = write(progress=progress)
    print_mistakes([*done.invalid_lines, *done.refused])
    if done.pruned:
        typer.echo(f"deleted {done.pruned:,} products that the catalog does not have", err=True)
    return done.next_version, bool(done.refused or done.invalid_lines)


def _show_missing(index: "Index", catalog: Path | None) -> None:
    """What --prune would delete, or has left."""
    from ltr_plugin.pipelines.index_catalog import missing_from_catalog

    missing = missing_from_catalog(index, catalog) if catalog else []
    if missing:
        some = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        typer.echo(f"--yes deletes {len(missing):,} products that the catalog does not have: {some}", err=True)


def _require_one_action(actions: dict[str, object], options: dict[str, object]) -> None:
    """InputError when nothing is asked for, or things that do not go together."""
    from ltr_plugin.errors import InputError

    asked = [flag for flag, given in actions.items() if given]
    if len(asked) != 1:
        wrong = f"{' and '.join(asked)} are done one at a time" if asked else f"needs one of {', '.join(actions)}"
        raise InputError("ltr index", wrong)
    fitting = {"CATALOG_QUEUE": set(options), "-": {"--update"}, "--watch": {"--update"}}.get(asked[0], set())
    for flag, given in options.items():
        if given and flag not in fitting:
            raise InputError(flag, f"does not go with {asked[0]}")
    if len(both := [flag for flag, given in options.items() if given]) > 1:
        raise InputError(both[0], f"does not go with {both[1]}")
