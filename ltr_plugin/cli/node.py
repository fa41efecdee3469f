"""`ltr node`: the development node."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Start and stop a real OpenSearch on this machine, for development.")


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(help="HTTP port on loopback; default: the first free one from 9200.")
    ] = None,
    heap: Annotated[str, typer.Option(help="Java's heap, such as 512m or 2g.")] = "1g",
    user: Annotated[
        str | None, typer.Option(help="Whom the node runs as when root starts it; default: nobody.")
    ] = None,
) -> None:
    """Build what changed and start the node; its data is kept from the last time."""
    from ltr_plugin.devnode import STEPS, node_state, start_node
    from ltr_plugin.settings import Settings

    def tell(done: int, total: int | None = None) -> None:
        if done != total:
            typer.echo(f"  {STEPS[done]}", err=True)

    settings = Settings.from_env()
    already = node_state(settings)
    state = start_node(settings, port=port, heap=heap, user=user, progress=tell)
    note = "was already running" if state == already else "is running"
    typer.echo(f"OpenSearch {state.version} {note} at {state.url} (process {state.pid})")


@app.command()
def stop() -> None:
    """Stop the node; its data stays."""
    from ltr_plugin.devnode import stop_node
    from ltr_plugin.settings import Settings

    typer.echo("the node has stopped" if stop_node(Settings.from_env()) else "the node was not running")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Say where the node is and how it does. Exit code 0: it runs, 1: it does not."""
    from ltr_plugin.devnode import node_health, node_state
    from ltr_plugin.settings import Settings

    state = node_state(Settings.from_env())
    if state is None:
        typer.echo(json.dumps({"running": False}) if as_json else "not running; start it with `ltr node start`")
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
    if as_json:
        typer.echo(json.dumps({"running": True, **facts}))
        return
    minutes, seconds = divmod(uptime_s, 60)
    facts |= {"uptime": f"{minutes // 60} h {minutes % 60} min {seconds} s", "plugins": ", ".join(health.plugins)}
    for name in ("url", "pid", "version", "uptime", "health", "plugins"):
        typer.echo(f"{name:8} {facts[name]}")


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing until interrupted.")] = False,
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
    end = log.stat().st_size
    typer.echo(tail(log, lines))
    if follow:
        _follow(log, end)


def _follow(log: Path, offset: int) -> None:
    """Prints what is added after `offset`; begins anew when the node rotates its log."""
    import time

    while True:
        size = log.stat().st_size if log.exists() else 0
        if size < offset:
            offset = 0
        if size > offset:
            with log.open("rb") as file:
                file.seek(offset)
                added = file.read()
            offset += len(added)
            typer.echo(added.decode(errors="replace"), nl=False)
        time.sleep(0.3)
