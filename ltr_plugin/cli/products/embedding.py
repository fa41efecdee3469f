"""The end of each verb that changes an index: vectors made, and a summary of the index printed."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.options import open_index
from ltr_plugin.cli.terminal.output import exit_if, first_of, print_problems, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import Problem, ProblemLog, counted

if TYPE_CHECKING:
    from ltr_plugin.cluster.connection import Cluster
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.cluster.managed.versions import IndexOptions
    from ltr_plugin.pipelines.embedding.field_result import FieldResult, Reasons
    from ltr_plugin.pipelines.encoder_selection import EncoderSelection
    from ltr_plugin.pipelines.indexing.ingest import IngestResult
    from ltr_plugin.profile.index_profile import IndexProfile
    from ltr_plugin.settings import Settings


def embed_and_show(
    settings: "Settings",
    index: "ManagedIndex",
    pending_alias: str | None = None,
    *,
    wait: bool,
    as_json: bool,
    already_sent: bool = False,
    failed: bool = False,
    missing: Sequence[str] | None = None,
    profile: "IndexProfile | None" = None,
) -> None:
    """Waits until the vectors are made, or only sends the tasks, and prints a summary of the index.

    A `pending_alias` is moved to the index when its vectors are made; the `profile` that it was made with is kept then,
    and what ranks it is promoted again where its fields are others. The tasks may be `already_sent`. Exit code 1 when
    anything `failed` before. `missing` are ids that were asked for and are not in the index, for the JSON.
    """
    from ltr_plugin.broker.messages import celery_client
    from ltr_plugin.errors import BrokerError
    from ltr_plugin.pipelines.indexing.embed_backlog import embed_backlog
    from ltr_plugin.pipelines.indexing.enqueue import enqueue_backlog

    try:
        if wait:
            warn_without_workers(settings)
            with progress_bar("making vectors") as progress:
                index = embed_backlog(settings, index, pending_alias, already_sent=already_sent, progress=progress)
        elif not already_sent:
            enqueue_backlog(index, client=celery_client(settings))
    except BrokerError as error:
        todo = f"{index.name} has the products; run `ltr index embed {index.alias}` for their vectors"
        raise BrokerError(f"{error}; {todo} once the broker answers") from None
    if not wait and pending_alias:
        print_problems(
            [Problem(pending_alias, f"is not moved yet; the same command with --wait moves it to {index.name}")]
        )
    if wait and pending_alias:
        if profile:
            keep_new_profile(index.cluster, index.alias, profile)
        warn_of_stale_releases(index)
        renew_and_say(index)
    show_status(index, as_json=as_json, missing=missing)
    exit_if(failed)


def embed_changes(
    settings: "Settings",
    index: "ManagedIndex",
    enqueue_error: str | None,
    *,
    wait: bool,
    as_json: bool,
    failed: bool,
    missing: Sequence[str] | None = None,
) -> None:
    """`embed_and_show` after changes whose tasks were sent with them, unless there is an `enqueue_error`."""
    already_sent = bool(settings.broker_url) and not enqueue_error
    embed_and_show(
        settings, index, wait=wait, as_json=as_json, already_sent=already_sent, failed=failed, missing=missing
    )


def print_refused(result: "IngestResult") -> None:
    """Prints the changes that were not made, with the reasons."""

    print_problems(Problem(f"product {one.id}", one.reason) for one in result.refused)


def warn_without_workers(settings: "Settings") -> None:
    """Says on standard error, within ten seconds, that no worker takes tasks from the configured broker."""
    from ltr_plugin.pipelines.indexing.enqueue import broker_name, count_workers

    if settings.broker_url and not count_workers(settings, limit=1):
        broker = broker_name(settings)
        typer.echo(f"ltr: no worker answers on {broker}; vectors are made when one runs (`ltr worker`)", err=True)


def warn_of_stale_releases(index: "ManagedIndex") -> None:
    """Names the search templates that rank an index by vectors that it no longer has."""
    from ltr_plugin.pipelines.releases import stale_releases

    print_problems(
        Problem(
            f"template {release.template}",
            f"ranks by {release.metadata['ranker']}, which was made for other vectors than {index.name} has; "
            "log features, train, push and promote again",
        )
        for release in stale_releases(index)
    )


def keep_new_profile(cluster: "Cluster", name: str, profile: "IndexProfile") -> None:
    """Keeps the profile of an index that was made with it, and warns of default filters that have no room."""
    from ltr_plugin.cluster.index import Index
    from ltr_plugin.cluster.managed.versions import resolve_alias
    from ltr_plugin.cluster.profiles import put_profile
    from ltr_plugin.pipelines.profiles import room_warnings

    put_profile(cluster, name, profile)
    if resolve_alias(cluster, name) is None:  # its first version serves when its vectors are made
        return
    for warning in room_warnings(Index.open(cluster, name).profile, profile):
        typer.echo(f"warning: {warning}", err=True)


def renew_and_say(index: "ManagedIndex") -> None:
    """Promotes what ranks an index again, where its fields are others than before, and says so."""
    from ltr_plugin.pipelines.renewal import renew_releases

    for one in renew_releases(index):
        said = f"template {one.template} is promoted again by this profile: it ranks by {one.ranker}"
        print_problems([Problem(f"template {one.template}", one.problem)] if one.problem else [])
        if not one.failed:
            typer.echo(said, err=True)


def show_status(index: "ManagedIndex", *, as_json: bool, missing: Sequence[str] | None = None) -> None:
    """Prints how many products an index has, how many lack vectors and why, and what could not be embedded."""
    from ltr_plugin.cluster.managed.versions import writes_blocked

    index.refresh()
    reasons: dict[str, list[dict[str, str]]] = {"error": [], "unavailable": []}
    for id_, field, kind, reason in index.unembedded():
        reasons[kind].append({"id": id_, "vector": field, "reason": reason})
    errors, later = reasons["error"], reasons["unavailable"]
    products, backlog, write_blocked = index.count(), index.backlog(), writes_blocked(index.cluster, index.name)
    vectors = {vector.name: vector.encoder for vector in index.vectors}
    facts = {
        "index": index.name,
        "products": products,
        "backlog": backlog,
        "vectors": vectors,
        "errors": errors,
        "unavailable": later,
    }
    waiting = f"{backlog:,} waiting for vectors, {counted(len(errors), 'error')}"
    lines = [f"{index.name}: {counted(products, 'product')}, {waiting}"]
    lines += [f"  {field}  {encoder}" for field, encoder in vectors.items()] or ["  no vector fields"]
    lines += ["  takes no writes: another version has taken its place, or is about to"] if write_blocked else []
    lines += [f"  {error['id']}  {error['vector']}  {error['reason']}" for error in errors]
    lines += [f"  {one['id']}  {one['vector']}  waits, its media cannot be read now: {one['reason']}" for one in later]
    lines += [f"  `ltr index embed {index.alias}` tries them again, and so does a sweep"] if later else []
    facts |= {} if missing is None else {"missing": list(missing)}
    print_result({**facts, "write_blocked": write_blocked}, "\n".join(lines), as_json=as_json)


def show_own_index(index: "Index", *, as_json: bool) -> None:
    """Prints how many products a shop's own index has, and the vector fields of its profile."""
    vectors = {vector.name: vector.encoder for vector in index.vectors}
    lines = [f"{index.name}: {counted(index.count(), 'product')}, an index of your own"]
    lines += [f"  {field}  {encoder}" for field, encoder in vectors.items()] or ["  its profile has no vector fields"]
    facts = {"index": index.name, "products": index.count(), "vectors": vectors}
    print_result(facts, "\n".join(lines), as_json=as_json)


def next_version(
    index: "ManagedIndex", encoders: "EncoderSelection", options: "IndexOptions | None" = None
) -> "ManagedIndex | None":
    """The version with these encoders and options and all products, beside the active one; None when that has them."""
    from ltr_plugin.cluster.managed.versions import NO_OPTIONS, is_made_with
    from ltr_plugin.pipelines.indexing.index_versions import build_next_version

    options = options or NO_OPTIONS
    vectors = encoders.vectors(index.vectors)
    if set(vectors) == set(index.vectors) and is_made_with(index, options):
        return None
    with progress_bar("copying products") as progress:
        version = build_next_version(index.cluster, index.alias, vectors, options=options, progress=progress)
    return version.allow_media(*index.media_roots.allowed)


def embed_field(
    name: str,
    field: str,
    *,
    profile: Path | None,
    media_root: Path | None,
    ids: Sequence[str] | None,
    retry_errors: bool,
    overwrite: bool,
    add_field: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Fills a vector field of an index that this program did not make, or without `yes` counts what it would embed.

    Prints what became of the products. Exit code 1 when something was refused that a later call tries again.
    """
    from ltr_plugin.pipelines.embedding.field_check import add_vector_field, check_vector_field, vector_field_of
    from ltr_plugin.pipelines.embedding.field_result import FieldOptions
    from ltr_plugin.pipelines.embedding.vector_field import fill_vector_field
    from ltr_plugin.settings import Settings

    index = open_index(name, profile)
    index = index.allow_media(*Settings.from_env().media_root, *([media_root] if media_root else []))
    vector = vector_field_of(index, field)
    mapped = check_vector_field(index, vector, missing_allowed=add_field)
    if yes and not mapped:
        add_vector_field(index, vector)
    options = FieldOptions(overwrite=overwrite, retry_errors=retry_errors, ids=ids, dry_run=not yes)
    with progress_bar("making vectors" if yes else "reading products") as progress:
        result = fill_vector_field(index, vector, options, progress=progress)
    counts = asdict(result)
    reasons = {
        key: [{"id": id_, "reason": reason} for id_, reason in counts[key]]
        for key in ("failed", "unavailable", "refused")
    }
    facts = {"index": index.name, "field": field, "encoder": vector.encoder, "written": yes, **counts, **reasons}
    print_result(facts, "\n".join(_field_lines(index.alias, field, result, mapped=mapped, yes=yes)), as_json=as_json)
    exit_if(result.refused)


def _field_lines(name: str, field: str, result: "FieldResult", *, mapped: bool, yes: bool) -> list[str]:
    """What became of the products of an index, for people."""
    made = f"{result.embedded:,} embedded" if yes else f"{result.pending:,} to embed"
    lines = [f"{name}, {field}: {counted(result.products, 'product')}, {made}, {result.unchanged:,} unchanged"]
    if not yes and result.pending:
        lines += [f"  --yes {'embeds' if mapped else 'adds the field to the mapping and embeds'} them"]
    if result.kept:
        lines += [f"  {result.kept:,} keep a vector that was not made by this command; --overwrite makes these anew"]
    lines += [f"  {result.empty:,} have nothing to embed"] if result.empty else []
    if result.changed:
        lines += [f"  {len(result.changed):,} changed meanwhile: {first_of(result.changed)}; a later call embeds them"]
    lines += _first("", result.failed)
    lines += ["  --retry-errors tries these again"] if result.failed else []
    lines += _first("waits, its media cannot be read now: ", result.unavailable)
    return [*lines, *_first("refused: ", result.refused)]


def _first(what: str, reasons: "Reasons") -> list[str]:
    """The first products of many with a reason, a line each."""
    log = ProblemLog()
    for id_, reason in reasons:
        log.add(Problem(id_, f"{what}{reason}"))
    return [f"  {problem}" for problem in log]
