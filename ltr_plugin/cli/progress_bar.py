"""Progress bars on a terminal, and nothing where a machine reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from ltr_plugin.progress import Progress


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A listener that draws a bar on standard error while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(label, total=None)

        def listen(done: int, total: int | None = None) -> None:
            bars.update(task, completed=done, total=total)

        yield listen
