"""`ltr worker`: a process that makes vectors."""

from typing import Annotated

import typer


def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, help="Tasks at a time; with two, one is decoded while the other is encoded.")
    ] = 2,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Make vectors for products as they are written, until stopped; a stop lets running tasks finish.

    Start as many as you like, on any machine that reaches the broker (LTR_BROKER_URL), the cluster (OPENSEARCH_URL) and
    the media.
    """
    import os

    from workers.local import worker_command

    command = worker_command("--concurrency", str(concurrency), "--loglevel", log_level)
    os.execv(command[0], command)  # noqa: S606 - this very Python, to become the worker
