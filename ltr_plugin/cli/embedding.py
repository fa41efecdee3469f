"""The end of each verb that changes an index: vectors made, and a summary of the index printed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from ltr_plugin.cli.terminal.output import exit_if, print_problems, print_result
from ltr_plugin.cli.terminal.progress_bar import progress_bar
from ltr_plugin.errors import counted

if TYPE_CHECKING:
    from ltr_plugin.cluster.managed.index import ManagedIndex
    from ltr_plugin.pipelines.ingest import IngestResult
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
) -> None:
    """Waits until the vectors are made, or only sends the tasks, and prints a summary of the index.

    A `pending_alias` is moved to the index when its vectors are made. The tasks may be `already_sent`. Exit code 1 when
    anything `failed` before. `missing` are ids that were asked for and are not in the index, for the JSON.
    """
    from ltr_plugin.broker.messages import celery_client
    from ltr_plugin.errors import BrokerError, Problem
    from ltr_plugin.pipelines.enqueue import enqueue_backlog
    from ltr_plugin.pipelines.index_catalog import embed_backlog

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
        warn_of_stale_releases(index)
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
    from ltr_plugin.errors import Problem

    print_problems(Problem(f"product {one.id}", one.reason) for one in result.refused)


def warn_without_workers(settings: "Settings") -> None:
    """Says on standard error, within ten seconds, that no worker takes tasks from the configured broker."""
    from ltr_plugin.pipelines.enqueue import broker_name, count_workers

    if settings.broker_url and not count_workers(settings, limit=1):
        broker = broker_name(settings)
        typer.echo(f"ltr: no worker answers on {broker}; vectors are made when one runs (`ltr worker`)", err=True)


def warn_of_stale_releases(index: "ManagedIndex") -> None:
    """Names the search templates that rank an index by vectors that it no longer has."""
    from ltr_plugin.errors import Problem
    from ltr_plugin.pipelines.releases import stale_releases

    print_problems(
        Problem(
            f"template {release.template}",
            f"ranks by {release.metadata['ranker']}, which was made for other vectors than {index.name} has; "
            "log features, train, push and promote again",
        )
        for release in stale_releases(index)
    )


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
