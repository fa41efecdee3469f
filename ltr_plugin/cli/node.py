"""`ltr node`: the development node."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ltr_plugin.cli.options import AsJson, DefaultOf
from ltr_plugin.cli.terminal.group import verb_group
from ltr_plugin.cli.terminal.output import print_result

app = verb_group("Start and stop a development node: a real OpenSearch on this machine.")


@app.command()
def start(
    heap: Annotated[
        str,
        typer.Option(default_factory=DefaultOf("devnode:start_node", "heap"), help="Heap of Java, such as 512m or 2g."),
    ],
    port: Annotated[
        int | None, typer.Option(help="HTTP port on loopback. Default: the first free one from 9200.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="User that runs the node when root starts it. Default: nobody.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build what changed and start the node; its data is kept from the last time."""
    from ltr_plugin.devnode import STEPS, node_state, start_node
    from ltr_plugin.settings import Settings

    def print_step(done: int, total: int | None = None, stage: str = "") -> None:  # noqa: ARG001 - it has none
        if done != total:
            typer.echo(f"  {STEPS[done]}", err=True)

    settings = Settings.from_env()
    already = node_state(settings)
    state = start_node(settings, port=port, heap=heap, user=user, progress=print_step)
    note = "was already running" if state == already else "is running"
    facts = {"url": state.url, "pid": state.pid, "version": state.version}
    print_result(facts, f"OpenSearch {state.version} {note} at {state.url} (process {state.pid})", as_json=as_json)


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the node; its data is kept."""
    from ltr_plugin.devnode import stop_node
    from ltr_plugin.settings import Settings

    stopped = stop_node(Settings.from_env())
    print_result({"stopped": stopped}, "stopped" if stopped else "the node was not running", as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the address and health of the node; the exit code is 0 when it runs and 1 when it does not."""
    from ltr_plugin.devnode import node_health, node_state
    from ltr_plugin.settings import Settings

    state = node_state(Settings.from_env())
    if state is None:
        print_result({"running": False}, "not running; start it with `ltr node start`", as_json=as_json)
        raise typer.Exit(1)
    health = node_health(state)
    uptime_s = int((datetime.now(UTC) - state.started).total_seconds())
    facts = {
        "url": state.url,
        "pid": state.pid,
        "version": state.version,
        "uptime_s": uptime_s,
        "health": health.status,
        "plugins": list(health.plugins),
    }
    minutes, seconds = divmod(uptime_s, 60)
    shown = facts | {
        "uptime": f"{minutes // 60} h {minutes % 60} min {seconds} s",
        "plugins": ", ".join(health.plugins),
    }
    lines = [f"{name:8} {shown[name]}" for name in ("url", "pid", "version", "uptime", "health", "plugins")]
    print_result({"running": True, **facts}, "\n".join(lines), as_json=as_json)


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Number of lines to print.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Print new lines until interrupted.")] = False,
) -> None:
    """Print the end of the node's log."""
    from ltr_plugin.devnode import NodeFolder
    from ltr_plugin.devnode.folder import tail
    from ltr_plugin.settings import Settings

    log = NodeFolder.of(Settings.from_env()).log
    typer.echo(log, err=True)
    if not log.exists():
        typer.echo("there is no log yet", err=True)
        raise typer.Exit(1)
    end = log.lstat().st_size
    typer.echo(tail(log, lines))
    if follow:
        _follow(log, end)


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
