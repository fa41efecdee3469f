"""`ltr index`: indices created, listed, embedded, rolled back, and old versions of them dropped."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.embedding import (
    embed_and_show,
    embed_changes,
    embed_field,
    keep_new_profile,
    next_version,
    print_refused,
    renew_and_say,
    show_own_index,
    show_status,
    warn_of_stale_releases,
)
from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    Encoder,
    IndexArgument,
    IndexName,
    MediaRoot,
    NewIndexProfile,
    ProfileFile,
    ReviewEncoder,
    SkipInvalid,
    VideoEncoder,
    Wait,
)
from ltr_plugin.cli.terminal.group import IndexGroup, verb_group
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.cli.writing import print_missing, read_ids, read_new_profile, write_file
from ltr_plugin.errors import InputError, counted

if TYPE_CHECKING:
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.profile.index_profile import IndexProfile

app = verb_group("Create, list, embed, roll back and drop indices.", IndexGroup, continuing=("create", "embed"))


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the index.")],
    text_encoder: Encoder = None,
    image_encoder: Encoder = None,
    audio_encoder: Encoder = None,
    video_encoder: VideoEncoder = None,
    review_encoder: ReviewEncoder = None,
    catalog: Annotated[
        Path | None, typer.Option("--from", help="Fill a new version of the index from this catalog file alone.")
    ] = None,
    profile: NewIndexProfile = None,
    shards: Annotated[int | None, typer.Option(min=1, max=1024, help="Number of primary shards. Default: 1.")] = None,
    replicas: Annotated[
        int | None, typer.Option(min=0, max=1024, help="Copies of each shard. Default: as the cluster makes them.")
    ] = None,
    media_root: MediaRoot = None,
    skip_invalid: SkipInvalid = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Move the name although a ranker that serves reads fields which the profile does not have: "
            "`first-pass` ranks then.",
        ),
    ] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Create an empty index with the encoders of your choice, or with --from a new version of an existing one.

    A new index gets the default text encoder of its language unless --text-encoder names another one. With --from,
    shoppers keep the active version until all vectors of the new one are made; then the name is moved to the new
    version. So they do where --profile, --shards or --replicas differ from what an existing index has: its next version
    is filled from its own products. When the name is moved to a version with other fields or languages, what ranks the
    index is promoted again; the synonyms of the index stay, unless the profile states others.
    """
    from ltr_plugin.cluster.managed.versions import IndexOptions, active_index
    from ltr_plugin.cluster.names import require_name
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.encoder_selection import vector_fields_for
    from ltr_plugin.pipelines.indexing.index_catalog import ensure_index, require_broker
    from ltr_plugin.pipelines.renewal import require_kept_fields
    from ltr_plugin.settings import Settings

    require_name("index", name, lower_case=True)  # before encoders are loaded
    encoders = _encoders(text_encoder, image_encoder, audio_encoder, video_encoder, review_encoder)
    settings = Settings.from_env()
    if not wait:
        require_broker(settings)
    cluster = connect(settings=settings)
    stated = read_new_profile(profile) if profile else None
    active = active_index(cluster, name)
    if stated and active:
        stated = _with_synonyms_of(active, stated)
        if not force:
            require_kept_fields(active, stated)
    options = IndexOptions(stated, shards, replicas)
    if catalog:
        written, failed = write_file(
            cluster, catalog, name, encoders=encoders, media_root=media_root, replace=True, skip_invalid=skip_invalid,
            profile=stated, options=options,
        )  # fmt: skip
        embed_and_show(
            settings, written.index, written.pending_alias, wait=wait, as_json=as_json, failed=failed, profile=stated
        )
        return
    if active is None:
        vectors = vector_fields_for(cluster, name, encoders, schema=stated)
        index = ensure_index(cluster, name, vectors, media_root or Path(), options)
        if set(index.vectors) == set(vectors):
            if stated:
                keep_new_profile(cluster, name, stated)
            show_status(index, as_json=as_json)
            return
        active = index  # of another command at the same time
    elif version := next_version(active, encoders, options):
        embed_and_show(settings, version, name, wait=wait, as_json=as_json, profile=stated)
        return
    raise InputError(
        f"index {name}",
        f"exists already, as {active.name}; change its encoders with `ltr index embed {name} --text-encoder ...`, "
        "its fields and languages with --profile, or fill a new version of it with --from CATALOG",
    )


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the indices of the cluster that this program made."""
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.indexing.index_versions import list_indices

    indices = list_indices(connect())
    text = (
        "\n".join(one.to_summary() for one in indices)
        or "no index; make one with `ltr catalog put` or `ltr index create`"
    )
    print_result({"indices": [asdict(one) for one in indices]}, text, as_json=as_json)


@app.command()
def status(name: IndexArgument = DEFAULT_INDEX, as_json: AsJson = False) -> None:
    """Show how many products an index has, how many lack vectors, and what could not be embedded.

    Of an index of your own, show its products and the vector fields of its profile.
    """
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.mapping import is_managed
    from ltr_plugin.cluster.opensearch import connect

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
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
    from ltr_plugin.pipelines.indexing.index_catalog import require_broker
    from ltr_plugin.settings import Settings

    encoders = _encoders(text_encoder, image_encoder, audio_encoder, video_encoder, review_encoder)
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


@app.command()
def synonyms(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Rules, one a line. Without it, print those of the index.")
    ] = None,
    name: IndexName = DEFAULT_INDEX,
    as_json: AsJson = False,
) -> None:
    """Have searches take the synonyms of a file in, such as `sofa, couch` or `tv, telly => television`.

    They replace those that the index has; an empty file removes them. Nothing is indexed again: the next version of the
    index shares its files, and `ltr index rollback` goes back.
    """
    from ltr_plugin.catalog.word_files import read_synonyms
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.synonyms import put_synonyms
    from ltr_plugin.cluster.managed.versions import versions
    from ltr_plugin.cluster.opensearch import connect

    rules = read_synonyms(file) if file else None
    cluster = connect()
    index = ManagedIndex.open(cluster, name) if rules is None else put_synonyms(cluster, name, rules)
    kept = index.schema.analysis.synonyms
    if rules is not None and (count := len(versions(cluster, name))) > 1:
        typer.echo(f"{name} has {count:,} versions now; `ltr index drop {name} --yes` deletes the old ones", err=True)
    lines = kept if rules is None else [f"searches of {name} take {counted(len(kept), 'rule')} in, by {index.name}"]
    print_result({"index": name, "version": index.name, "synonyms": list(kept)}, "\n".join(lines), as_json=as_json)


@app.command()
def rollback(name: IndexArgument = DEFAULT_INDEX, wait: Wait = True, as_json: AsJson = False) -> None:
    """Make the version active that was active before; a second rollback undoes the first."""
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.opensearch import connect
    from ltr_plugin.pipelines.indexing.index_catalog import require_broker
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
    from ltr_plugin.cluster.opensearch import connect
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


def _with_synonyms_of(index: "ManagedIndex", profile: "IndexProfile") -> "IndexProfile":
    """The profile with the rules of synonyms that the index has, unless it states its own."""
    kept, stated = index.schema.analysis.synonyms, profile.analysis.synonyms
    if stated:
        if kept not in ((), stated):
            rules = f"the profile's {counted(len(stated), 'rule')} of synonyms"
            typer.echo(f"{rules} will be in place of {len(kept):,} that {index.alias} has", err=True)
        return profile
    analysis = profile.analysis.model_copy(update={"synonyms": kept})
    return profile.model_copy(update={"analysis": analysis})


def _encoders(
    text: str | None, image: str | None, audio: str | None, video: list[str] | None, reviews: str | None
) -> "EncoderSelection":
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection

    return EncoderSelection(text, image, audio, tuple(video) if video else None, reviews)
