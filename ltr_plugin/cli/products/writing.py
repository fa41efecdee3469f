"""What commands do with lines of changes and lists of ids: read and write them, and say what became of them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.products.embedding import embed_and_show, embed_changes, keep_new_profile
from ltr_plugin.cli.terminal.output import first_of, print_problems
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import InputError, Problem, ProblemLog, counted

if TYPE_CHECKING:
    from io import BufferedReader

    from ltr_plugin.catalog.schema import CatalogSchema
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.versions import IndexOptions
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.pipelines.indexing.index_catalog import IndexResult
    from ltr_plugin.pipelines.indexing.ingest import IngestResult
    from ltr_plugin.profile.index_profile import IndexProfile
    from ltr_plugin.settings import Settings

STANDARD_INPUT = Path("-")


def read_ids(path: Path) -> list[str]:
    """The ids in a file or in standard input, one a line; InputError lists the lines that are no ids."""
    from pydantic import TypeAdapter, ValidationError

    from ltr_plugin.catalog.values import Identifier
    from ltr_plugin.files import decode_line, open_lines
    from ltr_plugin.validation import problems_of

    identifier: TypeAdapter[str] = TypeAdapter(Identifier)
    ids: list[str] = []
    wrong = ProblemLog()
    with open_lines(_source(path)) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                if text := decode_line(line).strip():
                    ids.append(identifier.validate_python(text))
            except ValidationError as error:
                wrong.add(Problem(f"line {number}", f"{problems_of(error)[0].message}; write one id a line"))
            except ValueError as error:
                wrong.add(Problem(f"line {number}", str(error)))
    if wrong:
        raise InputError(str(path), wrong)
    return ids


def print_missing(result: "IngestResult") -> None:
    """Prints how many of the ids the index does not have, and the first of them."""
    if result.missing:
        typer.echo(f"{counted(len(result.missing), 'id')} not in the index: {first_of(result.missing)}", err=True)


def _source(path: Path) -> "Path | BufferedReader":
    return sys.stdin.buffer if path == STANDARD_INPUT else path  # type: ignore[return-value]


def write(
    file: Path,
    name: str,
    *,
    media_root: Path | None,
    update: bool,
    prune: bool,
    yes: bool,
    skip_invalid: bool,
    wait: bool,
    as_json: bool,
    profile: Path | None = None,
    mapping: Path | None = None,
) -> None:
    """Writes products, or updates of them, from a file or standard input, and has their vectors made.

    `profile` is that of an index which is not there yet. A file of products may be a feed, of which `mapping` says what
    its columns are.
    """
    from ltr_plugin.cluster.connecting import connect
    from ltr_plugin.pipelines.indexing.embed_backlog import require_broker
    from ltr_plugin.settings import Settings

    if prune and file == STANDARD_INPUT:
        raise InputError("--prune", "needs a file with all products, not standard input")
    settings = Settings.from_env()
    if not wait:
        require_broker(settings)
    cluster = connect(settings=settings)
    stated = read_new_profile(profile) if profile else None
    if file == STANDARD_INPUT:
        _write_standard_input(settings, cluster, name, media_root, stated, update=update, wait=wait, as_json=as_json)
        return
    result, failed = write_file(
        cluster, file, name, media_root=media_root, update=update, prune=prune, yes=yes, skip_invalid=skip_invalid,
        profile=stated, mapping=mapping,
    )  # fmt: skip
    embed_and_show(settings, result.index, result.pending_alias, wait=wait, as_json=as_json, failed=failed)


def write_file(
    cluster: "Cluster",
    file: Path,
    name: str,
    *,
    media_root: Path | None,
    skip_invalid: bool,
    encoders: "EncoderSelection | None" = None,
    update: bool = False,
    prune: bool = False,
    yes: bool = False,
    replace: bool = False,
    profile: "IndexProfile | None" = None,
    options: "IndexOptions | None" = None,
    mapping: Path | None = None,
) -> "tuple[IndexResult, bool]":
    """Writes a file of products, which may be a feed; returns what became of them, and whether a line failed.

    A `profile` is kept for an index that this call makes; `options` say how it is made, else the profile does.
    """
    from ltr_plugin.cli.products.feeds import as_catalog
    from ltr_plugin.cluster.managed.versions import IndexOptions, active_index
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.pipelines.indexing.index_catalog import missing_from_catalog, write_catalog

    options = options or IndexOptions(schema=profile)

    def schema() -> "CatalogSchema | None":
        active = None if options.schema else active_index(cluster, name)
        return active.schema if active else options.schema

    with as_catalog(file, mapping, schema, update=update, prune=prune, skip_invalid=skip_invalid) as (catalog, invalid):
        with progress_bar("writing products") as progress:
            done = write_catalog(
                cluster, catalog, name, encoders or EncoderSelection(), origin=file, media=media_root, update=update,
                prune=prune and yes, replace=replace, skip_invalid=skip_invalid, options=options, progress=progress,
            )  # fmt: skip
        missing = missing_from_catalog(done.index, catalog) if prune else []
    if profile and done.made:
        keep_new_profile(cluster, name, profile)
    if done.made and encoders is None:
        _say_made(name, done.index)
    print_problems([*done.invalid_lines, *done.refused])
    _say_stale(done.stale)
    if done.pruned:
        typer.echo(f"deleted {counted(done.pruned, 'product')} that the file does not contain", err=True)
    if missing:
        some = f"{counted(len(missing), 'product')} that the file does not contain: {first_of(missing)}"
        typer.echo(f"--yes deletes {some}", err=True)
    return done, bool(done.refused or done.invalid_lines or invalid)


def _write_standard_input(
    settings: "Settings",
    cluster: "Cluster",
    name: str,
    media_root: Path | None,
    profile: "IndexProfile | None",
    *,
    update: bool,
    wait: bool,
    as_json: bool,
) -> None:
    from ltr_plugin.catalog.line_groups import read_batches
    from ltr_plugin.files import open_lines
    from ltr_plugin.pipelines.indexing.catalog_client import CatalogClient
    from ltr_plugin.pipelines.indexing.ingest import ingest_lines

    root = media_root or Path()
    index = ensure_index(cluster, name, root, update=update, profile=profile).allow_media(root)
    products = CatalogClient(name, folder=media_root, settings=settings, cluster=cluster)
    ingest = products.update if update else products.put
    with open_lines(_source(STANDARD_INPUT)) as lines:
        done = ingest_lines(read_batches(lines), ingest, on_refused=lambda problem: print_problems([problem]))
    _say_stale(done.stale)
    embed_changes(settings, index, done.enqueue_error, wait=wait, as_json=as_json, failed=bool(done.refused))


def _say_stale(stale: int) -> None:
    if stale:
        typer.echo(f"skipped {counted(stale, 'change')}, older than the last one of the same product", err=True)


def read_new_profile(path: Path) -> "IndexProfile":
    """The profile in a file, for an index that is to be made; InputError with every mistake of it."""
    from ltr_plugin.pipelines.profile_file import read_profile
    from ltr_plugin.pipelines.profiles import check_new_profile

    profile = read_profile(path)
    check_new_profile(profile, str(path))
    return profile


def ensure_index(
    cluster: "Cluster", name: str, media_root: Path, *, update: bool, profile: "IndexProfile | None" = None
) -> "ManagedIndex":
    """The index, which is made with this profile when there is none, unless it is to be updated."""
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.versions import IndexOptions, active_index
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection, vector_fields_for
    from ltr_plugin.pipelines.indexing import index_catalog

    active = active_index(cluster, name)
    if update and active is None:
        return ManagedIndex.open(cluster, name)  # says what is wrong with it
    if active:
        if profile:
            index_catalog.require_schema(active, profile)
        return active
    vectors = vector_fields_for(cluster, name, EncoderSelection(), schema=profile)
    made = index_catalog.ensure_index(cluster, name, vectors, media_root, IndexOptions(schema=profile))
    if profile:
        keep_new_profile(cluster, name, profile)
    _say_made(name, made)
    return made


def _say_made(name: str, index: "ManagedIndex") -> None:
    """Says that there was no index, in case the name is mistyped, its language, and which media get no vectors."""
    from ltr_plugin.catalog.languages import ENGLISH

    sources = ", ".join(dict.fromkeys(vector.source for vector in index.vectors))
    hint = f"`ltr index embed {name} --image-encoder ...` adds vectors of photos"
    typer.echo(f"there was no index {name}: made {index.name}, with vectors of {sources}; {hint}", err=True)
    schema = index.schema
    languages = ", ".join(dict.fromkeys([*schema.languages.values()] or [schema.language]))
    other = "" if languages != ENGLISH else f"; state another in a profile: `ltr index create {name} --profile FILE`"
    typer.echo(f"its text is analyzed as {languages}{other}", err=True)
