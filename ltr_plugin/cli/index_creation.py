"""`ltr index create` and `synonyms`: what makes an index, or the next version of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ltr_plugin.cli.options import (
    DEFAULT_INDEX,
    AsJson,
    Encoder,
    IndexName,
    MediaRoot,
    NewIndexProfile,
    ReviewEncoder,
    SkipInvalid,
    VideoEncoder,
    Wait,
)
from ltr_plugin.cli.products.embedding import (
    embed_and_show,
    keep_new_profile,
    next_version,
    show_status,
)
from ltr_plugin.cli.products.writing import read_new_profile, write_file
from ltr_plugin.cli.terminal.output import print_result
from ltr_plugin.errors import InputError, counted

if TYPE_CHECKING:
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.profile.index_profile import IndexProfile


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
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.versions import IndexOptions, active_index
    from ltr_plugin.cluster.names import require_name
    from ltr_plugin.pipelines.encoder_selection import vector_fields_for
    from ltr_plugin.pipelines.indexing.embed_backlog import require_broker
    from ltr_plugin.pipelines.indexing.index_catalog import ensure_index
    from ltr_plugin.pipelines.renewal import require_kept_fields
    from ltr_plugin.settings import Settings

    require_name("index", name, lower_case=True)  # before encoders are loaded
    encoders = selected_encoders(text_encoder, image_encoder, audio_encoder, video_encoder, review_encoder)
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
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.synonyms import put_synonyms
    from ltr_plugin.cluster.managed.versions import versions

    rules = read_synonyms(file) if file else None
    cluster = connect()
    index = ManagedIndex.open(cluster, name) if rules is None else put_synonyms(cluster, name, rules)
    kept = index.schema.analysis.synonyms
    if rules is not None and (count := len(versions(cluster, name))) > 1:
        typer.echo(f"{name} has {count:,} versions now; `ltr index drop {name} --yes` deletes the old ones", err=True)
    lines = kept if rules is None else [f"searches of {name} take {counted(len(kept), 'rule')} in, by {index.name}"]
    print_result({"index": name, "version": index.name, "synonyms": list(kept)}, "\n".join(lines), as_json=as_json)


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


def selected_encoders(
    text: str | None, image: str | None, audio: str | None, video: list[str] | None, reviews: str | None
) -> "EncoderSelection":
    """The encoders that the options of a command name."""
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection

    return EncoderSelection(text, image, audio, tuple(video) if video else None, reviews)
