"""`ltr node`: the development cluster."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ltr_plugin.cli.options import AsJson, DefaultOf
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import print_result

if TYPE_CHECKING:
    from ltr_plugin.devnode import NodeProcess, NodeState

app = verb_group("Start and stop a development cluster: a real OpenSearch or Elasticsearch on this machine.")


@app.command()
def start(
    heap: Annotated[
        str,
        typer.Option(
            default_factory=DefaultOf("devnode:start_node", "heap"), help="Heap of each node, such as 512m or 2g."
        ),
    ],
    engine: Annotated[
        Literal["opensearch", "elasticsearch"] | None,
        typer.Option(help="What to start. Default: what was started last and not stopped, else opensearch."),
    ] = None,
    nodes: Annotated[int | None, typer.Option(min=1, max=5, help="Number of nodes. Default: the same, else 1.")] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="HTTP port of the first node; the next ones follow. Default: the first free one from 9200, of several from 9250."
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="User that runs the node when root starts it. Default: nobody.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build what changed and start the cluster, or its nodes that ended; its data is kept from the last time.

    The data of each engine and of each number of nodes is kept apart.
    """
    from ltr_plugin.devnode import STEPS, node_state, start_node
    from ltr_plugin.settings import Settings

    def print_step(done: int, total: int | None = None, stage: str = "") -> None:  # noqa: ARG001 - it has none
        if done != total:
            typer.echo(f"  {STEPS[done]}", err=True)

    settings = Settings.from_env()
    already = node_state(settings)
    state = start_node(
        settings, engine=engine, nodes=nodes, port=port, heap=heap, user=user, progress=print_step
    )  # fmt: skip
    note = "was already running" if state == already else "is running"
    processes = ", ".join(str(node.pid) for node in state.nodes)
    text = f"{state.distribution.title} {state.version} {note} at {','.join(state.urls)} (process {processes})"
    print_result(_facts(state), text, as_json=as_json)


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop all nodes of the cluster; its data is kept."""
    from ltr_plugin.devnode import stop_node
    from ltr_plugin.settings import Settings

    stopped = stop_node(Settings.from_env())
    print_result({"stopped": stopped}, "stopped" if stopped else "the node was not running", as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the addresses and health of the cluster; the exit code is 0 when all its nodes run, else 1."""
    from ltr_plugin.devnode import node_health, node_state
    from ltr_plugin.settings import Settings

    state = node_state(Settings.from_env())
    if state is None:
        print_result({"running": False}, "not running; start it with `ltr node start`", as_json=as_json)
        raise typer.Exit(1)
    health = node_health(state)
    uptime_s = int((datetime.now(UTC) - state.started).total_seconds())
    facts = _facts(state) | {"uptime_s": uptime_s, "health": health.status, "plugins": list(health.plugins)}
    minutes, seconds = divmod(uptime_s, 60)
    shown = {
        "engine": f"{state.distribution.title} {state.version}",
        **{f"node {number}": _describe(node) for number, node in enumerate(state.nodes, 1)},
        "uptime": f"{minutes // 60} h {minutes % 60} min {seconds} s",
        "health": health.status,
        "plugins": ", ".join(health.plugins),
    }
    print_result(
        {"running": True, **facts}, "\n".join(f"{name:8} {value}" for name, value in shown.items()), as_json=as_json
    )
    if not all(node.running for node in state.nodes):
        raise typer.Exit(1)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Number of lines to print.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines until interrupted.")] = False,
    node: Annotated[int, typer.Option(min=1, max=5, help="Which node of several.")] = 1,
) -> None:
    """Print the end of the log of the node that was started last."""
    from ltr_plugin.devnode import ClusterFolder
    from ltr_plugin.devnode.folder import tail
    from ltr_plugin.settings import Settings

    log = ClusterFolder.of(Settings.from_env()).last_log(node)
    typer.echo(log, err=True)
    if log is None or not log.exists():
        typer.echo("there is no log yet", err=True)
        raise typer.Exit(1)
    end = log.lstat().st_size
    typer.echo(tail(log, lines))
    if follow:
        _follow(log, end)


def _facts(state: "NodeState") -> dict[str, object]:
    return {
        "engine": state.engine,
        "version": state.version,
        "url": state.url,
        "urls": list(state.urls),
        "pid": state.pid,
        "nodes": [asdict(node) for node in state.nodes],
    }


def _describe(node: "NodeProcess") -> str:
    return f"{node.url} (process {node.pid})" if node.running else f"{node.url} ended"


def _follow(log: Path, offset: int) -> None:
    """Prints what is added after `offset`; starts again when the node rotates its log."""
    import time
    from contextlib import suppress

    from ltr_plugin.devnode.folder import open_log

    while True:
        with suppress(FileNotFoundError), open_log(log) as file:
            if file.seek(0, 2) < offset:
                offset = 0
            file.seek(offset)
            added = file.read()
            offset += len(added)
            typer.echo(added.decode(errors="replace"), nl=False)
        time.sleep(0.3)
