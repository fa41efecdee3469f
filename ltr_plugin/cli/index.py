"""`ltr index`: indices created, listed, embedded, rolled back, and old versions of them dropped."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.index_creation import create, selected_encoders, synonyms
from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    Encoder,
    IndexArgument,
    ProfileFile,
    ReviewEncoder,
    VideoEncoder,
    Wait,
)
from ltr_plugin.cli.products.embedding import (
    embed_and_show,
    embed_changes,
    embed_field,
    next_version,
    print_refused,
    renew_and_say,
    show_own_index,
    show_status,
    warn_of_stale_releases,
)
from ltr_plugin.cli.products.writing import print_missing, read_ids
from ltr_plugin.cli.terminal.group import IndexGroup, verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import InputError, counted

app = verb_group("Create, list, embed, roll back and drop indices.", IndexGroup, continuing=("create", "embed"))


app.command()(create)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the indices that this program made, and those of your own that have a profile."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.indexing.index_versions import list_indices

    indices, own = list_indices(connect())
    lines = [one.to_summary() for one in indices] + [f"{name}: your own, with a profile" for name in own]
    text = "\n".join(lines) or (
        "no index; make one with `ltr catalog put` or `ltr index create`, or write a profile of your own index with "
        "`ltr profile init --index NAME`"
    )
    print_result({"indices": [asdict(one) for one in indices], "own": own}, text, as_json=as_json)


@app.command()
def status(name: IndexArgument = DEFAULT_INDEX, as_json: AsJson = False) -> None:
    """Show how many products an index has, how many lack vectors, and what could not be embedded.

    Of an index of your own, show its products and the vector fields of its profile.
    """
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.mapping import is_managed

    index = connect().index(name)
    if is_managed(name, index.mapping.get("_meta", {})):
        show_status(ManagedIndex.open(index.cluster, name), as_json=as_json)
    else:
        show_own_index(index, as_json=as_json)


@app.command()
def embed(
    name: IndexArgument = DEFAULT_INDEX,
    text_encoder: Encoder = None,
    image_encoder: Encoder = None,
    audio_encoder: Encoder = None,
    video_encoder: VideoEncoder = None,
    review_encoder: ReviewEncoder = None,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Try again what could not be embedded before.")
    ] = False,
    reembed: Annotated[
        Path | None, typer.Option(metavar="FILE|-", help="Make the vectors of these products again: an id a line.")
    ] = None,
    media_root: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder whose media this command may read, beside those of LTR_MEDIA_ROOT.",
        ),
    ] = None,
    field: Annotated[
        str | None, typer.Option(help="Vector field of your own index to fill; its profile says by which encoder.")
    ] = None,
    profile: ProfileFile = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --field: make vectors anew that were not made by this command.")
    ] = False,
    add_field: Annotated[
        bool, typer.Option("--add-field", help="With --field: add the field to the mapping if it is not there.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --field: write; without --yes, only count what would be embedded.")
    ] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make the vectors that products lack, or all vectors with another encoder.

    An encoder that is not named stays as it is. With another encoder, the next version of the index is filled in the
    background from the index itself; the name is moved to it when all its vectors are made.

    Of an index of your own, --field names a vector field of its profile. The vectors of new and changed products are
    written into that field, and into no other; vectors that this command did not make stay as they are.
    """
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
    from ltr_plugin.pipelines.indexing.embed_backlog import require_broker
    from ltr_plugin.settings import Settings

    encoders = selected_encoders(text_encoder, image_encoder, audio_encoder, video_encoder, review_encoder)
    if field:
        if encoders.requested or not wait:
            wrong = (
                "another encoder: its profile states it" if encoders.requested else "--no-wait: workers know no profile"
            )
            raise InputError("--field", f"cannot be combined with {wrong}")
        embed_field(
            name, field, profile=profile, media_root=media_root, ids=read_ids(reembed) if reembed else None,
            retry_errors=retry_errors, overwrite=overwrite, add_field=add_field, yes=yes, as_json=as_json,
        )  # fmt: skip
        return
    needing = {"--profile": profile, "--overwrite": overwrite, "--add-field": add_field, "--yes": yes}
    if needless := [option for option, given in needing.items() if given]:
        raise InputError(needless[0], "needs --field, which names a vector field of your own index")
    if reembed and encoders.requested:
        raise InputError("--reembed", "cannot be combined with another encoder, which makes all vectors anyway")
    settings = Settings.from_env()
    if not wait:
        require_broker(settings)
    cluster = connect(settings=settings)
    index = ManagedIndex.open(cluster, name).allow_media(*([media_root] if media_root else []))
    if retry_errors:
        index.requeue_failed()
    if reembed:
        result = CatalogClient(name, settings=settings, cluster=cluster).reembed(read_ids(reembed))
        print_refused(result)
        print_missing(result)
        embed_changes(
            settings, index, result.enqueue_error, wait=wait, as_json=as_json, failed=bool(result.refused),
            missing=result.missing,
        )  # fmt: skip
        return
    version = next_version(index, encoders) if encoders.requested else None
    embed_and_show(settings, version or index, name if version else None, wait=wait, as_json=as_json)


app.command()(synonyms)


@app.command()
def rollback(name: IndexArgument = DEFAULT_INDEX, wait: Wait = True, as_json: AsJson = False) -> None:
    """Make the version active that was active before; a second rollback undoes the first."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.pipelines.indexing.embed_backlog import require_broker
    from ltr_plugin.pipelines.indexing.index_versions import rollback_index
    from ltr_plugin.pipelines.renewal import restore_profile
    from ltr_plugin.settings import Settings

    settings = Settings.from_env()
    if not wait:
        require_broker(settings)
    cluster = connect(settings=settings)
    with progress_bar("copying changes") as progress:
        result = rollback_index(cluster, name, progress=progress)
    state = "with the current products" if result.synced else f"as it was before {result.previous}"
    typer.echo(f"{name} is {result.index} again, {state}; another rollback returns to {result.previous}", err=True)
    index = ManagedIndex.open(cluster, name)
    if revision := restore_profile(index):
        typer.echo(f"the profile of {name} is that of revision {revision:,} again", err=True)
    warn_of_stale_releases(index)
    renew_and_say(index)
    embed_and_show(settings, index, wait=wait, as_json=as_json)


@app.command()
def drop(
    name: IndexArgument = DEFAULT_INDEX,
    everything: Annotated[
        bool, typer.Option("--all", help="Delete the index as a whole, the active version too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete them; without --yes, only list what would be deleted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the versions of an index that are not active; no rollback is possible afterwards."""
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.indexing.index_versions import drop_inactive_versions, drop_index, list_versions

    cluster = connect()
    every = list_versions(cluster, name)
    old = [version for version in every if everything or not version.active]
    if yes:
        (drop_index if everything else drop_inactive_versions)(cluster, name)
    active = "".join(f"{one.name} is active, with {counted(one.products, 'product')}" for one in every if one.active)
    lines = [f"  {one.name}  {counted(one.products, 'product')}, {one.bytes / 1e6:,.1f} MB" for one in old]
    deletes = f"{'deleted' if yes else '--yes deletes'} {counted(len(old), 'version')} of {name}"
    text = "\n".join([f"{deletes}{f'; {active}' if active and not everything else ''}:", *lines])
    if not old:
        text = f"{name} has no version but the active one; --all deletes that one too"
    print_result({"deleted" if yes else "would_delete": [asdict(one) for one in old]}, text, as_json=as_json)
